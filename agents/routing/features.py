"""What is known of a task before anybody tries it: what its odds may depend on."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from agents.tasks import Frozen, TaskKind

Band = Literal["low", "middle", "high"]
Size = Literal["none", "small", "medium", "large"]

LANGUAGES = {
    "py": "python",
    "js": "javascript",
    "mjs": "javascript",
    "ts": "javascript",
    "tsx": "javascript",
    "jsx": "javascript",
    "sh": "shell",
    "go": "go",
    "rs": "rust",
    "java": "java",
    "c": "c",
    "h": "c",
    "cc": "c",
    "cpp": "c",
    "rb": "ruby",
}
"""By a file's ending; everything else is "other"."""


class Features(Frozen):
    """The cell a task falls into."""

    kind: TaskKind
    complexity: int = Field(ge=1, le=10)
    language: str = "other"
    size: Size = "none"
    """Of the files it names that exist: none; small up to 120 lines, medium up to 400, large beyond."""

    @property
    def band(self) -> Band:
        """Of its complexity: C1–3, C4–6, C7–10."""
        return band_of(self.complexity)


def band_of(complexity: int) -> Band:
    """C1–3, C4–6, C7–10."""
    return "low" if complexity <= 3 else "middle" if complexity <= 6 else "high"


def language_of(names: Sequence[str]) -> str:
    """The language most of the files are in; of equals the first."""
    ends = [name.rsplit(".", 1)[-1].lower() for name in names]
    found = [LANGUAGES[end] for end in ends if end in LANGUAGES]
    return max(found, key=found.count, default="other")


def size_of(lines: int) -> Size:
    """The size class of files of so many lines together; 0 where none of them exists."""
    return "none" if lines <= 0 else "small" if lines <= 120 else "medium" if lines <= 400 else "large"
