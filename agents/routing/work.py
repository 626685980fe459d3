"""What sort of work a task is, and whether such work goes to a local model or to one in the cloud, as it is configured.

Odds move by it, nothing is forbidden: a boilerplate file that a local model fails at goes up like any task, and what a
local model is seen to solve here is believed over the table."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from agents.routing.lexicon import words_of
from agents.routing.reading import Reading
from agents.settings import Goes
from agents.tasks import Frozen, TaskKind

_LONGEST = 4
"""Words of the longest phrase."""
_OPENING = 24
"""Words of a first line that are looked at."""


class Work(Frozen):
    """A sort of work, and where it goes."""

    name: str
    says: str
    goes: Goes

    @property
    def why(self) -> str:
        """What the screen says of it."""
        where = {"local": "a local model writes such things", "cloud": "a stronger model does such things better"}
        return f"{self.says}: {where[self.goes]}" if self.goes != "either" else self.says


def work_of(reading: Reading, kind: TaskKind, goes: Mapping[str, Goes]) -> Work | None:
    """By its kind and the words it opens with; None where it is of no sort that is known. `goes`: where each goes."""
    sorts = _sorts()
    opening = [*words_of(" ".join(reading.opening))][:_OPENING]
    said = {" ".join(opening[at : at + length]) for length in range(1, _LONGEST + 1) for at in range(len(opening))}
    name = next((name for name, (_, words) in sorts.items() if words & said), "")
    if kind is TaskKind.TESTS:
        return Work(name="tests", says="tests after a pattern", goes=goes.get("tests", "either"))
    if not name and reading.stack_trace:
        name = "debugging"
    return Work(name=name, says=sorts[name][0], goes=goes.get(name, "either")) if name else None


@cache
def _sorts() -> dict[str, tuple[str, frozenset[str]]]:
    """The shipped sorts, read once."""
    data = tomllib.loads(files("agents.routing").joinpath("work.toml").read_text("utf-8"))
    return {name: (entry["says"], frozenset(entry["words"])) for name, entry in data.items()}
