"""What is known of a task before anybody tries it: what its odds may depend on."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from agents.settings import Goes
from agents.tasks import Frozen, TaskKind

Band = Literal["low", "middle", "high"]
Size = Literal["none", "small", "medium", "large"]

_ENDINGS = {
    "python": "py pyi pyx ipynb",
    "javascript": "js mjs cjs ts mts cts tsx jsx vue svelte",
    "shell": "sh bash zsh",
    "go": "go",
    "rust": "rs",
    "java": "java",
    "c": "c h cc cpp cxx hh hpp",
    "ruby": "rb",
    "php": "php",
    "csharp": "cs",
    "kotlin": "kt kts",
    "swift": "swift",
}
LANGUAGES = {end: language for language, ends in _ENDINGS.items() for end in ends.split()}
"""By a file's ending; everything else is "other"."""
_SAID = {
    "python": "python django flask fastapi pandas numpy pytest asyncio",
    "javascript": "javascript typescript react redux node npm vue svelte angular",
    "shell": "shell bash posix",
    "go": "golang goroutine goroutines",
    "rust": "rust cargo",
    "java": "java maven spring",
    "c": "cpp gcc",
    "ruby": "ruby rails",
    "php": "php laravel",
    "csharp": "dotnet csharp",
    "kotlin": "kotlin",
    "swift": "swift swiftui",
}
SAID = {word: language for language, words in _SAID.items() for word in words.split()}
"""Words of a task that say its language. "Go" and "C" say it too rarely to count."""


class Features(Frozen):
    """The cell a task falls into."""

    kind: TaskKind
    complexity: int = Field(ge=1, le=10)
    language: str = "other"
    size: Size = "none"
    """Of the files it names that exist: none; small up to 120 lines, medium up to 400, large beyond."""
    goes: Goes = "either"
    """Where work of its sort goes, by [routing.goes]."""

    @property
    def band(self) -> Band:
        """Of its complexity: C1–3, C4–6, C7–10."""
        return band_of(self.complexity)


def band_of(complexity: int) -> Band:
    """C1–3, C4–6, C7–10."""
    return "low" if complexity <= 3 else "middle" if complexity <= 6 else "high"


def language_of(names: Iterable[str], words: Iterable[str] = ()) -> str:
    """The language most of the files are in, else the one that most of `words` say; of equals the first."""
    ends = (name.rsplit(".", 1)[-1].lower() for name in names)
    found = [LANGUAGES[end] for end in ends if end in LANGUAGES]
    counted = Counter(found or [SAID[word] for word in words if word in SAID])
    return max(counted, key=counted.__getitem__, default="other")


def size_of(lines: int) -> Size:
    """The size class of files of so many lines together; 0 where none of them exists."""
    return "none" if lines <= 0 else "small" if lines <= 120 else "medium" if lines <= 400 else "large"
