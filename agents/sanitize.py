"""Foreign text made safe for a terminal, at the boundary where it enters: nothing a model, a tool, a file name or a
repository says is stored, shown or spoken before it went through here."""

import re

_ESCAPE_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]?"  # CSI
    r"|\x1b[\]PX^_][^\x07\x1b\n\x80-\x9f]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, SOS, PM, APC, ended on its line:
    r"|\x9b[0-?]*[ -/]*[@-~]?"  # C1 CSI
    r"|[\x9d\x90\x98\x9e\x9f][^\x07\x1b\n\x80-\x9f]*(?:\x07|\x1b\\|\x9c)"  # one that is not would hide what follows
    r"|\x1b[ -/]*[0-~]?"  # every other escape
)
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    "\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"  # bidi and invisible controls
    "\ud800-\udfff"  # lone surrogates
    "\U000e0000-\U000e007f]"  # tags
)
_ODD = re.compile(r"[^\x20-\x7e\n\t]")
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0")
"""Letters and marks that look like nothing."""


def sanitize(text: str) -> str:
    """`text` without escape sequences, control characters (tab and newline stay), bidi controls or lone surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", _ESCAPE_SEQUENCES.sub("", text))


def one_line(text: str, limit: int = 200) -> str:
    """`text` sanitized, on one line, at most `limit` characters with an ellipsis where it was cut."""
    line = " ".join(sanitize(text[: limit * 8]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def visible(text: str) -> str:
    r"""`text` with everything that a terminal would obey, hide or turn round written out, as in \x1b or \u202e.

    A person must see exactly what will run: leaving out is no showing. Newlines and tabs stay.
    """
    return _ODD.sub(
        lambda found: found[0] if found[0].isprintable() and found[0] not in _BLANK else _spelt(ord(found[0])), text
    )


def _spelt(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
