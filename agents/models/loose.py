"""Values as small models write them: JSON, Python literals and the mixtures in between, read strictly enough that
nothing is guessed. Iterative limits keep hostile text cheap: no recursion beyond `MAX_DEPTH`, a budget of tokens."""

import re
from typing import Any, NoReturn

MAX_DEPTH = 32
BUDGET = 200_000
"""Values and keys one reader reads before it gives up."""

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"[+-]?(?:\d[\d_]{0,300}\.?\d{0,300}|\.\d{1,300})(?:[eE][+-]?\d{1,3})?(?![\w.])")
_QUOTE = re.compile(r"[rRuU]?(\"\"\"|'''|[\"'`])")
_PLAIN = {quote: re.compile(r"[^\\" + quote + r"]+") for quote in "\"'`"}
_CONSTANTS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"', "'": "'", "`": "`"}
_HEX = {"u": re.compile(r"[0-9a-fA-F]{4}"), "U": re.compile(r"[0-9a-fA-F]{8}"), "x": re.compile(r"[0-9a-fA-F]{2}")}


class NotAValue(Exception):
    """The text at `at` is no value. `cut`: it simply ended too early. `members`: what the outermost object held."""

    def __init__(self, reason: str, at: int, *, cut: bool = False) -> None:
        super().__init__(reason)
        self.at = at
        self.cut = cut
        self.members: dict[str, Any] = {}


class LooseReader:
    """Reads values out of one text. All positions are offsets into it; the budget is shared by all reads."""

    def __init__(self, text: str, *, budget: int = BUDGET) -> None:
        self.text = text
        self._left = budget
        self._python = False

    def skip(self, at: int) -> int:
        """The next offset from `at` that is not white space."""
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def value(self, at: int, depth: int = 0) -> tuple[Any, int]:
        """The value that starts at `at` (white space allowed) and the offset behind it. Raises NotAValue."""
        at = self.skip(at)
        self._spend(at)
        if depth > MAX_DEPTH:
            raise NotAValue("it is nested too deeply", at)
        char = self.text[at : at + 1]
        if char == "{":
            return self._object(at, depth)
        if char == "[":
            return self._array(at, depth)
        if _QUOTE.match(self.text, at):
            return self._strings(at)
        return self._atom(at)

    def call_arguments(self, at: int) -> tuple[list[Any], dict[str, Any], int]:
        """Python call arguments from just behind the opening bracket: positional, named, offset behind `)`."""
        self._python = True
        try:
            return self._call_arguments(at)
        finally:
            self._python = False

    def _call_arguments(self, at: int) -> tuple[list[Any], dict[str, Any], int]:
        positional: list[Any] = []
        named: dict[str, Any] = {}
        while True:
            at = self.skip(at)
            if self.text.startswith(")", at):
                return positional, named, at + 1
            word = _WORD.match(self.text, at)
            after = self.skip(word.end()) if word else at
            if word and self.text[after : after + 1] == "=" and self.text[after + 1 : after + 2] != "=":
                named[word.group()], at = self.value(after + 1, 1)
            else:
                value, at = self.value(at, 1)
                positional.append(value)
            at = self._separator(at, ")")

    def _object(self, at: int, depth: int) -> tuple[dict[str, Any], int]:
        members: dict[str, Any] = {}
        at += 1
        try:
            while True:
                at = self.skip(at)
                if self.text.startswith("}", at):
                    return members, at + 1
                key, at = self._key(at)
                at = self.skip(at)
                if not self.text.startswith(":", at):
                    self._fail("a colon is missing", at)
                members[key], at = self.value(at + 1, depth + 1)
                at = self._separator(at, "}")
        except NotAValue as error:
            error.members = members  # the outermost object assigns last
            raise

    def _array(self, at: int, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        at += 1
        while True:
            at = self.skip(at)
            if self.text.startswith("]", at):
                return items, at + 1
            item, at = self.value(at, depth + 1)
            items.append(item)
            at = self._separator(at, "]")

    def _separator(self, at: int, closing: str) -> int:
        at = self.skip(at)
        if self.text.startswith(",", at):
            return at + 1
        if not self.text.startswith(closing, at):
            self._fail(f"a comma or {closing} is missing", at)
        return at

    def _key(self, at: int) -> tuple[str, int]:
        if _QUOTE.match(self.text, at):
            return self._string(at)
        word = _WORD.match(self.text, at)
        if not word:
            self._fail("a key is missing", at)
        return word.group(), word.end()

    def _atom(self, at: int) -> tuple[Any, int]:
        word = _WORD.match(self.text, at)
        if word and word.group() in _CONSTANTS:
            return _CONSTANTS[word.group()], word.end()
        number = _NUMBER.match(self.text, at)
        if not number:
            self._fail("a value is missing", at)
        digits = number.group().replace("_", "")
        return (int(digits) if re.fullmatch(r"[+-]?\d+", digits) else float(digits)), number.end()

    def _strings(self, at: int) -> tuple[str, int]:
        text, at = self._string(at)
        pieces = [text]
        while self._python and _QUOTE.match(self.text, self.skip(at)):  # "a" "b" is one string
            self._spend(at)
            text, at = self._string(self.skip(at))
            pieces.append(text)
        return "".join(pieces), at

    def _string(self, at: int) -> tuple[str, int]:
        opening = _QUOTE.match(self.text, at)
        if not opening:
            self._fail("a string is missing", at)
        quote = opening.group(1)
        raw = opening.group()[0] in "rR"
        pieces: list[str] = []
        at = opening.end()
        while True:
            plain = _PLAIN[quote[0]].match(self.text, at)
            if plain:
                pieces.append(plain.group())
                at = plain.end()
            if at >= len(self.text):
                raise NotAValue("a string is not closed", at, cut=True)
            if self.text.startswith(quote, at):
                return whole("".join(pieces)), at + len(quote)
            if self.text[at] != "\\":
                self._spend(at)
                pieces.append(self.text[at])
                at += 1
            elif raw:
                pieces.append(self.text[at : at + 2])
                at += 2
            else:
                self._spend(at)
                piece, at = self._escape(at, python=len(quote) == 3)
                pieces.append(piece)

    def _escape(self, at: int, *, python: bool) -> tuple[str, int]:
        char = self.text[at + 1 : at + 2]
        if not char:
            raise NotAValue("a string is not closed", at, cut=True)
        if char in _ESCAPES:
            return _ESCAPES[char], at + 2
        if char in _HEX:
            digits = _HEX[char].match(self.text, at + 2)
            if digits and int(digits.group(), 16) <= 0x10FFFF:
                return chr(int(digits.group(), 16)), digits.end()
        if char == "\n" and python:
            return "", at + 2
        return "\\" + char, at + 2  # \d in a regular expression: a backslash was meant

    def _spend(self, at: int) -> None:
        self._left -= 1
        if self._left < 0:
            raise NotAValue("it is too long", at)

    def _fail(self, reason: str, at: int) -> NoReturn:
        raise NotAValue(reason, at, cut=at >= len(self.text))


def whole(text: str) -> str:
    """`text` with surrogate pairs joined and lone surrogates replaced, so that it can be stored and written."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
