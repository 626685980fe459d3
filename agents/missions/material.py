"""What a planner or a reviewer reads, trimmed to the model's window with everything that is left out named."""

import re

from agents.missions.context import fitting
from agents.models.tokens import estimate_tokens
from agents.sanitize import one_line, sanitize

LISTED = 200
"""Files of a diff that are listed by name when it does not fit."""
_CHARACTERS_A_TOKEN = 8
_FILE = re.compile(r"^(?=diff --git )", re.MULTILINE)


def diff_within(diff: str, tokens: int) -> str:
    """`diff` in at most about `tokens` tokens: whole where it fits, else its files listed, and of each what fits."""
    clean = sanitize(diff).strip("\n")
    if len(clean) <= tokens * _CHARACTERS_A_TOKEN and estimate_tokens(clean) <= tokens:
        return clean
    files = [part for part in _FILE.split(clean) if part.strip()]
    heads = [one_line(part.partition("\n")[0].removeprefix("diff --git "), 160) for part in files]
    listing = [f"{head}: {part.count(chr(10))} lines" for head, part in zip(heads, files, strict=True)][:LISTED]
    more = f"\n… and {len(files) - LISTED} more files" if len(files) > LISTED else ""
    head = fitting("This diff is too long to be shown whole. Its files:\n" + "\n".join(listing) + more, tokens // 2)
    shown = _shares(files, tokens - estimate_tokens(head))
    return "\n".join([head, *(part for part in shown if part)])


def _shares(files: list[str], tokens: int) -> list[str]:
    """Each file within an equal share; what short files leave over goes to the long ones."""
    shown = [""] * len(files)
    places = sorted(range(len(files)), key=lambda place: len(files[place]))
    for done, place in enumerate(places):
        share = tokens // (len(files) - done)
        if share < 40:
            break  # a line or two of each of very many files would say nothing
        shown[place] = fitting(files[place].strip("\n"), share)
        tokens -= min(share, estimate_tokens(shown[place]))
    return shown
