"""What the engine adds to a tool call when the model answers at once: loop, store, bus, transcript."""

import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from agents.headquarters import Headquarters
from agents.models.chat import ChatModel, ChatRequest, Finished, Message, Part, StopReason, ToolCall
from agents.settings import Cooldown, Mission, SandboxSettings, Settings, TierSettings
from agents.tasks import NewTask, Usage, Way

CALLS = 300
MANY_CALLS = 1200
"""A mission this long shows whether a turn costs more the more was said before."""


class InstantModel:
    """Reads another line of the README in every turn; answers at once."""

    model = "instant"
    provider = "simulation"
    window = 10_000_000

    async def stream(self, request: ChatRequest) -> AsyncIterator[Part]:
        """One tool call."""
        turn = len(request.messages) // 2
        call = ToolCall(
            id=str(turn), name="file_read", arguments={"path": "README.md", "start": turn + 1, "end": turn + 1}
        )
        message = Message(role="assistant", content="", tool_calls=(call,))
        yield Finished(message=message, usage=Usage(input=1, output=1), stop=StopReason.TOOLS, seconds=0.0)

    async def aclose(self) -> None:
        """Nothing is open."""


async def per_tool_call(calls: int = CALLS) -> None:
    """Milliseconds per tool call, commits to SQLite included, and the worktree's making and clearing away too."""
    settings = Settings(
        tiers={"local": TierSettings(provider="simulation", model="instant", way=Way.LOOP)},
        cooldown=Cooldown(rest_s=0, reset_every=0),
        mission=Mission(max_steps=calls),
        sandbox=SandboxSettings(kind="none"),
    )
    with tempfile.TemporaryDirectory() as folder:
        repo = Path(folder) / "repo"
        _make(repo, calls)
        async with Headquarters(settings, home=Path(folder) / "home", folder=repo, connect=_instant) as hq:
            task = await hq.post(NewTask(title="Read", tier="local"))
            started = time.perf_counter()
            await hq.dispatch(task.id)
            task = await hq.wait(task.id)
            seconds = time.perf_counter() - started
    print(f"engine per tool call  {seconds / task.steps * 1000:7.2f} ms  over {task.steps} calls, goal 5 ms")


def _make(repo: Path, calls: int) -> None:
    repo.mkdir()
    subprocess.run(["git", "init", "--quiet", str(repo)], check=True)
    (repo / "README.md").write_text("\n".join(f"line {n}" for n in range(calls + 1)))
    subprocess.run(["git", "-C", str(repo), "add", "."], check=True)
    who = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    subprocess.run(["git", "-C", str(repo), *who, "commit", "--quiet", "-m", "first"], check=True)


def _instant(name: str, tier: TierSettings, url: str | None) -> ChatModel:
    return InstantModel()
