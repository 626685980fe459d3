"""A work order in lines, for the task's page and for `warroom show`: what was ordered, who wrote what, the reviews."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from agents.sanitize import one_line
from app.screen.words import counted, dollars

if TYPE_CHECKING:
    from agents.store.work_orders import Orchestration
    from agents.tasks import Mission

Tone = Literal["plain", "quiet", "info", "good", "bad", "warn"]
Line = tuple[str, Tone]


def order_lines(state: Orchestration, missions: Sequence[Mission]) -> Iterator[Line]:
    """The order as it stands, its check with its strength, each part with who wrote it, each reading."""
    order, by_id = state.present, {mission.id: mission for mission in missions}
    yield f"{one_line(order.summary, 300)} (by {state.tier}, {one_line(state.model, 60)})", "plain"
    yield f"files: {', '.join(one_line(name, 100) for name in order.files)}", "quiet"
    for interface in order.interfaces:
        does = f": {interface.does}" if interface.does else ""
        yield f"{one_line(interface.file, 100)}: {one_line(interface.signature, 200)}{one_line(does, 200)}", "quiet"
    for convention in order.conventions:
        yield f"convention: {one_line(convention, 200)}", "quiet"
    yield f"to be shown: {one_line(order.acceptance, 600)}", "quiet"
    yield _check(state)
    for number, (part, now) in enumerate(zip(order.parts, state.parts, strict=True), 1):
        wrote = by_id.get(now.mission or 0)
        who = f"{wrote.label} {wrote.tier} {one_line(wrote.model, 60)}" if wrote else "not written yet"
        more = "".join((", mended" if now.mended else "", f", handed to {now.tier}" if now.tier else ""))
        said = f"part {number} ({part.work}): {one_line(part.title, 200)}: {who}{more}"
        yield said, "good" if wrote else "warn" if state.ended == "failed" else "info"
    for number, one in enumerate(state.rounds, 1):
        word = "approves" if one.approves else f"asks for {counted(len(one.findings), 'correction')}"
        said = f"review {number} by {one.tier}, {dollars(one.cost_nano)}: {word}. {one_line(one.summary, 300)}"
        yield said, "good" if one.approves else "warn"
        for finding in () if one.approves else one.findings:
            place = one_line(finding.path, 200) + (f":{finding.line}" if finding.line else "")
            yield f"  {place} {one_line(finding.text, 400)}".rstrip(), "quiet"
    if state.ended in {"failed", "disapproved"}:
        yield f"given up: {one_line(state.reason, 400)}", "bad"


def _check(state: Orchestration) -> Line:
    check = state.check
    if check is None:
        return "no acceptance check yet", "info"
    by = f"written by {check.tier}, {one_line(check.model, 60)}" if check.written else "the task's own"
    where = f", {one_line(check.path, 100)}" if check.written else ""
    how = check.strength if check.base is not None else "not tried yet"
    return f"check: {one_line(check.command, 200)} ({by}{where}; {how})", "warn" if check.passed else "info"
