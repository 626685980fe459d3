"""A graded task: what is asked, the files it starts from, the check, a reference solution, the trap to catch."""

import tomllib
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable

from pydantic import Field

from agents.tasks import Frozen, TaskKind

SUITE = "suite"


class GradedTask(Frozen):
    """One task of the proving ground. File tables map a relative path to its content."""

    id: str
    title: str
    brief: str = ""
    kind: TaskKind
    complexity: int = Field(ge=1, le=10)
    language: str = "python"
    check: str
    """A shell command, run in the folder of the files: red on `base`, green on `solution`, red on every `wrong`."""
    base: Mapping[str, str] = {}
    solution: Mapping[str, str]
    wrong: tuple[Mapping[str, str], ...] = Field(min_length=1)
    demo: bool = False
    """Shown in the demo."""


def load_suite(folder: Traversable | None = None) -> tuple[GradedTask, ...]:
    """Every `*.toml` of `folder` (default: the suite that ships), sorted by complexity, then id."""
    folder = folder or resources.files("agents.proving") / SUITE
    found = [
        GradedTask(id=entry.name.removesuffix(".toml"), **tomllib.loads(entry.read_text(encoding="utf-8")))
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    ]
    return tuple(sorted(found, key=lambda task: (task.complexity, task.id)))
