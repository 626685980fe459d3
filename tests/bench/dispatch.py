"""How quickly a squad is sent out, whether the event loop stands still meanwhile, and what several slots are worth.

Real Headquarters, store, git, checks; models that take a fixed time. Each slot is an endpoint of its own, so that it is
seen when it is taken again: then a model is connected there. It is free from when its agent says that it is ready."""

import asyncio
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from agents.events import AgentHealth
from agents.headquarters import Headquarters
from agents.models.chat import ChatModel, ChatRequest, Finished, Message, Part, StopReason
from agents.settings import Cooldown, Endpoint, SandboxSettings, Settings, TierSettings
from agents.tasks import Health, NewTask, Outcome, Usage, Way

TASKS, AGENTS, THINKING_S = 200, 16, 0.3
SQUAD = {"local": 2, "haiku": 4}
SPLIT = {"local": 3, "haiku": 5}
"""Eight tasks; both tiers are busy for two rounds where one slot is busy for eight."""
LATENCY_S = 5.0
TICK_S = 0.005
REPLY = "```python\ndef slugify(text):\n    return text.lower()\n```"
CHECK = "python3 -c \"from slug import slugify; assert slugify('A') == 'a'\""


@dataclass
class Slots:
    """When each agent became free, and how long it then took to be sent out again. Seconds."""

    agents: dict[str | None, str] = field(default_factory=dict)
    """The agent at each endpoint."""
    free: dict[str, float] = field(default_factory=dict)
    decisions: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)

    def connect(self, url: str | None, latency: float) -> ChatModel:
        """A model for the slot at `url`."""
        free_since = self.free.pop(self.agents[url], None)
        if free_since is not None:
            self.decisions.append(time.perf_counter() - free_since)
        return FixedModel(latency, free_since, self.starts)

    async def watch(self, hq: Headquarters) -> None:
        """Until cancelled."""
        for tier, settings in hq.settings.tiers.items():
            crew = [agent.callsign for agent in hq.agents() if agent.tier == tier]
            self.agents |= dict(zip([endpoint.url for endpoint in settings.endpoints], crew, strict=True))
        with hq.events() as events:
            async for event in events:
                if isinstance(event, AgentHealth) and event.health is Health.READY and event.agent:
                    self.free[event.agent] = time.perf_counter()


class FixedModel:
    """Answers after a fixed time with a whole file."""

    model = "fixed"
    provider = "simulation"
    window = 100_000

    def __init__(self, latency: float, free_since: float | None, starts: list[float]) -> None:
        self._latency = latency
        self._free_since = free_since
        self._starts = starts

    async def stream(self, request: ChatRequest) -> AsyncIterator[Part]:
        """One reply."""
        if self._free_since is not None:
            self._starts.append(time.perf_counter() - self._free_since)
        await asyncio.sleep(self._latency)
        message = Message(role="assistant", content=REPLY)
        yield Finished(message=message, usage=Usage(input=1, output=1), stop=StopReason.END, seconds=self._latency)

    async def aclose(self) -> None:
        """Nothing is open."""


class LoopWatch:
    """Ticks beside the work; a late tick is a loop that stood still, or a process that did not get the processor."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self.own: list[float] = []
        """Of the time between two ticks, what this thread itself computed."""

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            due, busy = time.perf_counter() + TICK_S, time.thread_time()
            await asyncio.sleep(TICK_S)
            self.late.append(time.perf_counter() - due)
            self.own.append(time.thread_time() - busy)


async def many_tasks() -> None:
    """200 queued tasks, 16 agents: how long a free slot stays free, and the loop's longest pause."""
    slots, loop_watch = Slots(), LoopWatch()
    tasks = dict.fromkeys(["local"], TASKS)
    seconds = await _carry_out({"local": AGENTS}, tasks, THINKING_S, slots, loop_watch)
    decision, begun = _sorted_ms(slots.decisions), _sorted_ms(slots.starts)
    late, own = _sorted_ms(loop_watch.late), _sorted_ms(loop_watch.own)
    print(f"dispatch decision     {_spread(decision)}  {TASKS} tasks, {AGENTS} agents, goal 10 ms")
    print(f"free slot to request  {_spread(begun)}  worktree and checks included")
    print(f"event loop late       {_spread(late)}  {seconds:.0f} s in all, goal 50 ms")
    print(f"  of it our own work  {_spread(own)}")


async def speed_up() -> None:
    """8 tasks in 2 local and 4 Claude slots against one slot, as a part of what an ideal schedule gains."""
    alone = await _carry_out({"local": 1}, {"local": sum(SPLIT.values())}, LATENCY_S, Slots(), LoopWatch())
    together = await _carry_out(SQUAD, SPLIT, LATENCY_S, Slots(), LoopWatch())
    rounds = max(-(-SPLIT[name] // slots) for name, slots in SQUAD.items())
    ideal = sum(SPLIT.values()) / rounds
    gain = alone / together
    print(
        f"speed-up              {gain:7.2f} x   {gain / ideal:.0%} of the ideal {ideal:.1f} x, goal 90 %"
        f"  ({alone:.1f} s → {together:.1f} s, {LATENCY_S:g} s a reply)"
    )


async def _carry_out(
    squad: dict[str, int], tasks: dict[str, int], latency: float, slots: Slots, loop_watch: LoopWatch
) -> float:
    """Post `tasks` of each tier, dispatch them all; seconds until the last one is proven."""
    settings = Settings(
        tiers={name: _tier(name, count) for name, count in squad.items()},
        cooldown=Cooldown(rest_s=0, reset_every=0),
        sandbox=SandboxSettings(kind="none"),
    )
    with tempfile.TemporaryDirectory() as folder:
        repo = Path(folder) / "repo"
        _make(repo)
        async with Headquarters(
            settings,
            home=Path(folder) / "home",
            folder=repo,
            connect=lambda name, tier, url: slots.connect(url, latency),
        ) as hq:
            for name, count in tasks.items():
                for number in range(count):
                    await hq.post(NewTask(title=f"Create slug.py, number {number}", check=CHECK, tier=name))
            watching = [asyncio.create_task(work) for work in (loop_watch.watch(), slots.watch(hq))]
            started = time.perf_counter()
            posted = await hq.dispatch_all()
            ended = [await hq.wait(task.id) for task in posted]
            seconds = time.perf_counter() - started
            for watch in watching:
                watch.cancel()
    if unproven := [
        f"{task.label} {task.status}: {task.reason}" for task in ended if task.outcome is not Outcome.PROVEN
    ]:
        raise SystemExit("\n".join(unproven))
    return seconds


def _tier(name: str, slots: int) -> TierSettings:
    endpoints = tuple(Endpoint(url=f"http://{name}-{number}.test") for number in range(slots))
    return TierSettings(provider="simulation", model="fixed", way=Way.DIRECT, endpoints=endpoints)


def _make(repo: Path) -> None:
    repo.mkdir()
    subprocess.run(["git", "init", "--quiet", str(repo)], check=True)
    (repo / "README.md").write_text("Slugs.\n")
    subprocess.run(["git", "-C", str(repo), "add", "."], check=True)
    who = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    subprocess.run(["git", "-C", str(repo), *who, "commit", "--quiet", "-m", "first"], check=True)


def _sorted_ms(seconds: list[float]) -> list[float]:
    return sorted(second * 1000 for second in seconds) or [0.0]


def _spread(values: list[float]) -> str:
    middle, high = statistics.median(values), values[len(values) * 99 // 100]
    return f"{middle:7.2f} ms  99 % {high:.1f} ms, longest {values[-1]:.1f} ms"
