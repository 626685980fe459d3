"""The sounds a manifest lists, each checked before anything plays it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from sounds.cesp.media import problem_with, seconds_of
from sounds.cesp.problems import Problem, printable
from sounds.clips import Clip

_SEGMENT = re.compile(r"[a-zA-Z0-9._-]+")
_MOST = 2_000
"""Sounds of one manifest."""


class Sounds:
    """Clips of the pack in `root`. What is wrong is collected, and such a sound left out."""

    def __init__(self, root: Path, file: str) -> None:
        self.file = file
        """The manifest that is read, for what is told."""
        self.problems: list[Problem] = []
        self._root = root
        self._real_root = root.resolve()
        self._checked: dict[str, str] = {}
        self._count = 0

    def listed(self, key: str, table: Any) -> tuple[Clip, ...]:
        """The clips of a category or an event: an object with a list `sounds`."""
        held = table.get("sounds") if isinstance(table, dict) else None
        if not isinstance(held, list):
            self._wrong(key, "it must be an object with a list `sounds`.")
            return ()
        clips = (self.one(f"{key}.sounds[{number}]", sound) for number, sound in enumerate(held))
        return tuple(clip for clip in clips if clip is not None)

    def one(self, key: str, sound: Any) -> Clip | None:
        """The clip of one entry: `file` and `label`, perhaps `sha256`, and in our own table `role` and `voice`."""
        self._count += 1
        if self._count > _MOST:
            if self._count == _MOST + 1:
                self._wrong(key, f"a pack has at most {_MOST} sounds.")
            return None
        if not isinstance(sound, dict) or not isinstance(sound.get("file"), str):
            self._wrong(f"{key}.file", "it is missing: it must be the path of a sound file.")
            return None
        name, label = sound["file"], sound.get("label", "")
        if problem := self._of_file(name, sound.get("sha256")):
            self._wrong(f"{key}.file", f"{printable(name, 100)}: {problem}")
            return None
        path = self._root / name
        role, voice = (str(sound.get(field) or "")[:40] for field in ("role", "voice"))
        said = printable(label) if isinstance(label, str) else ""
        return Clip(path, said or path.stem, seconds_of(path), role, voice)

    def _of_file(self, name: str, digest: object) -> str:
        """What is wrong with the file `name`; empty: nothing."""
        key = f"{name}\0{digest}"
        if key not in self._checked:
            self._checked[key] = name_problem(name) or self._outside(name) or self._content(name, digest)
        return self._checked[key]

    def _outside(self, name: str) -> str:
        try:
            inside = (self._root / name).resolve().is_relative_to(self._real_root)
        except (OSError, RuntimeError):
            inside = False
        return "" if inside else "it lies outside the pack: a link leads out of it."

    def _content(self, name: str, digest: object) -> str:
        path = self._root / name
        if problem := problem_with(path):
            return problem
        if digest is None:
            return ""
        same = hashlib.sha256(path.read_bytes()).hexdigest() == digest
        return "" if same else "its content is not what sha256 says."

    def _wrong(self, key: str, what: str) -> None:
        self.problems.append(Problem(self.file, key, what))


def name_problem(name: str) -> str:
    """What is wrong with a path inside a pack, by its text alone; empty: nothing."""
    if "\\" in name:
        return "write / instead of \\."
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "the path must be relative to the pack."
    segments = name.split("/")
    if ".." in segments:
        return "the path leads out of the pack."
    if not all(_SEGMENT.fullmatch(segment) and segment != "." for segment in segments):
        return "only letters, digits, dot, underscore and hyphen may be in a name."
    return ""
