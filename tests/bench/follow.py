"""How far a War Room lags behind another process's events: from the moment they are told there to the moment its
subscribers have them here, and to the moment its screen would draw them."""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from agents.clock import SystemClock
from agents.events import AgentHealth
from agents.headquarters import Headquarters
from agents.settings import SandboxSettings, Settings
from agents.store import Store
from agents.tasks import Health
from agents.workspace.git import git
from app.screen.bridge import Bridge
from app.screen.state import Part, War
from sounds.cues import Cue

RATE = 200
EVENTS = 2_000
AGENT = "CodeX-7"


async def behind() -> None:
    """Print the lag at 200 events a second."""
    with tempfile.TemporaryDirectory() as folder:
        told, drawn, rate = await lags(Path(folder), EVENTS)
    for what, found in (("subscriber", told), ("screen", drawn)):
        worst, middle = max(found) * 1000, statistics.median(found) * 1000
        late = statistics.quantiles(found, n=100)[98] * 1000
        print(f"follower's {what:10} {middle:7.0f} ms median, {late:.0f} ms p99, {worst:.0f} ms worst, ", end="")
        print(f"at {rate:.0f} events/s, goal 500 ms")


async def lags(folder: Path, count: int) -> tuple[Sequence[float], Sequence[float], float]:
    """Seconds from telling to hearing, and to the first drawing that shows it, for each of `count` events of another
    process; and how many events a second there really were."""
    repo, home = folder / "repo", folder / "home"
    repo.mkdir(parents=True)
    await git("init", "--quiet", cwd=repo)
    clock, war = SystemClock(), War()
    told: list[AgentHealth] = []
    heard: list[float] = []
    drawn: list[tuple[float, float]] = []
    loaded, more = asyncio.Event(), asyncio.Event()

    def draw(parts: Part, cue: Cue | None) -> None:
        loaded.set()
        unit = war.units.get(AGENT)
        if unit is not None and unit.note:
            drawn.append((float(unit.note), time.time()))
            more.set()

    chosen = Settings(sandbox=SandboxSettings(kind="none"))
    async with Headquarters(chosen, home=home, folder=repo) as hq:
        screen = asyncio.create_task(Bridge(war, hq, draw, clock).run())
        await loaded.wait()
        writer = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.bench.follow", home, str(count))
        with hq.events() as events:
            async for event in events:
                assert isinstance(event, AgentHealth)
                heard.append(time.time() - float(event.note))
                told.append(event)
                if len(told) == count:
                    break
        await writer.wait()
        while not drawn or drawn[-1][0] < float(told[-1].note):
            more.clear()
            await more.wait()
        screen.cancel()
        await asyncio.gather(screen, return_exceptions=True)
    return heard, [_first(drawn, event) for event in told], (count - 1) / (told[-1].at - told[0].at).total_seconds()


def _first(drawn: Sequence[tuple[float, float]], event: AgentHealth) -> float:
    """How long until something was drawn that is as new as `event`."""
    told = float(event.note)
    return next(at for newest, at in drawn if newest >= told) - told


async def tell(home: Path, count: int) -> None:
    """In the other process: an event, and when, at the rate."""
    async with await Store.open(home / "warroom.db", SystemClock()) as store:
        started = time.monotonic()
        for number in range(count):
            await asyncio.sleep(max(0.0, started + number / RATE - time.monotonic()))
            now = datetime.now(UTC)
            note = f"{now.timestamp():.6f}"
            await store.append(AgentHealth(at=now, agent=AGENT, tier="local", health=Health.WORKING, note=note))


if __name__ == "__main__":
    asyncio.run(tell(Path(sys.argv[1]), int(sys.argv[2])))
