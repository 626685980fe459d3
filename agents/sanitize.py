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


def sanitize(text: str) -> str:
    """`text` without escape sequences, control characters (tab and newline stay), bidi controls or lone surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", _ESCAPE_SEQUENCES.sub("", text))


def spelt_out(text: str) -> str:
    """`text` with every such character written as an escape, for what a person decides about: nothing is left out of
    it, as sequences that a terminal would swallow, or characters it does not show. Tab and newline stay."""
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)


def one_line(text: str, limit: int = 200) -> str:
    """`text` sanitized, on one line, at most `limit` characters with an ellipsis where it was cut."""
    line = " ".join(sanitize(text[: limit * 8]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
