"""Values that are known to be secret, found again wherever they stand: whole, encoded, or cut off."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, unquote, urlsplit

from agents.secret_formats import Span
from agents.secret_values import Promise, entropy, is_placeholder, is_worded, looks_like_no_hash, looks_random, promise

SHORTEST = 8
"""Characters of a value that is looked for: a shorter one stands in many words."""
_PIECE = 12
"""Characters of the beginning or end of a long value that give it away where a cut took the rest."""
_LONG = 24
_EDGE = 5
"""The same for a shorter value right at the beginning or the end of a text, where it may have been cut."""
_LONGEST = 10_000
_PLACES = ("/", "~", "./", "../", "\\")


class KnownSecrets:
    """Some values, found in linear time."""

    def __init__(self, values: Iterable[str]) -> None:
        """`values`, as `worth_knowing` gives them; forms in which they also stand in texts are found too."""
        self.values = frozenset(values)
        forms = {form for value in self.values for form in _forms(value)}
        self._long = tuple(sorted(form for form in forms if len(form) >= _LONG))
        self._short = tuple(sorted(form for form in forms if len(form) < _LONG))
        self._heads = frozenset(form[:size] for form in self._short for size in range(_EDGE, len(form)))
        self._tails = frozenset(form[-size:] for form in self._short for size in range(_EDGE, len(form)))

    def __call__(self, text: str) -> Iterator[Span]:
        """Where they stand in `text`. What stands between two cuts is found by what is left of its head or tail."""
        if not self.values:
            return
        for form in self._short:
            yield from _every(text, form)
        for form in self._long:
            for start, end in _every(text, form[:_PIECE]):
                yield start, end + _common(form, text, len(form) - _PIECE, at=_PIECE, there=end)
            for start, end in _every(text, form[-_PIECE:]):
                yield start - _common_back(form, text, there=start), end
        yield from self._at_edges(text)

    def _at_edges(self, text: str) -> Iterator[Span]:
        shown = text.rstrip("…")
        for size in range(min(_LONG, len(shown)), _EDGE - 1, -1):
            if shown[-size:] in self._heads:
                yield len(shown) - size, len(shown)
                break
        start = len(text) - len(text.lstrip("…"))
        for size in range(min(_LONG, len(text) - start), _EDGE - 1, -1):
            if text[start : start + size] in self._tails:
                yield start, start + size
                break


def worth_knowing(name: str, value: str) -> Iterator[str]:
    """What of a variable's value is secret: the whole, its password where it is a URL, or nothing.

    A value counts when the name promises a secret or it looks random, and when it is no common word: it will be taken
    out of every text.
    """
    value = value.strip()
    if not SHORTEST <= len(value) <= _LONGEST or is_placeholder(value) or value.startswith(_PLACES):
        return
    if "://" in value:
        password = _password(value)
        if password is not None and len(password) >= SHORTEST and not is_placeholder(password):
            yield from {password, unquote(password)}
        return
    if "PRIVATE KEY-----" in value:
        yield from (
            line for line in value.replace("\\n", "\n").split("\n") if len(line) >= _LONG and "-----" not in line
        )
        return
    if _is_secret(promise(name), value):
        yield value


def of_environment(environ: Mapping[str, str]) -> set[str]:
    """The secret values among variables, by their names and looks."""
    return {secret for name, value in environ.items() if _named(name) for secret in worth_knowing(name, value)}


def _named(name: str) -> bool:
    """A variable of a process has to be called a secret: what else looks random there are identifiers and paths."""
    return promise(name) is not Promise.NONE or "KEY" in name.upper() or "URL" in name.upper() or "DSN" in name.upper()


def _is_secret(sure: Promise, value: str) -> bool:
    if sure is Promise.SURELY:
        mixed = any(letter.isdigit() for letter in value) and any(letter.isalpha() for letter in value)
        return mixed or not is_worded(value) or len(value) >= 16
    return looks_random(value) and (sure is Promise.PERHAPS or looks_like_no_hash(value)) and entropy(value) >= 3.0


def _password(url: str) -> str | None:
    try:
        return urlsplit(url).password
    except ValueError:
        return None


def _forms(value: str) -> set[str]:
    """`value`, and as it stands in JSON, in a URL, and by itself in base 64."""
    data = value.encode("utf-8", "surrogateescape")
    coded = base64.b64encode(data).decode().rstrip("=")
    forms = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], quote(data, safe="")}
    return forms | ({coded} if len(coded) >= 16 else set())


def _every(text: str, piece: str) -> Iterator[Span]:
    at = text.find(piece)
    while at >= 0:
        yield at, at + len(piece)
        at = text.find(piece, at + len(piece))


def _common(form: str, text: str, most: int, *, at: int, there: int) -> int:
    """How many characters of `form` from `at` on stand in `text` from `there` on."""
    size = 0
    while size < most and there + size < len(text) and text[there + size] == form[at + size]:
        size += 1
    return size


def _common_back(form: str, text: str, *, there: int) -> int:
    """How many characters before the last piece of `form` stand in `text` before `there`."""
    size, most = 0, len(form) - _PIECE
    while size < most and there - size > 0 and text[there - size - 1] == form[most - size - 1]:
        size += 1
    return size
