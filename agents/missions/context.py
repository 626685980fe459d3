"""Project context: what a newcomer to the repository would be handed, trimmed to the model's window."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from agents.missions.fences import fenced, quoted
from agents.models.tokens import estimate_tokens
from agents.sanitize import one_line, sanitize

READMES = ("README.md", "README.rst", "README")
GUIDES = ("AGENTS.md", "CLAUDE.md", "CONVENTIONS.md", *READMES)
MAP_LINES = 60


def project_context(root: Path, files: Sequence[str], *, token_budget: int, guides: Sequence[str] = GUIDES) -> str:
    """A small map of the tree and the repository's own `guides`, within `token_budget` tokens."""
    parts: list[str] = []
    left = token_budget
    tree = tree_map(files)
    if tree and estimate_tokens(tree) < left // 2:
        parts.append(f"Files of the repository:\n{quoted(tree)}")
        left -= estimate_tokens(tree)
    for name in guides:
        text = _read(root / name)
        if not text:
            continue
        if left < 100:
            break
        cut = fitting(text, left)
        parts.append(fenced(name, cut))
        left -= estimate_tokens(cut)
        if name.startswith("README"):
            break
    return "\n\n".join(parts)


def fitting(text: str, tokens: int) -> str:
    """As many whole lines of `text` as make `tokens` tokens, with a mark where something is left out."""
    if estimate_tokens(text) <= tokens:
        return text
    low, high = 0, min(len(text), tokens * 8)
    while low < high:  # the longest beginning that fits; scripts differ tenfold in characters to a token
        middle = (low + high + 1) // 2
        low, high = (middle, high) if estimate_tokens(text[:middle]) <= tokens else (low, middle - 1)
    return (text[:low].rpartition("\n")[0] or text[:low]) + "\n[the rest is left out]"


def tree_map(files: Sequence[str]) -> str:
    """The paths, or, where they are many, the folders with how many files each holds."""
    shown = sorted(one_line(name, 300) for name in files)
    if len(shown) <= MAP_LINES:
        return "\n".join(shown)
    folders: dict[str, int] = {}
    for name in shown:
        parts = PurePosixPath(name).parts
        folder = "/".join(parts[:2]) + "/" if len(parts) > 2 else (parts[0] + "/" if len(parts) > 1 else name)
        folders[folder] = folders.get(folder, 0) + 1
    lines = [f"{name} ({count} files)" if name.endswith("/") else name for name, count in folders.items()]
    more = len(lines) - MAP_LINES
    return "\n".join(lines[:MAP_LINES] + ([f"… and {more} more"] if more > 0 else []))


def _read(path: Path) -> str:
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open("rb") as file:
        return sanitize(file.read(40_000).decode("utf-8", "replace")).strip()
