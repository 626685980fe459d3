"""How long a cancel takes: a hundred, in the middle of streaming, of a tool that ignores signals, of a check."""

import asyncio
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from agents.events import CheckStarted, Event, ModelDelta, ToolStarted
from agents.headquarters import Headquarters
from agents.settings import Cooldown, Settings, TierSettings
from agents.tasks import NewTask, TaskStatus
from tests.fakes.ollama_server import FakeOllama, Stall, call, calls_apart, chunk, text

CANCELS = 100
STUBBORN = "trap '' TERM INT HUP; (trap '' TERM; setsid sleep 300) & sleep 300; sleep 300"
MOMENTS: tuple[tuple[str, str, object, Callable[[Event], bool]], ...] = (
    ("direct", "false", (chunk("x"), Stall()), lambda event: isinstance(event, ModelDelta)),
    (
        "loop",
        "false",
        calls_apart(call("shell_run", {"command": STUBBORN})),
        lambda event: isinstance(event, ToolStarted),
    ),
    (
        "direct",
        "test -f slug.py && sleep 300",
        text("slug.py\n```python\nx = 1\n```"),
        lambda event: isinstance(event, CheckStarted) and event.on == "result",
    ),
)


async def cancels() -> None:
    """Seconds from the order until the task is cancelled, its stream closed, its processes gone."""
    took: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        repo = Path(folder) / "repo"
        repo.mkdir()
        who = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
        for command in (["init", "--quiet"], [*who, "commit", "--quiet", "--allow-empty", "--message", "first"]):
            await asyncio.to_thread(subprocess.run, ["git", "-C", str(repo), *command], check=True)
        async with FakeOllama() as ollama:
            for way, check, answer, moment in MOMENTS:
                ollama.answer = lambda body, answer=answer: answer
                async with Headquarters(_settings(ollama.url, way), home=Path(folder) / way, folder=repo) as hq:
                    for _ in range(CANCELS // len(MOMENTS) + 1):
                        took.append(await _one(hq, check, moment))
    took.sort()
    middle, last = took[len(took) // 2] * 1000, took[int(len(took) * 0.99)] * 1000
    print(
        f"cancel                {middle:7.0f} ms  99 % {last:.0f} ms, "
        f"longest {took[-1] * 1000:.0f} ms  {len(took)} cancels, goal 1000 ms"
    )


async def _one(hq: Headquarters, check: str, moment: Callable[[Event], bool]) -> float:
    task = await hq.post(NewTask(title="Create slug.py", check=check))
    with hq.events() as events:
        await hq.dispatch(task.id)
        async for event in events:
            if event.task == task.id and moment(event):
                break
    started = asyncio.get_running_loop().time()
    cancelled = await hq.cancel(task.id)
    seconds = asyncio.get_running_loop().time() - started
    if cancelled.status is not TaskStatus.CANCELLED:
        raise SystemExit(f"{task.label} is {cancelled.status}")
    return seconds


def _settings(url: str, way: str) -> Settings:
    local = {"provider": "ollama", "model": "m:1b", "endpoints": [{"url": url}], "way": way}
    return Settings(tiers={"local": TierSettings.model_validate(local)}, cooldown=Cooldown(rest_s=0, reset_every=0))
