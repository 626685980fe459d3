"""A graded task: what is asked, the files it starts from, the check, a reference solution, the trap to catch."""

import unicodedata
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path, PurePosixPath
from shutil import which
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from agents.proving.suite_files import SuiteError, read_folder
from agents.sanitize import one_line
from agents.tasks import Frozen, TaskKind

SUITES = {"standard": "suite", "everyday": "everyday"}
"""The suites that ship, and their folders. `everyday` is held out: nothing is tuned for it."""
LONGEST_PATH = 200

_GIT_NAMES = frozenset({".git", "git~1"})


def _paths(files: Mapping[str, str]) -> Mapping[str, str]:
    """`files`, every path of which stays inside a folder. Raises ValueError."""
    for path in files:
        parts = PurePosixPath(path).parts
        if path.startswith(("/", "~")) or "\\" in path or ".." in parts:
            raise ValueError(f"{one_line(path)!r} leads out of the task's folder: give a relative path without '..'")
        if any(unicodedata.normalize("NFKC", part).casefold().rstrip(". ") in _GIT_NAMES for part in parts):
            raise ValueError(f"{one_line(path)!r} lies in git's own folder, which is off limits")
        if not parts or path != str(PurePosixPath(path)) or one_line(path, LONGEST_PATH) != path:
            raise ValueError(f"{one_line(path)!r} is no plain relative path such as shop/cart.py")
    return files


Files = Annotated[Mapping[str, str], AfterValidator(_paths)]
"""Relative paths, with `/`, and what the files hold."""
Title = Annotated[str, Field(max_length=500, pattern=r"\S")]
Command = Annotated[str, Field(max_length=20_000, pattern=r"\S")]


class GradedTask(Frozen):
    """One task of the proving ground. File tables map a relative path to its content."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    title: Title
    brief: str = Field(default="", max_length=20_000)
    kind: TaskKind
    complexity: int = Field(ge=1, le=10)
    language: str = "python"
    needs: tuple[str, ...] = ()
    """Programs that must be on PATH beside bash and python3; without them the task is skipped, see `why_unusable`."""
    check: Command
    """A shell command, run in the folder of the files: red on `base`, green on `solution`, red on every `wrong`."""
    base: Files = {}
    solution: Files = Field(min_length=1)
    wrong: tuple[Files, ...] = Field(min_length=1)
    demo: bool = False
    """Shown in the demo."""

    @model_validator(mode="after")
    def _no_file_is_a_folder(self) -> Self:
        for answer in (self.solution, *self.wrong):
            paths = {PurePosixPath(path) for path in (*self.base, *answer)}
            clash = next((path for path in paths if not paths.isdisjoint(path.parents)), None)
            if clash is not None:
                raise ValueError(f"{one_line(str(clash))!r} lies in a folder that is also given as a file")
        return self


def load_suite(suite: str | Path = "standard") -> tuple[GradedTask, ...]:
    """The tasks of a suite that ships, or of a person's own folder of `*.toml`; sorted by complexity, then id.

    Raises SuiteError, which names the file and the key, for a folder or file that cannot be used.
    """
    if isinstance(suite, str) and suite in SUITES:
        return _sorted(read_folder(resources.files("agents.proving") / SUITES[suite], suite, GradedTask))
    shown = one_line(str(suite), 300)
    folder = Path(suite).expanduser()
    if not folder.is_dir():
        raise SuiteError(f"{shown} is neither a suite ({', '.join(SUITES)}) nor a folder of *.toml tasks.")
    return _sorted(read_folder(folder, shown, GradedTask))


def why_unusable(task: GradedTask) -> str:
    """Why the task cannot be run on this machine, in a clause; empty when it can."""
    missing = [one_line(program, 40) for program in task.needs if which(program) is None]
    return f"needs {' and '.join(missing)}, not found on PATH" if missing else ""


def _sorted(tasks: Iterator[GradedTask]) -> tuple[GradedTask, ...]:
    return tuple(sorted(tasks, key=lambda task: (task.complexity, task.id)))
