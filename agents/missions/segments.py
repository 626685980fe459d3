"""A reply taken apart: fenced blocks and search/replace blocks, each with the path that is written beside it."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from agents.missions.naming import looks_like_path

MAX_SEGMENTS = 200
_FENCE = re.compile(r"^[ \t]{0,12}(`{3,}|~{3,})(.*)$")
_SEARCH = re.compile(r"^[ \t]*<{5,9}[ \t]*(?:SEARCH|ORIGINAL|OLD)\b[ \t]*(.*)$")
_MIDDLE = re.compile(r"^[ \t]*={5,9}[ \t]*$")
_REPLACE = re.compile(r"^[ \t]*>{5,9}[ \t]*(?:REPLACE|UPDATED|NEW)\b.*$")
_MARKDOWN = frozenset({"md", "markdown", "mdx", "rst"})
_BEFORE = re.compile(r"^[\s>]*(?:[-*+]\s+|\d{1,3}[.)]\s+)?#{0,6}\s*")
_WORDS = re.compile(
    r"^(?:(?:the|new|updated?|modified|create|saved? (?:as|to)|edit|file ?name|file ?path|file|path|in|"
    r"contents? of)\b[\s:*`_]*){1,4}",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"[\s*`_]*\((?:new|updated?|modified|changed|complete|full|file|new file)[^)]{0,30}\)[\s:*`_]*$", re.IGNORECASE
)
_COMMENT = re.compile(
    r"^\s*(?:#|//|--|;|%|/\*|<!--|\"\"\"|''')\s*(?:file ?(?:name|path)?|path)?\s*:?\s*(\S{1,300}?)\s*"
    r"(?:\*/|-->|\"\"\"|''')?\s*$",
    re.IGNORECASE,
)
_IN_LINE = re.compile(r"[\w./@+-]{1,300}")


@dataclass(frozen=True)
class Fence:
    """A fenced block. `sure`: its path stands in a place that means nothing else."""

    language: str
    content: str
    closed: bool
    path: str | None = None
    sure: bool = False
    commented: bool = False
    """The path is the content's first line, a comment."""


@dataclass(frozen=True)
class Swap:
    """A search/replace block. `complete` is False when its markers are missing or the reply was cut."""

    search: str
    replace: str
    path: str | None
    complete: bool


def segments(text: str, known: Collection[str] = ()) -> list[Fence | Swap]:
    """The blocks of `text` in order. `known`: paths that are recognised even without an extension."""
    return _Splitter(text.replace("\r\n", "\n").split("\n"), frozenset(known)).split()


