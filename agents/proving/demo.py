"""The demo's battlefield: a temporary git repository seeded with the demo tasks' files, and simulated tiers."""

from collections.abc import Sequence
from pathlib import Path

from agents.clock import Clock
from agents.models.chat import ChatModel
from agents.models.connect import Connect
from agents.proving.graded import GradedTask, load_suite
from agents.proving.simulated import SimulatedModel
from agents.proving.validating import write_files
from agents.settings import Cooldown, Routing, Settings, TierSettings
from agents.tasks import NewTask
from agents.workspace.git import git

README = """# shop

A small shop, made by `warroom demo`. Nothing here is real; everything that happens to it is.
"""


def demo_tasks(limit: int | None = None) -> tuple[GradedTask, ...]:
    """The graded tasks the demo shows, easiest first; at most `limit`."""
    tasks = tuple(task for task in load_suite() if task.demo)
    return tasks if limit is None else tasks[:limit]


def demo_settings(speed: float) -> Settings:
    """Two simulated local slots, Haiku and Sonnet; the cooldown runs at the demo's speed."""

    def tier(model: str, slots: int, band: tuple[int, int]) -> TierSettings:
        return TierSettings(provider="simulation", model=f"SIMULATION {model}", slots=slots, band=band, num_ctx=32_768)

    return Settings(
        tiers={
            "local": tier("qwen2.5-coder:7b", 2, (1, 6)),
            "haiku": tier("claude-haiku-5-5", 2, (1, 8)),
            "sonnet": tier("claude-sonnet-5-5", 1, (1, 10)),
        },
        routing=Routing(judge="none"),
        cooldown=Cooldown(rest_s=min(3.0, 3.0 / max(speed, 0.001))),
    )


def demo_connector(tasks: Sequence[GradedTask], *, seed: int, clock: Clock, speed: float) -> Connect:
    """Simulated models in every tier."""

    def connect(name: str, tier: TierSettings, url: str | None) -> ChatModel:
        return SimulatedModel(tier.model, name, tasks, seed=seed, clock=clock, speed=speed)

    return connect


async def make_battlefield(folder: Path, tasks: Sequence[GradedTask]) -> None:
    """A git repository in the empty `folder` holding every task's base files, on a branch main, with one commit."""
    await git("init", "--quiet", "--initial-branch=main", cwd=folder)
    (folder / "README.md").write_text(README)
    for task in tasks:
        write_files(folder, task.base)
    await git("add", "--all", cwd=folder)
    who = ("-c", "user.name=War Room demo", "-c", "user.email=demo@localhost")
    await git(*who, "commit", "--quiet", "--message", "The shop, as the demo found it", cwd=folder)


def as_posted(task: GradedTask, *, priority: int = 5) -> NewTask:
    """The task as a person would post it."""
    return NewTask(title=task.title, brief=task.brief, check=task.check.strip(), priority=priority, external_id=task.id)
