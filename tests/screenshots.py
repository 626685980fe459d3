"""The README's pictures, from the simulation: `make screenshots`. The same seed, and a clock that starts at noon."""

import asyncio
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from textual.pilot import Pilot

from agents.clock import SystemClock
from agents.headquarters import Headquarters
from agents.proving.demo import as_posted, demo_tasks
from agents.tasks import NewTask
from app.screen.application import WarRoom
from app.screen.engine import simulation

FOLDER = Path(__file__).parent.parent / "themes" / "screenshots"
SEED, SPEED = 59, 4.0
WIDE, NORMAL = (160, 48), (80, 24)
LATER = (
    ("Split the billing module by customer, and keep its public names", 8),
    ("Port the importer to async", 6),
    ("Say in the README how orders are paged", 3),
)
"""Bounties nobody is sent out for, and their priorities."""
WAIT_S = 90.0


class NoonClock(SystemClock):
    """Runs as fast as any clock, from noon of a day that does not change."""

    def __init__(self) -> None:
        self._began = self.monotonic()

    def now(self) -> datetime:
        """Noon and what has passed since."""
        return datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(seconds=self.monotonic() - self._began)


async def main() -> None:
    """Play, stop where it is busiest, and take the pictures."""
    clock = NoonClock()
    app = WarRoom(clock=clock, zone=UTC)
    app.animation_level = "none"
    async with simulation(seed=SEED, speed=SPEED, clock=clock) as opened, app.run_test(size=WIDE) as pilot:
        hq = opened.command
        assert isinstance(hq, Headquarters)
        app.engine_ready(hq)
        await _until(pilot, lambda: app.war.opened and bool(app.war.branch))
        await _post(hq)
        await _until(pilot, lambda: _finished(app) >= 1)
        await hq.accept(next(row.id for row in app.war.with_status("review")))
        await _until(pilot, lambda: _busy(app) and _finished(app) >= 2)
        await pilot.press("g")
        FOLDER.mkdir(exist_ok=True)
        for name, theme, size, keys in (
            ("command-center-ember", "ember", WIDE, ()),
            ("command-center-crimson", "crimson", WIDE, ()),
            ("command-center-daylight", "daylight", NORMAL, ()),
            ("radar-cobalt", "cobalt", (120, 30), ("4", "z")),
        ):
            app.wear(theme)
            await pilot.resize_terminal(*size)
            await pilot.press(*keys)
            await pilot.pause(0.3)
            path = FOLDER / f"{name}.svg"
            path.write_text(app.export_screenshot(title="War Room"), encoding="utf-8")
            print(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


async def _post(hq: Headquarters) -> None:
    """The demo's tasks, the hardest in their middle, and some that wait."""
    *easy, hard = demo_tasks()
    for task in (*easy[:2], hard, *easy[2:]):
        await hq.post(as_posted(task))
    await hq.dispatch_all()
    for title, priority in LATER:
        await hq.post(NewTask(title=title, priority=priority))


def _finished(app: WarRoom) -> int:
    return len(app.war.with_status("review", "done"))


def _busy(app: WarRoom) -> bool:
    """Somebody who is paid is at work, and somebody who is not."""
    tiers = [row.tier for row in app.war.field() if row.step >= 2]
    return "haiku" in tiers and "local" in tiers


async def _until(pilot: Pilot[int], happened: object) -> None:
    assert callable(happened)
    for _ in range(round(WAIT_S / 0.05)):
        if happened():
            return
        await pilot.pause(0.05)
    sys.exit(f"The battle did not come to this within {WAIT_S:.0f} s: {happened.__code__.co_names}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="warroom-pictures-") as home:
        asyncio.run(main())
