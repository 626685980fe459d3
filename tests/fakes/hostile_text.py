"""What a repository, a model or a server may say to hurt whoever shows it, and what must never reach a terminal."""

import re

CORPUS = {
    "clipboard": "\x1b]52;c;cm0gLXJm\x07",
    "title": "\x1b]0;owned\x1b\\",
    "hyperlink": "\x1b]8;;http://evil.example\x07x\x1b]8;;\x07",
    "clear": "\x1b[2J\x1b[H",
    "alternate": "\x1b[?1049l\x1bc",
    "questions": "\x1b[6n\x1b[c\x1bZ\x05",
    "paste": "\x1b[201~",
    "device": '\x1bP$q"p\x1b\\',
    "picture": "\x1b_Gf=100;AAAA\x1b\\",
    "private": "\x1b^x\x1b\\\x1bXx\x1b\\",
    "blinking": "\x1b[5;7;31m",
    "short": "\x9b31m\x9d0;owned\x9c\x90q\x9c\x85",
    "unfinished": "\x1b",
    "begun": "\x1b[",
    "nested": "\x1b\x1b[31m[31m\x1b]\x1b]0;x\x07",
    "erased": "rm -rf\x08\x08\x08\x08\x08\x08ls\x7f",
    "overwritten": "evil\rgood",
    "noise": "\x07\x0b\x0c\x0e\x0f\x00",
    "turned": "\u202egnp.exe\u2066x\u2069\u202c",
    "marks": "\u200e\u200f\u061c",
    "invisible": "a\u200bb\u2060\ufeff",
    "tags": "\U000e0001\U000e0041\U000e007f",
    "lines": "a\u2028b\u2029c\ufff9",
    "markup": "[/foo] [@click=app.quit]x[/] [red]",
}
EVERYTHING = "".join(CORPUS.values())
NAME = re.sub("[\x00/]", "", EVERYTHING)[:90]
"""As a file may be called."""
BRANCH = "feat-\u202e\x9b31m\u200b\u2066-\x9d0;owned\x9c"
"""As git lets a branch be called: no control characters, but those of C1."""

COLOURS = re.compile(r"\x1b\[(?:0|1|2|3[1-6])m")
"""The only sequences that commands write themselves."""
RAW = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]|\r(?!\r?\n)"
)


def raw_in(shown: str) -> list[str]:
    """What of `shown` no terminal should have got, with what stands around it."""
    left = COLOURS.sub("", shown)
    return [left[max(found.start() - 40, 0) : found.end() + 20] for found in RAW.finditer(left)]
