"""The board of a person who has never posted anything: three steps, and what is missing before they can work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from agents.sanitize import one_line
from app.screen.columns import joined
from app.screen.situation import spelt

if TYPE_CHECKING:
    from app.commands.diagnosis import Finding

_STEPS = (
    ("{new:n}", "Post a bounty", "what you want, and a command that tells when it is done"),
    ("{dispatch:d}", "Send it out", "an agent works in a worktree of its own, never in yours"),
    ("{accept:a}", "Accept what is proven", "{diff:v} shows the diff beside its check"),
)
_MORE = "{help:?} every key   {command::} type what to do   {palette:ctrl+p} search   {settings:,} settings"
_PLAIN_STEP = {"Post a bounty": "Post a task", "Send it out": "Start it"}
_MARKS = {"warn": ("▲", "!", "$warn"), "fail": ("✖", "x", "$bad"), "ok": ("✔", "+", "$good")}


def welcome(
    keys: Mapping[str, str],
    findings: Sequence[Finding] | None,
    *,
    ascii_only: bool = False,
    plain: bool = False,
    simulated: bool = False,
) -> list[Content]:
    """The empty board. `keys` are those a person remapped; `findings`: what was found missing, None: still looking."""
    lines = [Content.styled("No tasks yet." if plain else "No bounties yet.", "bold")]
    for number, (key, name, what) in enumerate(_STEPS, 1):
        name = _PLAIN_STEP.get(name, name) if plain else name
        lines.append(
            joined(
                (f"{number}  ", "$loud"),
                (f"Press {spelt(key, keys)}", "bold $info"),
                f"  {name}: ",
                (spelt(what, keys), "$quiet"),
            )
        )
    lines += [Content(""), *_found(findings, ascii_only=ascii_only, simulated=simulated)]
    lines += [Content(""), Content.styled(spelt(_MORE, keys), "$quiet")]
    return lines


def _found(findings: Sequence[Finding] | None, *, ascii_only: bool, simulated: bool) -> list[Content]:
    if simulated:
        return [Content.styled("SIMULATION: the models are scripted, the rest is real. Nothing here is paid.", "$warn")]
    if findings is None:
        return [Content.styled("Looking for models…", "$quiet")]
    if not findings:
        return []
    lines: list[Content] = []
    for finding in findings:
        glyph, letter, colour = _MARKS[finding.status]
        mark, name = letter if ascii_only else glyph, one_line(finding.name, 20)
        lines.append(joined((f"{mark} ", colour), f"{name}: ", (one_line(finding.detail, 200), "$quiet")))
        if finding.fix and finding.status != "ok":
            lines.append(joined("    ", (one_line(finding.fix, 200), colour)))
    return lines
