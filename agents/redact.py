"""Secrets found in text by what they look like, and taken out of it.

What is taken: keys of known formats, private key blocks, passwords in URLs, the values of what is called a password, a
secret, a key or a token, and random text in lines like those of an .env file. What stays: hashes, UUIDs, code. Time is
linear in the length of the text, and redacting what was redacted changes nothing. `agents.redactor` also knows values.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from agents.redaction import Redaction
from agents.secret_formats import Span, known_formats, private_keys
from agents.secret_values import (
    MARK,
    Promise,
    entropy,
    is_code,
    is_placeholder,
    is_worded,
    looks_like_no_hash,
    looks_random,
    promise,
)

__all__ = ["MARK", "Finder", "Redaction", "redact", "redact_all", "redaction"]

_PLACE = re.compile(r"[~.]{0,2}/|[a-z]{2,8}://")
_NAMES = re.compile(r"[-_./:]")
_ROUNDS = 6
"""What stood in the middle of a secret may show another one once that is gone; more often only by design."""
_LONGEST = 4000
"""Characters of a quoted value that are looked through for its end."""

_STEM = re.compile(r"pass|pwd|secret|token|credential|auth|jwt|key")
"""What names of secrets hold, in small letters; looked for first, as that is ten times faster than the whole names."""
_KEY_OF = re.compile(r"(?:api|access|private|signing|encryption|master|account|app)[_-]?\Z")
_NAME_BEFORE = re.compile(r"[A-Za-z0-9_.-]{0,60}\Z")
_NAME_AFTER = re.compile(r"[A-Za-z0-9_-]{0,40}")
_QUOTED = re.compile(
    r"""\\?["'`]?\]?\)?\s{0,8}"""  # the end of a quoted or indexed name
    r"""(?::\s{0,4}[A-Za-z_][\w.|\[\] ]{0,40}?\s{0,4}(?==))?"""  # its type
    r"""(?P<sign>=>|:=|={1,3}|!={1,2}|:|,)\s{0,8}"""
    r"""[bBrRuUfF]{0,2}(?P<quote>\\?(?:\"{3}|'{3}|["'`]))"""
)
_BARE = re.compile(
    r"""(?P<sign>=|[ \t]{1,4}=[ \t]{1,4}|\\?["']?:[ \t]{1,8}|[ \t]{1,4}|>)"""
    r"""(?P<value>[^\s"'`<>\\&=][^\s"'`<>\\]{2,400})"""
)
_HEADER = re.compile(
    r"""authorization\\?["']?\s{0,4}[:=,]\s{0,4}\\?["']?(?:bearer|basic|token|digest)\s{1,4}([^\s"'\\,;]{8,2000})""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\bBearer\s{1,4}([A-Za-z0-9._~+/=-]{16,2000})")
_URL = re.compile(r"""\b[A-Za-z][A-Za-z0-9+.-]{1,20}://([^\s/:@"'<>`]{0,200})(?::([^\s/"'<>`]{1,300}))?@""")
_ENV_LINE = re.compile(
    r"""(?:^|(?<=\\n))[ \t>+-]{0,4}(?:export[ \t]{1,4})?[A-Z][A-Z0-9_]{1,60}=["']?([A-Za-z0-9+/=_.-]{20,2000})"""
    r"""["']?(?=[ \t]*(?:\r?$|\\r|\\n))""",
    re.MULTILINE,
)


Finder = Callable[[str], Iterable[Span]]
"""Where secrets of some kind stand in a text."""


def redact(text: str) -> str:
    """`text` with every secret in it replaced by MARK."""
    return redaction(text).shown


def redaction(text: str, *known: Finder) -> "Redaction":
    """`text` and what of it is secret: what `known` find, and what looks so."""
    found = Redaction(text)
    for _ in range(_ROUNDS):
        before = found.shown
        for find in (*known, *_FINDERS):
            found.cover(find(found.shown))
        if found.shown == before:
            break
    return found


def redact_all(value: Any, redact: Callable[[str], str] = redact) -> Any:
    """The same for every text in a JSON-like value. A text under a secret's name is judged by that name too."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _redact_member(key, item, redact) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_all(item, redact) for item in value]
    return value


def _redact_member(key: object, item: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(key, str) and isinstance(item, str) and _is_secret(promise(key), item):
        return MARK
    return redact_all(item, redact)


def _in_urls(text: str) -> Iterator[Span]:
    if "://" not in text or "@" not in text:
        return
    for match in _URL.finditer(text):
        if match[2] is not None and not is_placeholder(match[2]):
            yield match.span(2)
        elif match[2] is None and looks_random(match[1]) and not is_placeholder(match[1]):
            yield match.span(1)


def _in_headers(text: str) -> Iterator[Span]:
    for match in _HEADER.finditer(text):
        if not is_placeholder(match[1]):
            yield match.span(1)
    if "Bearer" in text:
        yield from (match.span(1) for match in _BEARER.finditer(text) if looks_random(match[1]))


def _in_env_lines(text: str) -> Iterator[Span]:
    if "=" not in text:
        return
    for match in _ENV_LINE.finditer(text):
        value = match[1]
        if looks_random(value) and looks_like_no_hash(value) and entropy(value) >= 3.5:
            yield match.span(1)


def _assigned(text: str) -> Iterator[Span]:
    """Values of what is called a secret: quoted ones in code, bare ones in settings, flags and queries."""
    lowered, at, floor = _lowered(text), 0, 0
    while keyword := _STEM.search(lowered, at):
        begin, after = keyword.span()
        if keyword[0] == "key":
            of = _KEY_OF.search(lowered, max(floor, begin - 11), begin)
            if of is None:
                at = after
                continue
            begin = of.start()
        before, rest = _NAME_BEFORE.search(text, max(floor, begin - 60), begin), _NAME_AFTER.match(text, after)
        at = floor = rest.end() if rest else after
        start = before.start() if before else begin
        name = text[start:at]
        sure = promise(name)
        if sure is Promise.NONE:
            continue
        found = _quoted(text, start, at, sure) or _bare(text, start, at, sure)
        if found is not None:
            yield found
            at = floor = max(at, found[1])


def _lowered(text: str) -> str:
    """`text` in small letters, each in its place."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(letter.lower()[:1] for letter in text)


def _quoted(text: str, start: int, at: int, sure: Promise) -> Span | None:
    match = _QUOTED.match(text, at)
    if match is None:
        return None
    begin, quote = match.end(), match["quote"]
    end = _closing(text, begin, quote)
    if end is None:
        return None
    value = text[begin:end]
    if match["sign"] == ",":
        sure = min(sure, Promise.PERHAPS)
    setting = match["sign"] == "=" and text[start:at].isupper() and match.start("quote") == match.end("sign")
    return (begin, end) if _is_secret(sure, value, setting=setting) else None


def _closing(text: str, begin: int, quote: str) -> int | None:
    """Where the text that `quote` opened ends; None when it does not on its line, or not soon."""
    limit = begin + _LONGEST
    if len(quote) < 3:
        line = text.find("\n", begin, limit)
        limit = line if line >= 0 else limit
    end = text.find(quote, begin, limit)
    while len(quote) == 1 and end > begin and _escaped(text, begin, end):
        end = text.find(quote, end + 1, limit)
    return end if end >= 0 else None


def _escaped(text: str, begin: int, at: int) -> bool:
    run = at - begin - len(text[begin:at].rstrip("\\"))
    return run % 2 == 1


def _bare(text: str, start: int, at: int, sure: Promise) -> Span | None:
    match = _BARE.match(text, at)
    if match is None:
        return None
    name, sign, value = text[start:at], match["sign"], match["value"].rstrip(",;")
    first, setting = text[max(0, start - 1) : start], False
    if sign == ">":
        fits = first == "<"
    elif sign.isspace():
        fits = name.startswith("--") and looks_random(value)
    elif sign == "=" and first in {"?", "&"}:
        fits = setting = True
        value = value.partition("&")[0].partition("#")[0]
    elif sign == "=" and (name.isupper() or name.startswith("-")):
        fits = setting = True
    else:
        fits = _is_line(text, start, match) and _is_odd(value, sure, sign)
    if name.endswith("PWD") and value.startswith("/"):
        return None  # a shell's folder
    begin = match.start("value")
    if not fits or is_code(value) or not _is_secret(sure, value, setting=setting):
        return None
    return begin, begin + len(value)


def _is_line(text: str, start: int, match: re.Match[str]) -> bool:
    """A line of YAML, INI or headers, or a quoted header: nothing but the name and the value."""
    before, after = text[max(0, start - 12) : start], text[match.end() : match.end() + 3]
    if before[-1:] in {'"', "'"} and after[:1] == before[-1:]:
        return True
    ends = after[:1] in {"", "\n", "\r"} or after.lstrip(" \t")[:1] == "#"
    return ends and not before.rpartition("\n")[2].strip(" \t-+>\"'")


def _is_odd(value: str, sure: Promise, sign: str) -> bool:
    """No plain word: what a person would have quoted, had it been code."""
    digit = any(letter.isdigit() for letter in value)
    return looks_random(value) or (sure is Promise.SURELY and digit and (":" in sign or not value.isidentifier()))


def _is_secret(sure: Promise, value: str, *, setting: bool = False) -> bool:
    """`setting`: it stands in a line of settings, where a text is a value and never code."""
    if sure is Promise.NONE or is_placeholder(value) or len(value) < (3 if setting else 6):
        return False
    if any(letter.isspace() for letter in value) and not setting:
        return False
    if sure is Promise.SURELY:
        return not (_PLACE.match(value) if setting else _NAMES.search(value)) or not is_worded(value)
    mixed = any(letter.isdigit() for letter in value) and any(letter.isalpha() for letter in value)
    return looks_random(value) or (setting and mixed and len(value) >= 8 and not is_worded(value))


_FINDERS: Final = (private_keys, _in_urls, _in_headers, _assigned, _in_env_lines, known_formats)
