"""The one who takes secrets out of what War Room writes: by their looks, and by the values this process knows.

It stands at the boundaries: where text enters the store, a log, the bus, an export, or a prompt to somebody's server.
"""

import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from agents.known_secrets import KnownSecrets, of_environment
from agents.redact import Redaction, redact_all, redaction
from agents.secret_files import secrets_of_folder

_SHORTEST = 6
"""Characters of a text that may hold a secret and what shows that it is one."""
_SHORT = 500
_REMEMBERED = 2000
"""Short texts whose redaction is remembered: titles and reasons come again with every change of a row."""
_HOLD = 8192
"""Characters without a space that are held back at most."""
_CONTEXT = 400
"""Characters already told that are looked at again: the name before a value, the beginning of its line."""
_KEY = 16_384
"""Characters of a private key that are held back until its end comes."""
_BEGIN, _END = "-----BEGIN ", "-----END "


class Redactor:
    """Takes secrets out of texts. What it knows only grows; safe to use from any thread."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._known = KnownSecrets(values)
        self._short = lru_cache(_REMEMBERED)(self._redacted)

    def learn(self, values: Iterable[str]) -> None:
        """From now on these are secret."""
        more = frozenset(values) - self._known.values
        if more:
            self._known = KnownSecrets(self._known.values | more)
            self._short = lru_cache(_REMEMBERED)(self._redacted)

    def learn_environment(self, environ: Mapping[str, str]) -> None:
        """The values of variables that are called a secret."""
        self.learn(of_environment(environ))

    def redact(self, text: str) -> str:
        """`text` with every secret replaced by MARK."""
        if len(text) < _SHORTEST:
            return text
        return self._short(text) if len(text) <= _SHORT else self._redacted(text)

    def _redacted(self, text: str) -> str:
        return self.redaction(text).shown

    def redaction(self, text: str) -> Redaction:
        """The same, with the way back."""
        return redaction(text, self._known)

    def redact_all(self, value: Any) -> Any:
        """The same for every text in a JSON-like value."""
        return redact_all(value, self.redact)


class RedactedStream:
    """Text that comes in pieces, passed on with its secrets taken out, however the pieces cut them apart.

    What is not complete is held back: the last word, and a private key until its end.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._told = ""
        self._held = ""

    def feed(self, text: str) -> Redaction:
        """What is complete so far and was not passed on yet."""
        self._held += text
        return self._pass_on(_complete(self._held))

    def flush(self) -> Redaction:
        """The rest, at the end."""
        return self._pass_on(len(self._held))

    def _pass_on(self, cut: int) -> Redaction:
        text, self._held = self._held[:cut], self._held[cut:]
        if not text:
            return Redaction("")
        before = len(self._told)
        known = self._redactor.redaction(self._told + text)
        told = Redaction(text)
        told.cover((max(0, start - before), end - before) for start, end in known.spans if end > before)
        self._told = (self._told + text)[-_CONTEXT:]
        return told


def _complete(text: str) -> int:
    """How much of `text` can be judged without what comes after it."""
    begin = text.rfind(_BEGIN)
    if begin >= 0 and text.find(_END, begin) < 0 and len(text) - begin < _KEY:
        return _after_space(text, begin)
    return _after_space(text, len(text))


def _after_space(text: str, end: int) -> int:
    """After the last white space before `end`; a word without an end is cut all the same."""
    at = max(text.rfind(sign, 0, end) for sign in " \n\t")
    return at + 1 if end - at <= _HOLD else end - _CONTEXT


SECRETS: Final = Redactor()
"""What this process knows: one set for all it writes, as whatever was secret once stays so."""


def learn_secrets(folder: Path) -> None:
    """Have SECRETS know those of this process's environment and of the .env files in `folder`. Reads files."""
    SECRETS.learn(of_environment(os.environ) | secrets_of_folder(folder))
