"""A task as a page: why it stands where it stands, brief, plan, missions, proof, and what was said in its missions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from agents.routing.size import too_large
from agents.sanitize import one_line, sanitize
from app.screen.check_page import output_lines, review_lines, verdict_lines
from app.screen.columns import joined
from app.screen.looks import ANSWERED, complexity_colour, outcome_look, status_look, tier_colour
from app.screen.order_words import order_lines
from app.screen.why_page import complexity_lines, plan_lines
from app.screen.words import counted, dollars, span

if TYPE_CHECKING:
    from agents.models.chat import Message
    from agents.store.work_orders import Orchestration
    from agents.tasks import Mission, Task

MESSAGES = 60
"""Of a mission's transcript the last so many are shown."""
_TEXT = 4_000
_TONES = {"plain": "", "quiet": "$quiet", "info": "$info", "good": "$good", "bad": "$bad", "warn": "$warn"}
_SPLITTABLE = frozenset({"open", "needs_human", "failed"})


def task_page(
    task: Task,
    missions: Sequence[Mission],
    transcript: Sequence[Message],
    tail: str,
    *,
    parts: Sequence[Task] = (),
    order: Orchestration | None = None,
    ascii_only: bool = False,
) -> list[Content]:
    """The page. `transcript` is the latest mission's, `tail` what its model is saying right now; `parts` are those the
    task was split into, `order` the one it was orchestrated by."""
    look = status_look(str(task.status))
    lines = verdict_lines(task, ascii_only=ascii_only)
    lines.append(
        joined(
            (f"{look.mark(ascii_only)} {look.word}", look.colour),
            (f"  C{task.complexity}", complexity_colour(task.complexity)),
            (f"  P{task.priority}  {task.kind}", "$quiet"),
            (f"  pinned to {one_line(task.tier, 30)}" if task.tier else "", "$warn"),
            ("  orchestrated" if task.orchestrate else "", "$warn"),
            (f"  {one_line(task.branch, 80)}" if task.branch else "", "$info"),
        )
    )
    lines += _section("BRIEF", _text(task.brief) or [Content.styled("(the title says it all)", "$quiet")])
    lines += _section("PARTS", _parts(task, parts, ascii_only))
    if order is not None:
        lines += _section(
            "WORK ORDER", [Content.styled(text, _TONES[tone]) for text, tone in order_lines(order, missions)]
        )
    lines += _section("WHY", [*complexity_lines(task), *plan_lines(task)])
    lines += _section("MISSIONS", [line for mission in missions for line in _mission(mission, ascii_only)])
    lines += _section("REVIEW", review_lines(task.present_review, ascii_only=ascii_only))
    lines += _section("PROOF", output_lines(task))
    if missions:
        lines += _section(f"TRANSCRIPT {missions[-1].label}", transcript_lines(transcript))
    if tail:
        lines += _section("LIVE", _text(tail))
    return lines


def _section(title: str, lines: list[Content]) -> list[Content]:
    return [Content(""), Content.styled(title, "bold $loud"), *lines] if lines else []


def _text(text: str, colour: str = "") -> list[Content]:
    shown = sanitize(text[:_TEXT]).expandtabs(4).strip("\n")
    lines = [Content.styled(line, colour) for line in shown.split("\n")] if shown.strip() else []
    if len(text) > _TEXT:
        lines.append(Content.styled(f"… {len(text) - _TEXT} more characters", "$quiet"))
    return lines


def _parts(task: Task, parts: Sequence[Task], ascii_only: bool) -> list[Content]:
    """Each part as a person decides about it: what it does, what it waits for, how it is checked. Without parts: that
    the task looks too large, where it does."""
    if not parts:
        why = too_large(task) if task.status.value in _SPLITTABLE else ""
        said = f"It looks too large for one mission ({why}): S has it divided into parts."
        return [Content.styled(said, "$warn")] if why else []
    lines: list[Content] = []
    own = {part.id for part in parts}
    for part in parts:
        look = status_look(str(part.status))
        after = ", ".join(f"T{number}" for number in part.depends_on if number in own)
        lines.append(
            joined(
                (f"{look.mark(ascii_only)} {look.word}", look.colour),
                (f"  {part.label} C{part.complexity}  ", "$quiet"),
                one_line(part.title, 300),
                (f"  after {after}" if after else "", "$info"),
            )
        )
        lines += [joined("    ", line) for line in _text(part.brief, "$quiet")]
        check = f"    check: {one_line(part.check, 300)}" if part.check else "    no check of its own"
        lines.append(Content.styled(check, "$info"))
    return lines


def _mission(mission: Mission, ascii_only: bool) -> list[Content]:
    outcome = outcome_look(str(mission.outcome)) if mission.outcome is not None else status_look("running")
    kind = f"{mission.way}, {mission.variant}"
    if mission.role.value != "code":
        kind = str(mission.role)
        if str(mission.outcome) == "unverified":
            outcome = ANSWERED
    cost = "free" if mission.cost_nano == 0 else dollars(mission.cost_nano)
    line = joined(
        (f"{outcome.mark(ascii_only)} {outcome.word}", outcome.colour),
        f"  {mission.label}  {one_line(mission.agent, 24)}  ",
        (one_line(mission.tier, 20), tier_colour(mission.tier)),
        (
            f"  {kind}  {counted(mission.steps, 'step')}  {cost}  {span(mission.seconds)}",
            "$quiet",
        ),
    )
    said = [one_line(mission.reason, 400)] if mission.reason else []
    if mission.conventions:
        said.append(one_line(f"told: {'; '.join(mission.conventions)}", 400))
    return [line, *(Content.styled(f"  {text}", "$quiet") for text in said)]


def transcript_lines(messages: Sequence[Message]) -> list[Content]:
    """The last messages of a mission: who spoke, what was called, what came back."""
    lines: list[Content] = []
    if len(messages) > MESSAGES:
        lines.append(Content.styled(f"… {len(messages) - MESSAGES} earlier messages", "$quiet"))
    for message in messages[-MESSAGES:]:
        if message.content.strip():
            lines.append(Content.styled(message.role, "$info"))
            lines += _text(message.content)
        for call in message.tool_calls:
            arguments = one_line(str(call.arguments), 400)
            lines.append(joined(("▸ ", "$info"), (one_line(call.name, 40), "bold"), (f" {arguments}", "$quiet")))
        for result in message.tool_results:
            colour = "$bad" if result.is_error else "$quiet"
            lines += _text(result.content, colour)
    return lines
