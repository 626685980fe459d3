"""What a name and a value give away: whether a name promises a secret, and whether a value can be one."""

import math
import re
from collections import Counter
from enum import IntEnum
from typing import Final

MARK: Final = "[redacted]"
"""What stands where a secret stood."""


class Promise(IntEnum):
    """How surely what is called so is a secret."""

    NONE = 0
    PERHAPS = 1
    """Of a token, say: a parser has tokens too. The value must look random."""
    SURELY = 2
    """Of a password: whatever stands there, unless it is plainly a placeholder or code."""


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SURE = frozenset({"password", "passwd", "passphrase", "passcode", "pwd", "secret", "apikey", "credential"})
_PERHAPS = frozenset({"token", "auth", "authorization", "pass", "jwt", "credentials", "secrets", "pat"})
_KEYS = frozenset({"api", "access", "secret", "private", "signing", "encryption", "master", "account", "app", "auth"})
_TOKENS = frozenset({"access", "auth", "bearer", "refresh", "api", "bot", "personal", "deploy", "oauth"})

_WORDS = """
a access account admin an and api app apikey auth authorization base basic bearer bot change changed changeme client
config confirm credential credentials current db default demo dummy empty env environ example fake false field file
for forgot form from get header here hidden id in input insert invalid is it key login missing mock my name new no
none null of off old on oauth optional or os param pass passcode passphrase passwd password path personal
placeholder private process provided put pwd query read redacted refresh replace request required reset sample
secret secrets self set setting settings some str string test text the this to todo token true type undefined unset
url user username value var variable with wrong x xx xxx xxxx yes your
"""
_VOCABULARY = frozenset(_WORDS.split())
_PATTERN = re.compile(r"\[[^\]]*\w-\w[^\]]*\]")
"""A regular expression's class of characters."""
_REFERENCE = re.compile(r"\$\{.*|\$\(.*|\$[A-Za-z_]+|<[^<>]*>|.*\{[^{}]*\}.*|.*%[sdr].*|.*%\(.*|@[a-z_]+", re.DOTALL)
_CODE = re.compile(r"[A-Za-z_][\w.]*(?:[(\[]|\(.*\)|\[.*\]|\)+)")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_TYPE = re.compile(r"(?:[ui](?:8|16|32|64|128)|f(?:16|32|64)|u?int\d*|float\d*|(?:var)?char\d*|\w*8Array|base\d\d)\b.*")
_PART = re.compile(
    r"[A-Z]?[a-z]{2,}(?:[A-Z][a-z]{2,})*|[A-Z]+|[a-z]|\d{1,4}|v\d+|[A-Za-z][a-z]+\d{1,4}|[A-Z]{2,8}\d{1,4}|x\d\d"
)
_HEX_PART = re.compile(r"[0-9a-f]{4}|[0-9a-f]{7,128}|[0-9A-F]{4}|[0-9A-F]{7,128}")
_SEPARATOR = re.compile(r"[^A-Za-z0-9]+")
_DIGEST = re.compile(r"(?:sha\d{1,3}|md5|blake2b)[-:=]", re.IGNORECASE)


def promise(name: str) -> Promise:
    """Whether what is called `name` (DB_PASSWORD, x-api-key, accessToken) is a secret. Its last words decide."""
    words = [word.lower() for word in _WORD.findall(name) if not word.isdigit()]
    if words[-3:] == ["secret", "key", "base"]:
        return Promise.SURELY
    if not words:
        return Promise.NONE
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _SURE or (last == "key" and before in _KEYS) or (last == "token" and before in _TOKENS):
        return Promise.SURELY
    return Promise.PERHAPS if last in _PERHAPS else Promise.NONE


def is_placeholder(value: str) -> bool:
    """Nothing is given away: empty, a reference, a template, a word for itself, or redacted already."""
    if MARK in value or "..." in value or "…" in value or len(set(value)) <= 1:
        return True
    if _REFERENCE.fullmatch(value) or _PATTERN.search(value):
        return True
    words = [word.lower() for word in _WORD.findall(value)]
    return all(word in _VOCABULARY or word.isdigit() and len(word) < 3 for word in words)


def is_code(value: str) -> bool:
    """A bare value that is an expression or a type rather than a text."""
    return bool(_CODE.fullmatch(value) or _TYPE.fullmatch(value) or (_DOTTED.fullmatch(value) and is_worded(value)))


def is_worded(value: str) -> bool:
    """Made of words and small numbers, as paths, names and versions are."""
    return all(not part or _PART.fullmatch(part) for part in _SEPARATOR.split(value))


def looks_random(value: str) -> bool:
    """Long, of letters and digits, and not of words: what a secret of a machine looks like. Hashes do too."""
    return (
        len(value) >= 16
        and any(letter.isdigit() for letter in value)
        and any(letter.isalpha() for letter in value)
        and not any(letter.isspace() for letter in value)
        and not is_worded(value)
        and entropy(value) >= 3.0
    )


def looks_like_no_hash(value: str) -> bool:
    """Not a commit hash, a digest, a UUID or a name with one of them in it."""
    if _DIGEST.match(value):
        return False
    return not all(not part or _PART.fullmatch(part) or _HEX_PART.fullmatch(part) for part in _SEPARATOR.split(value))


def entropy(text: str) -> float:
    """Bits per character, by how often each occurs in `text`."""
    size = len(text)
    return -sum(times / size * math.log2(times / size) for times in Counter(text).values())
