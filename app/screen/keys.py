"""Names of keys: as a person writes them, as Textual knows them, as the screen shows them. Needs no Textual."""

from __future__ import annotations

import re
from difflib import get_close_matches

from agents.sanitize import one_line

MARKS = {
    " ": "space", "!": "exclamation_mark", '"': "quotation_mark", "#": "number_sign", "$": "dollar_sign",
    "%": "percent_sign", "&": "ampersand", "'": "apostrophe", "(": "left_parenthesis", ")": "right_parenthesis",
    "*": "asterisk", "+": "plus", ",": "comma", "-": "minus", ".": "full_stop", "/": "slash", ":": "colon",
    ";": "semicolon", "<": "less_than_sign", "=": "equals_sign", ">": "greater_than_sign", "?": "question_mark",
    "@": "at", "[": "left_square_bracket", "\\": "backslash", "]": "right_square_bracket", "^": "circumflex_accent",
    "_": "underscore", "`": "grave_accent", "{": "left_curly_bracket", "|": "vertical_line",
    "}": "right_curly_bracket", "~": "tilde",
}  # fmt: skip
"""Textual's names of the characters that are neither letters nor digits."""

_NAMED = (
    *("enter", "escape", "tab", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown"),
    *("up", "down", "left", "right", *(f"f{number}" for number in range(1, 13)), *MARKS.values()),
)
_ALIASES = {"esc": "escape", "return": "enter", "pgup": "pageup", "pgdn": "pagedown", "del": "delete"}
_MODIFIERS = ("ctrl", "alt", "shift", "super")
_SAME = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+j": "enter", "ctrl+left_square_bracket": "escape"}
"""What a terminal cannot tell from another key."""
_SHOWN = {
    "enter": "⏎", "escape": "esc", "up": "↑", "down": "↓", "left": "←", "right": "→", "space": "space",
    "pageup": "pgup", "pagedown": "pgdn",
    **{name: mark for mark, name in MARKS.items() if mark != " "},
}  # fmt: skip


class BadKey(ValueError):
    """No key. `str(error)` is a sentence about it, sanitized."""


def keys_of(text: str) -> tuple[str, ...]:
    """Textual's names of the keys in `text`: one, or several with commas between. Raises BadKey."""
    stripped = text.strip()
    if stripped == ",":
        return ("comma",)
    parts = [part for part in re.split(r"[,\s]+", stripped) if part]
    if not parts:
        raise BadKey('it is "": write a key, like "x", "ctrl+t" or "f5".')
    return tuple(dict.fromkeys(_key(part) for part in parts))


def _key(text: str) -> str:
    shown = one_line(text, 30)
    *modifiers, base = text.split("+") if len(text) > 1 and not text.endswith("+") else [text]
    if len(base) == 1:
        name = base if base.isalnum() and base.isascii() else MARKS.get(base, "")
    else:
        name = _ALIASES.get(base.lower(), base.lower())
        name = name if name in _NAMED else ""
    if not name or any(word not in _MODIFIERS for word in (part.lower() for part in modifiers)):
        close = get_close_matches(base.lower(), _NAMED, n=1, cutoff=0.6)
        hint = f" Did you mean {close[0]}?" if close and close[0] != base.lower() else " Write it like ctrl+t or f5."
        raise BadKey(f"{shown!r} is no key.{hint}")
    held = {part.lower() for part in modifiers}
    if held and len(name) == 1 and name.isupper():
        held.add("shift")
        name = name.lower()
    if held == {"shift"} and len(name) == 1:
        return name.upper()
    key = "+".join([*(word for word in _MODIFIERS if word in held), name])
    if key in _SAME:
        raise BadKey(f"{shown} cannot be used: a terminal sends the same for {_SAME[key]}.")
    return key


def written(keys: str) -> str:
    """Textual's names, as the footer and the help write them; several with a space between."""
    return " ".join("+".join(_SHOWN.get(part, part) for part in key.split("+")) for key in keys.split(","))
