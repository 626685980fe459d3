"""What is typed into the command bar, understood: a word for an action, and what it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from os.path import commonprefix

from agents.sanitize import one_line
from app.screen.actions import Action
from app.screen.catalog import name_of, takes_task

MODEL = "model"
"""What is typed before the tier that a task is pinned to: an edit with the answer already in it."""
AUTO = "auto"
"""Behind it: whatever routing thinks best."""


@dataclass(frozen=True, slots=True)
class Typed:
    """An understood line: an action, and the task, the theme, the tier or the words it is about."""

    action: Action | None = None
    task: int | None = None
    words: str = ""


class NotUnderstood(ValueError):
    """A line that means nothing. `str(error)` says what would, sanitized."""


def task_number(word: str) -> int | None:
    """12 for T12, t12 and 12."""
    digits = word[1:] if word[:1] in {"T", "t"} else word
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None


def understand(
    line: str, actions: Sequence[Action], themes: Sequence[str], tiers: Mapping[str, str] | None = None
) -> Typed:
    """What `line` asks for, among `actions`. A beginning that only one of them has is enough. `tiers`: their models.
    Raises NotUnderstood."""
    word, _, rest = line.strip().partition(" ")
    rest = rest.strip()
    if (number := task_number(word)) is not None and not rest:
        return Typed(task=number)
    if word.lower() == MODEL:
        return Typed(_named("edit", actions), words=_tier(rest, tiers or {}))
    action = _named(word, actions)
    if not rest:
        return Typed(action)
    if action.verb == "theme":
        if rest.lower() not in themes:
            raise NotUnderstood(f"There is no theme {one_line(rest, 30)!r}: {', '.join(themes)}.")
        return Typed(action, words=rest.lower())
    if action.verb == "new":
        return Typed(action, words=rest)
    if takes_task(action):
        if (number := task_number(rest)) is None:
            raise NotUnderstood(f"{one_line(rest, 30)!r} is no task: write T12 or 12.")
        return Typed(action, task=number)
    raise NotUnderstood(f"{name_of(action)} takes nothing behind it.")


def _tier(name: str, tiers: Mapping[str, str]) -> str:
    """The tier of this name, or the first with a model of this name; AUTO."""
    wanted = name.lower()
    if wanted in {AUTO, *tiers}:
        return wanted
    found = next((tier for tier, model in tiers.items() if model.lower() == wanted), None)
    if found is None:
        said = f"There is no tier or model {one_line(name, 40)!r}" if name else "Which one"
        raise NotUnderstood(f"{said}: write model and one of {', '.join((*tiers, AUTO))}.")
    return found


def _named(word: str, actions: Sequence[Action]) -> Action:
    wanted = word.lower().replace("_", "-")
    by_name = {name_of(action): action for action in actions}
    if wanted in by_name:
        return by_name[wanted]
    begins = [name for name in by_name if name.startswith(wanted)]
    if len(begins) == 1:
        return by_name[begins[0]]
    shown = one_line(word, 30)
    if begins:
        raise NotUnderstood(f"{shown} may be {', '.join(begins[:6])}.")
    close = get_close_matches(wanted, by_name, n=1, cutoff=0.5)
    raise NotUnderstood(f"There is no action {shown!r}. {f'Did you mean {close[0]}?' if close else 'tab lists them.'}")


def completions(
    line: str, actions: Sequence[Action], themes: Sequence[str], tasks: Sequence[str], tiers: Sequence[str] = ()
) -> list[str]:
    """Whole lines `line` may become. `tasks` are the labels on the board, the likeliest first."""
    word, space, rest = line.lstrip().partition(" ")
    if not space:
        names = [*(name_of(action) for action in actions), *([MODEL] if tiers else [])]
        return [name for name in names if name.startswith(word.lower().replace("_", "-"))]
    if word.lower() == MODEL:
        return [f"{MODEL} {one}" for one in (*tiers, AUTO) if one.startswith(rest.strip().lower())]
    try:
        action = _named(word, actions)
    except NotUnderstood:
        return []
    offered = themes if action.verb == "theme" else tasks if takes_task(action) else ()
    return [f"{name_of(action)} {one}" for one in offered if one.lower().startswith(rest.strip().lower())]


def completed(line: str, offers: Sequence[str]) -> str:
    """`line` with as much behind it as all of `offers` share."""
    shared = commonprefix(list(offers))
    return shared if len(shared) > len(line.lstrip()) else line
