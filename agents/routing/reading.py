"""A task's text taken apart: its prose, the files it names, what it lists, and whether it brings a stack trace."""

import re
import unicodedata
from dataclasses import dataclass

from agents.missions.naming import named_files
from agents.routing.lexicon import lexicon, words_of
from agents.routing.surroundings import MOST_FILES, MOST_TEXT
from agents.sanitize import sanitize

_LONGEST_LINE = 400
_FENCE = re.compile(r"^[ \t]{0,12}(?:`{3,}|~{3,})")
_TRACE = re.compile(
    r"Traceback \(most recent call last\)"
    r"|^\s{0,20}File \"[^\"]{1,200}\", line \d"  # Python
    r"|^\s{0,20}at [\w.$<>/]{1,200}[ (]\S{0,200}:\d+"  # Java, JavaScript, C#
    r"|^goroutine \d+ \["
    r"|^panic: "
    r"|thread '[^']{0,80}' panicked at"  # Rust
    r"|^\s{0,20}(?:from )?\S{1,200}\.rb:\d+:in "
    r"|^#\d{1,3}\s+0x[0-9a-f]+ in ",  # a debugger's
)
_ITEM = re.compile(r"^ {0,6}(?:[-*+•]|\d{1,2}[.)])\s+\S")
_CODE = re.compile(r"`[^`\n]{1,200}`")
_CALLED = re.compile(r"\b([A-Za-z_]\w{1,60})\(")
_ARGUMENTS = re.compile(r"(?<=\w)\([^()\n]{0,100}\)")
_PATH = re.compile(r"(?<![\w@+-])\.{0,2}/?(?:[\w@+-]{1,80}[./]){1,12}\w{1,60}")
_TAG = re.compile(r"^\s{0,3}\[?([A-Za-z]{2,12})(?:\([\w./ -]{1,40}\))?\]?!?: ")
"""Of a commit or an issue: DOC: …, test(parser): …"""
_QUOTED = r"[\"“«„'‘][^\"”»“'’\n]{1,40}[\"”»“'’]"
_REPLACED = re.compile(
    rf"{_QUOTED}(?: in [\w./]{{1,60}})?"
    r"(?: should (?:be|read|say)|;? it should say| to| by| with| becomes|:| ->| →| instead of|, not)"
    rf" {_QUOTED}"
    r"|(?:^correct|\b(?:says|reads|word|spells)) [\"“'‘]\w{3,30}[\"”'’]"
    r"|\bs/[^/\s]{1,40}/[^/\s]{1,40}/",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.!?;:。!?;:]\s|[。!?;:]|\n")
_LISTED = re.compile(r"[,,、،]|\b(?:and|und|et|y|e|и)\b|&|\+")


@dataclass(frozen=True)
class Reading:
    """What a text says by its form, and the groups of the lexicon its words belong to."""

    words: tuple[str, ...]
    """Of the prose, in lower case: without code, paths and stack traces."""
    opening: tuple[str, ...]
    """The words of its first line."""
    found: dict[str, tuple[str, ...]]
    files: tuple[str, ...]
    """Files the prose names, as they are written."""
    subject: str
    """The file its text begins with, if it does."""
    functions: int
    """Different functions it names as calls: slugify(text)."""
    steps: int
    """Entries of its longest list, whether bullets or a sentence."""
    replaced: bool
    """It gives one short text to be put in the place of another."""
    stack_trace: bool
    tag: str
    """What it calls itself, in lower case: docs, test, fix; empty mostly."""


def read(text: str) -> Reading:
    """Take `text` apart. Whatever is beyond MOST_TEXT characters is not looked at."""
    clean = unicodedata.normalize("NFC", sanitize(text[:MOST_TEXT])).strip()
    tag = found[1].lower() if (found := _TAG.match(clean)) else ""
    prose, trace = _prose(clean)
    files = named_files(prose).named[:MOST_FILES]
    plain = _PATH.sub(" ", _ARGUMENTS.sub(" ", _CODE.sub(" ", prose)))
    low = plain.lower()
    words = words_of(low)
    called = set(_CALLED.findall(prose))
    return Reading(
        words=tuple(words),
        opening=tuple(
            words_of(low.lstrip().removeprefix(found[0].strip().lower() if found else "").partition("\n")[0])
        ),
        found=lexicon().find(words, low),
        files=files,
        subject=files[0] if files and prose.startswith(files[0]) else "",
        functions=len(called),
        steps=_steps(plain),
        replaced=len(prose) <= 300 and not called and _REPLACED.search(prose) is not None,
        stack_trace=trace,
        tag=tag,
    )


def _prose(text: str) -> tuple[str, bool]:
    """`text` without fenced code and without the lines of a stack trace; and whether there was one."""
    kept: list[str] = []
    trace = fenced = False
    for line in text.split("\n"):
        start = line[:_LONGEST_LINE]
        if _TRACE.search(start):
            trace = True
        elif _FENCE.match(start):
            fenced = not fenced
        elif not fenced:
            kept.append(line)
    return "\n".join(kept) or text, trace


def _steps(prose: str) -> int:
    bullets = sum(_ITEM.match(line[:40]) is not None for line in prose.split("\n"))
    sentences = (sentence for sentence in _SENTENCE.split(prose) if sentence)
    return max(bullets, max((len(_LISTED.findall(sentence)) + 1 for sentence in sentences), default=0))
