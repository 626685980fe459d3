"""Why a task is routed as it is: how hard it looks and by what, the arms of its plan with odds, money and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from agents.routing.wording import odds_in_words
from agents.sanitize import one_line
from app.screen.columns import cell, joined
from app.screen.looks import complexity_colour, tier_colour
from app.screen.words import NANO, dollars, span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.tasks import Arm, Task

_WIDEST = 24


def complexity_lines(task: Task) -> list[Content]:
    """The complexity, whose it is, and the evidence in words."""
    lines = [
        joined(
            (f"C{task.complexity}", f"bold {complexity_colour(task.complexity)}"),
            f"  {task.kind}",
            (f"  {one_line(task.language, 30)}" if task.language != "other" else "", "$quiet"),
            (f"  by {_WORDS[task.assessed_by]}", "$quiet"),
        )
    ]
    if (rules := task.rules) is not None:
        parts = f"much to make {rules.component:.1f}, depends on others {rules.coordinative:.1f}"
        said = f"rules {rules.score:.1f}: {parts}, unknown {rules.dynamic:.1f}"
        lines.append(Content.styled(f"  {said}", "$quiet"))
        lines += [Content.styled(f"  · {one_line(text, 300)}", "$quiet") for text in rules.evidence]
    if (judge := task.judge) is not None:
        price = "free" if judge.cost_nano == 0 else dollars(judge.cost_nano)
        named = f"  judge {one_line(judge.tier, 20)} {judge.score}"
        lines.append(joined((named, "$info"), f": {one_line(judge.reason, 400)}", (f"  {price}", "$quiet")))
    return lines


_WORDS = {"rules": "the rules", "judge": "a judge", "dual": "rules and judge"}


def plan_lines(task: Task) -> list[Content]:
    """An arm a line, in the order they are tried; below several what they come to together."""
    plan = task.plan
    if not plan:
        return []
    tiers = min(_WIDEST, max(len(arm.tier) for arm in plan) + 2)
    lines: list[Content] = []
    for place, arm in enumerate(plan, 1):
        lines.append(
            joined(
                (f"{place}. ", "$quiet"),
                cell((one_line(arm.tier, 20), tier_colour(arm.tier)), tiers),
                cell(odds_in_words(arm.p), 6),
                cell(money(arm.cost_usd), 10),
                (cell("" if arm.seconds is None else f"~{span(arm.seconds)}", 10)),
                (f"{one_line(arm.model, 60)}  {arm.way}, {arm.variant}", "$quiet"),
            )
        )
        if arm.why:
            lines.append(Content.styled(f"   {one_line(arm.why, 400)}", "$quiet"))
    if len(plan) > 1 and (total := _together(plan)) is not None:
        lines.append(Content.styled(total, "$info"))
    return lines


def money(usd: float | None) -> str:
    """What one try costs."""
    if usd is None:
        return "n/a"
    return f"~{dollars(round(usd * NANO))}" if usd else "free"


def _together(plan: Sequence[Arm]) -> str | None:
    """Odds that one of the arms succeeds, and what is spent on the way: an arm is tried when all before it failed."""
    left, spent = 1.0, 0.0
    for arm in plan:
        if arm.p is None or arm.cost_usd is None:
            return None
        spent += left * arm.cost_usd
        left *= 1 - arm.p
    return f"together {odds_in_words(1 - left)}, {money(spent)} expected"
