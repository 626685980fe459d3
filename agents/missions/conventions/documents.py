"""The conventions of a repository: which files tell them, and what they say.

Read from a stranger's repository: only regular files below its top, through no symbolic link, none too long, no more
than a person would ever write."""

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from agents.missions.conventions.front_matter import FrontMatter, split_front_matter
from agents.missions.conventions.sections import Section, sections_of
from agents.sanitize import one_line, sanitize
from agents.tasks import Frozen

GUIDES = ("AGENTS.md", "CLAUDE.md", "CONVENTIONS.md")
"""In the order in which they are told."""
SKILLS = (".skills", ".claude/skills")
"""Folders whose folders hold a SKILL.md each."""
MOST_DOCUMENTS = 200
MOST_BYTES = 1_000_000
"""A longer file is left out: nobody wrote it for an agent to read."""
_MOST_CHARACTERS = 200_000


class Document(Frozen):
    """A file that tells conventions. Foreign text: titles and heads sanitized, sections not yet fenced."""

    path: str
    kind: Literal["guide", "skill"]
    folder: str
    """What a guide is about: the folder it lies in, empty for the top."""
    head: FrontMatter = FrontMatter()
    sections: tuple[Section, ...] = ()

    @property
    def name(self) -> str:
        """As a person calls it: a skill by its own name or its folder's, a guide by its path."""
        if self.kind == "guide":
            return one_line(self.path, 120)
        return self.head.name or one_line(PurePosixPath(self.path).parent.name, 100)

    @property
    def tokens(self) -> int:
        """Of all its sections."""
        return sum(section.tokens for section in self.sections)


def documents_of(root: Path, files: Iterable[str]) -> tuple[Document, ...]:
    """The guides and skills among `files` of the folder `root`: guides first, those of the top before those of folders
    below. The same text twice counts once. It blocks: for a thread. Raises nothing: what cannot be read is left out."""
    found: dict[str, Document] = {}
    for path in sorted((path for path in files if kind_of(path)), key=_place)[:MOST_DOCUMENTS]:
        text = _read(root, path)
        if not text.strip():
            continue
        skill = kind_of(path) == "skill"
        head, body = split_front_matter(text)
        folder = "" if skill else path.rpartition("/")[0]
        document = Document(
            path=path, kind="skill" if skill else "guide", folder=folder, head=head, sections=sections_of(body)
        )
        if document.sections:
            found.setdefault(f"{folder}\0{body.strip()}", document)
    return tuple(found.values())


def kind_of(path: str) -> str:
    """guide or skill by where a file lies and what it is called; empty for all others."""
    folder, _, name = path.rpartition("/")
    if name in GUIDES:
        return "" if _is_skill_folder(folder) or folder in SKILLS else "guide"
    if name != "SKILL.md":
        return ""
    return "skill" if _is_skill_folder(folder) else ""


def nearest(document: Document, named: Sequence[str]) -> int | None:
    """How many folders lie between a guide and the nearest of the `named` files it is about; None: it is about none of
    them. A guide of the top is about everything."""
    if not document.folder:
        return min((path.count("/") for path in named), default=0)
    below = [path for path in named if path.startswith(f"{document.folder}/")]
    return min((path.count("/") - document.folder.count("/") - 1 for path in below), default=None)


def _is_skill_folder(folder: str) -> bool:
    return any(folder.startswith(f"{skills}/") and "/" not in folder[len(skills) + 1 :] for skills in SKILLS)


def _place(path: str) -> tuple[bool, int, str, int, str]:
    folder, _, name = path.rpartition("/")
    order = GUIDES.index(name) if name in GUIDES else 0
    return kind_of(path) == "skill", path.count("/"), folder, order, path


def _read(root: Path, path: str) -> str:
    """Sanitized; empty for what is no regular file of a bearable length at just that place."""
    try:
        top = root.resolve()
        if (top / path).resolve() != top / path:
            return ""  # through a link, even one that stays inside: its text is found where it lies
        opened = os.open(top / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(opened, "rb", buffering=0) as file:
            status = os.fstat(opened)
            if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
                return ""
            data = file.read(MOST_BYTES)
    except (OSError, ValueError, RuntimeError):
        return ""
    if b"\0" in data:
        return ""
    return sanitize(data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n"))[:_MOST_CHARACTERS]
