"""A task's proof as lines: outcome, warnings, the check's command, its exit codes base → result, its output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from agents.sanitize import one_line, sanitize
from app.screen.columns import joined
from app.screen.looks import outcome_look, status_look
from app.screen.words import counted, dollars, exit_word, span

if TYPE_CHECKING:
    from agents.tasks import CheckResult, Finding, Review, Task

OUTPUT_LINES = 400


def verdict_lines(task: Task, *, ascii_only: bool = False) -> list[Content]:
    """What the harness says of the task, in a few lines."""
    look = outcome_look(str(task.outcome)) if task.outcome is not None else status_look(str(task.status))
    lines = [
        joined(
            (f"{look.mark(ascii_only)} {look.word}", f"bold {look.colour}"),
            f"  {task.label}  {one_line(task.title, 300)}",
        )
    ]
    if task.reason:
        lines.append(Content.styled(one_line(task.reason, 400), "$quiet"))
    lines += [Content.styled(f"! {one_line(warning, 300)}", "$warn") for warning in task.warnings]
    lines.append(exit_line(task, ascii_only=ascii_only))
    if task.model_used:
        tried = f"{counted(task.missions, 'mission')}  {counted(task.steps, 'step')}"
        used = f"{task.tier_used}  {one_line(task.model_used, 60)}  {tried}  "
        cost = "free" if task.cost_nano == 0 else dollars(task.cost_nano)
        lines.append(Content.styled(f"{used}{cost}  {span(task.seconds)}", "$quiet"))
    return lines


def exit_line(task: Task, *, ascii_only: bool = False) -> Content:
    """`check: base exit 1 → result exit 0   pytest -q`. The codes come first: a command may be long."""
    base, result = task.base_check, task.result_check
    command = result.command if result else base.command if base else task.check
    if command is None:
        return Content.styled("No check: nothing was run beyond parsing the files.", "$warn")
    arrow = "->" if ascii_only else "→"
    return joined(
        ("check: base ", "$quiet"),
        _exit(base),
        (f" {arrow} result ", "$quiet"),
        _exit(result),
        "   ",
        (one_line(command, 300), "$info"),
    )


def _exit(result: CheckResult | None) -> tuple[str, str]:
    if result is None:
        return "not run", "$quiet"
    return exit_word(result.exit_code), "$good" if result.green else "$bad"


_SEVERITIES = {"error": ("✖", "x", "$bad"), "warning": ("!", "!", "$warn"), "note": ("·", "-", "$quiet")}


def finding_line(finding: Finding, *, with_place: bool = True, ascii_only: bool = False) -> Content:
    """`✖ slug.py:4 error: what is wrong`: glyph, word and colour."""
    glyph, plain, colour = _SEVERITIES[finding.severity]
    place = one_line(finding.path, 200) + (f":{finding.line}" if finding.line else "") if with_place else ""
    return joined(
        (f"{plain if ascii_only else glyph} ", colour),
        (f"{place} " if place else "", "$info"),
        (f"{finding.severity}: ", colour),
        one_line(finding.text, 1_000),
    )


def review_lines(review: Review | None, *, ascii_only: bool = False) -> list[Content]:
    """What a reviewer said of the result: the verdict, then every finding with its place. Advice, no proof."""
    if review is None:
        return []
    word, colour = ("APPROVES", "$good") if review.approves else ("DOES NOT APPROVE", "$warn")
    cost = "free" if review.cost_nano == 0 else dollars(review.cost_nano)
    head = joined(
        (f"review by {one_line(review.tier, 20)}: ", "bold $info"),
        (word, f"bold {colour}"),
        (f"  {one_line(review.model, 60)}  {cost}", "$quiet"),
    )
    found = [finding_line(finding, ascii_only=ascii_only) for finding in review.findings]
    return [head, Content(one_line(review.summary, 1_000)), *(found or [Content.styled("nothing found", "$quiet")])]


def output_lines(task: Task) -> list[Content]:
    """What the check printed: on the result, then on the base."""
    lines: list[Content] = []
    for name, result in (("on the result", task.result_check), ("on the base", task.base_check)):
        if result is None:
            continue
        lines.append(
            Content.styled(f"check {name}: {exit_word(result.exit_code)}, {span(result.seconds)}", "bold $info")
        )
        said = sanitize(result.output).expandtabs(4).rstrip().split("\n")
        shown = said if len(said) <= OUTPUT_LINES else [*said[: OUTPUT_LINES // 2], "…", *said[-OUTPUT_LINES // 2 :]]
        lines += [Content(line[:2_000]) for line in shown] if any(shown) else [Content.styled("(no output)", "$quiet")]
        if result.log_path:
            lines.append(Content.styled(f"whole output: {one_line(result.log_path, 500)}", "$quiet"))
        lines.append(Content(""))
    return lines