class _Splitter:
    def __init__(self, lines: list[str], known: frozenset[str]) -> None:
        self.lines = lines
        self.known = known
        self.found: list[Fence | Swap] = []
        self.last_end = 0
        """Line behind the last block: labels are not looked for above it."""

    def split(self) -> list[Fence | Swap]:
        at = 0
        inside = ""
        info_path: str | None = None
        while at < len(self.lines) and len(self.found) < MAX_SEGMENTS:
            line = self.lines[at]
            fence = _fence(line)
            if _SEARCH.match(line):
                at = self._swap(at, info_path)
            elif fence and inside and not fence[1] and fence[0].startswith(inside):
                inside, info_path = "", None
                at = self.last_end = at + 1
            elif fence and "`" not in fence[1]:
                end = self._closing(at, *fence)
                if any(_SEARCH.match(inner) for inner in self.lines[at + 1 : end]):
                    inside = fence[0]
                    info_path = self._info(fence[1])[1] or self._label(at)[0]
                    at += 1
                else:
                    at = self._block(at, end, fence[1])
            else:
                at += 1
        return self.found

    def _closing(self, at: int, ticks: str, info: str) -> int:
        """The line that closes the fence opened at `at`; len(lines) when none does."""
        language, path = self._info(info)
        path = path or self._label(at)[0] or ""
        if language in _MARKDOWN or path.rsplit(".", 1)[-1].lower() in _MARKDOWN:
            nested = self._find_closing(at, ticks, nested=True)
            if nested < len(self.lines):
                return nested
        return self._find_closing(at, ticks, nested=False)

    def _find_closing(self, at: int, ticks: str, *, nested: bool) -> int:
        depth = 0
        for number in range(at + 1, len(self.lines)):
            fence = _fence(self.lines[number])
            if not fence or not fence[0].startswith(ticks):
                continue
            if fence[1]:
                depth += 1 if nested else 0
            elif depth:
                depth -= 1
            else:
                return number
        return len(self.lines)

    def _block(self, at: int, end: int, info: str) -> int:
        language, path = self._info(info)
        block = Fence(language, "\n".join(self.lines[at + 1 : end]), closed=end < len(self.lines), path=path, sure=True)
        if path is None:
            label, sure = self._label(at)
            block = replace(block, path=label, sure=sure)
            if not (label and sure):
                block = self._first_line(block)
        self.found.append(self._without_bare_path(block))
        self.last_end = end + 1
        return end + 1

    def _info(self, info: str) -> tuple[str, str | None]:
        """Language and path of a fence's info string."""
        words = re.split(r"[\s{}:,=\"']+", info)
        language = words[0].lower().lstrip(".") if words else ""
        paths = [word for word in words if word and looks_like_path(word, self.known)]
        if paths and paths[0] == words[0]:
            language = words[0].rsplit(".", 1)[-1].lower()
        whole = re.search(r"(?:^|[\s:=\"'])((?:/|\.\./|~/|[A-Za-z]:[\\/])[^\s\"']+)", info)
        return language, whole[1] if whole else (paths[-1] if paths else None)

    def _label(self, at: int) -> tuple[str | None, bool]:
        """The path on the lines above line `at`, and whether it stands alone there."""
        above = [line for line in self.lines[max(self.last_end, at - 6) : at] if line.strip()][-3:]
        for line in reversed(above):
            path = self._alone(line)
            if path:
                return path, True
        if above:
            paths = {
                token.strip(".:")
                for token in _IN_LINE.findall(above[-1][:400])
                if looks_like_path(token.strip(".:"), self.known)
            }
            if len(paths) == 1:
                return paths.pop(), False
        return None, False

    def _alone(self, line: str) -> str | None:
        if len(line) > 400:
            return None
        text = _AFTER.sub("", _BEFORE.sub("", line, count=1))
        text = text.strip(" \t*`_\"':[]()")
        for candidate in (text, _WORDS.sub("", text).strip(" \t*`_\"':[]()")):
            if looks_like_path(candidate, self.known) or re.fullmatch(
                r"(?:/|~/|[A-Za-z]:\\)[^\s]+\.\w{1,6}", candidate
            ):
                return candidate
        return None

    def _first_line(self, block: Fence) -> Fence:
        if block.language in _MARKDOWN:
            return block
        lines = block.content.split("\n", 2)
        line = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
        if len(line) > 400:
            return block
        comment = _COMMENT.match(line)
        if comment and looks_like_path(comment[1], self.known):
            return replace(block, path=comment[1], sure=True, commented=not lines[0].startswith("#!"))
        return block

    def _without_bare_path(self, block: Fence) -> Fence:
        """A path on the first line that is no comment is a label, never content."""
        first, _, rest = block.content.partition("\n")
        bare = first.strip().strip("*`:")
        if bare and rest and block.language not in {"text", "txt", ""} and looks_like_path(bare, self.known):
            return replace(block, content=rest, path=block.path if block.sure and block.path else bare, sure=True)
        return block

    def _swap(self, at: int, info_path: str | None) -> int:
        marker = _SEARCH.match(self.lines[at])
        path = self._info(marker[1])[1] if marker else None
        label, sure = self._label(at)
        search: list[str] = []
        changed: list[str] = []
        number, middle = at + 1, False
        while number < len(self.lines):
            line = self.lines[number]
            if middle and _REPLACE.match(line):
                break
            if _SEARCH.match(line):
                number -= 1
                middle = False
                break
            if not middle and _MIDDLE.match(line):
                middle = True
            else:
                (changed if middle else search).append(line)
            number += 1
        complete = middle and number < len(self.lines)
        path = path or (label if sure else None) or info_path or label
        self.found.append(Swap("\n".join(search), "\n".join(changed), path, complete))
        self.last_end = number + 1
        return number + 1


def _fence(line: str) -> tuple[str, str] | None:
    """Ticks and info string of a line that opens or closes a fence."""
    found = _FENCE.match(line)
    return (found[1], found[2].strip()) if found else None
