"""The attempts as the README shows them; `python -m tests.agents.escape.table` puts them into it."""

from collections.abc import Iterator
from pathlib import Path

from tests.agents.escape import TOPICS

README = Path(__file__).parents[3] / "README.md"
_FIRST, _LAST = "<!-- attempts -->\n", "<!-- /attempts -->\n"


def rows() -> Iterator[str]:
    """A line for each attempt, under a heading line for each topic."""
    yield "| what is tried | what holds it |"
    yield "|---|---|"
    for topic in TOPICS:
        yield f"| **{topic.title}** | |"
        for attempt in topic.attempts:
            gap = "; *with Landlock a gap, where `doctor` says so*" if attempt.landlock else ""
            yield f"| {attempt.name} | {attempt.held}{gap} |"


def table() -> str:
    """All lines."""
    return "".join(f"{row}\n" for row in rows())


def in_readme() -> str:
    """What the README has now."""
    return README.read_text().partition(_FIRST)[2].partition(_LAST)[0]


def main() -> None:
    """Write the table into the README."""
    before, _, rest = README.read_text().partition(_FIRST)
    README.write_text(f"{before}{_FIRST}{table()}{_LAST}{rest.partition(_LAST)[2]}")


if __name__ == "__main__":
    main()
