"""Unified diffs in a reply, read as edits: small models get the line numbers wrong, the lines less often."""

import re
from collections.abc import Sequence

from agents.missions.changes import Edit, FileChange, WholeFile

_FILE = re.compile(r"^(?:\+\+\+|---) (?:[ab]/)?(\S[^\t\n]*)")
_HUNK = re.compile(r"^@@.*?@@|^@@\s*$")


def is_diff(content: str) -> bool:
    """Does `content` look like a unified diff, with hunks?"""
    lines = content.splitlines()
    hunks = any(_HUNK.match(line) for line in lines)
    return hunks and any(line.startswith(("+", "-")) for line in lines)


def read_diff(content: str, path: str | None) -> tuple[FileChange, ...]:
    """Its hunks as edits of the file each header names, else of `path`; nothing where no file is known."""
    changes: list[FileChange] = []
    old: list[str] = []
    new: list[str] = []
    created = False
    target = path
    for line in [*content.splitlines(), "@@ end @@"]:
        header = _FILE.match(line)
        if header or _HUNK.match(line):
            changes += _hunk(target, old, new, created=created)
            old, new = [], []
            if header and line.startswith("---"):
                created = header[1] == "/dev/null"
            elif header and header[1] != "/dev/null":
                target = header[1].strip()
        elif line.startswith("-"):
            old.append(line[1:])
        elif line.startswith("+"):
            new.append(line[1:])
        elif not line.startswith(("\\", "diff ", "index ", "new file", "deleted file")):
            old.append(line[1:])
            new.append(line[1:])
    return tuple(changes)


def _hunk(path: str | None, old: Sequence[str], new: Sequence[str], *, created: bool) -> list[FileChange]:
    if path is None or (not old and not new):
        return []
    if created:
        return [WholeFile(path=path, content="\n".join(new))]
    return [Edit(path=path, search="\n".join(old), replace="\n".join(new))] if any(line.strip() for line in old) else []
