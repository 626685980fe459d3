"""The table of tasks that the assessment is held against: assessment_table.txt, read."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from agents.routing.assessment import Assessment, assess
from agents.routing.surroundings import Surroundings

TABLE = Path(__file__).with_suffix(".txt")


@dataclass(frozen=True)
class Row:
    """A task, how hard a person finds it (1 to 5), and what kind of work it is."""

    field: str
    files: frozenset[str]
    level: int
    kind: str
    """- where it is a matter of taste."""
    text: str

    @cached_property
    def assessed(self) -> Assessment:
        """As the rules find it in its repository."""
        return assess(self.text, Surroundings(self.files))


def rows() -> Iterator[Row]:
    """Every row, in order."""
    field, files = "", frozenset[str]()
    for line in TABLE.read_text("utf-8").splitlines():
        if line.startswith("= "):
            name, _, listed = line[2:].partition("|")
            field, files = name.strip(), frozenset(listed.split())
        elif line and not line.startswith("#"):
            level, kind, text = line.split(" ", 2)
            yield Row(field, files, int(level), kind, text)
