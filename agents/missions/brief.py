"""What an agent is told: the mission, the check, the files it is about, and what an earlier attempt left behind."""

from pathlib import Path

from agents.missions.attempt import Attempt, HandOver
from agents.missions.conventions.documents import kind_of
from agents.missions.failure import essence
from agents.missions.fences import quoted
from agents.missions.reply import named_files
from agents.models.errors import ContextOverflow
from agents.models.tokens import estimate_tokens
from agents.sanitize import one_line, sanitize
from agents.tasks import Variant

ONLY = "Nothing but what the task asks for: no examples of use, no explanation."
THINK = (
    "First say in at most three short sentences {what}. Then give the complete content of {target} in one code block, "
    "and nothing after it."
)
WRONG = "what is wrong in the code above and what must change"
DEMANDS = "how the code must work to meet the hardest of the demands above"
LARGEST_BYTES = 400_000
WORDING_TOKENS = 400
"""What we say around the files: who the agent is, the form of the answer."""
EDIT_ABOVE_TOKENS = 3000
"""A file longer than this is changed by search and replace, not rewritten whole."""


def loop_brief(attempt: Attempt) -> str:
    """The first message of a tool loop."""
    parts = [f"MISSION {attempt.task.label}: {sanitize(attempt.task.text)}"]
    parts += _check(attempt)
    if attempt.base_failure:
        parts.append(f"How the check fails now:\n{quoted(attempt.base_failure)}")
    parts += _comment(attempt)
    if attempt.hand_over is not None and attempt.hand_over.tried:
        parts.append(_handed_over(attempt.hand_over, kept=attempt.retries and bool(attempt.hand_over.diff)))
    parts += [told for told in (attempt.conventions, attempt.context) if told]
    return "\n\n".join(parts)


def direct_brief(attempt: Attempt, *, think: bool = False) -> str:
    """The one message of a direct attempt: everything the reply needs is in it. `think`: a few words come first."""
    task = attempt.task
    parts = [f"Task: {sanitize(task.text)}"]
    parts += [*_comment(attempt), *_check(attempt)]
    parts += [attempt.conventions] if attempt.conventions else []
    existing = relevant_files(attempt)
    for path, text in existing.items():
        parts.append(f"{path} now:\n{quoted(text)}")
    targets = target_files(attempt)
    retry = attempt.hand_over if attempt.retries else None
    failure = retry.failure if retry else attempt.base_failure
    # Before anything is written, a check of a new file only says that the file is missing.
    if failure and (retry or not targets or any(path in existing for path in targets)):
        parts.append(f"The check fails now:\n{quoted(essence(failure))}")
    if retry:
        parts += [sanitize(retry.note)] if retry.note else []
        parts.append("Find the fault in the code above and correct it.")
    elif attempt.hand_over is not None and attempt.arm.variant is Variant.SAMPLE:
        # Not the code that failed: a small model would repeat it.
        if attempt.hand_over.failure and not existing:
            parts.append(f"Other programmers failed here:\n{quoted(essence(attempt.hand_over.failure))}\nDo it right.")
    elif attempt.hand_over is not None and attempt.hand_over.tried:
        parts.append(_handed_over(attempt.hand_over, kept=False))
    if not existing and attempt.context and estimate_tokens(attempt.context) < 1500:
        parts.append(attempt.context)
    form = reply_form(targets, existing, room=reply_room(attempt))
    sample = attempt.arm.variant is Variant.SAMPLE
    # Qwen2.5-Coder-1.5B, asked plainly for a file with a fault, gave it back as it was in five of six replies (three
    # files, temperatures 0 to .9); asked to think first it changed something in 18 of 23.
    fault = retry or think or (sample and any(path in existing for path in targets))
    what = WRONG if fault else DEMANDS if sample and attempt.ordinal % 4 == 1 else ""  # every other sample
    if what and ONLY in form and len(targets) == 1:
        form = THINK.format(what=what, target=targets[0])
    parts.append(form)
    return "\n\n".join(parts)


def target_files(attempt: Attempt) -> tuple[str, ...]:
    """The files the reply should hold: those the task names, else those the check imports."""
    names = named_files(attempt.task.text)
    hints = named_files(attempt.check or "")
    tests = {name for name in hints.named if name in attempt.files}
    wanted = tuple(name for name in names.named if name not in tests or name in names.named)
    if wanted:
        return wanted
    return (
        tuple(name for name in hints.hinted if "/" in name or name in attempt.files or not attempt.files)
        or hints.hinted
    )


def reply_room(attempt: Attempt) -> int:
    """Tokens of one reply: as the tier is set, but at most half the window."""
    return min(attempt.settings.tiers[attempt.arm.tier].max_tokens, attempt.calls.model.window // 2)


def relevant_files(attempt: Attempt) -> dict[str, str]:
    """Text of the existing files the task or the check names, or of all in a small repository, within the window.

    Raises ContextOverflow when one of them is to be changed and does not fit: a file is never rewritten unseen.
    """
    window = attempt.calls.model.window
    facts = _facts(attempt.hand_over)
    told = (attempt.task.text, attempt.check or "", attempt.base_failure, attempt.conventions, *facts)
    budget = window - reply_room(attempt) - sum(map(estimate_tokens, told)) - WORDING_TOKENS
    names = named_files(attempt.task.text)
    hints = named_files(attempt.check or "")
    wanted = [*names.named, *hints.named, *names.hinted, *hints.hinted]
    unnamed = (
        [one for one in attempt.files if one not in wanted and not kind_of(one)] if len(attempt.files) <= 5 else []
    )
    targets = target_files(attempt)
    found: dict[str, str] = {}
    for name in dict.fromkeys([*wanted, *unnamed]):
        if name not in attempt.files:
            continue
        text = _text(attempt.root, name)
        cost = estimate_tokens(text) if text is not None else LARGEST_BYTES // 4
        if text and cost < (min(budget, window // 8) if name in unnamed else budget):
            found[name] = text
            budget -= cost
        elif cost and name in targets:
            raise ContextOverflow(
                f"{one_line(name, 100)} is about {cost} tokens long and does not fit the window of {window} tokens "
                "beside the task and the reply: set a larger num_ctx, or give the task to another tier",
                prompt_tokens=cost,
                limit=window,
            )
    return found


def _facts(hand_over: HandOver | None) -> tuple[str, ...]:
    return (hand_over.failure, hand_over.note, hand_over.diff, hand_over.comment, hand_over.plan) if hand_over else ()


def reply_form(targets: tuple[str, ...], existing: dict[str, str], *, room: int) -> str:
    """How to answer in `room` tokens: whole files, or search and replace where a file is long."""
    limit = min(EDIT_ABOVE_TOKENS, room * 3 // 4)
    long = [path for path, text in existing.items() if estimate_tokens(text) > limit]
    if long:
        return (
            f"Change {', '.join(long)} with blocks of exactly this form, the SEARCH text copied from the file:\n"
            f"{long[0]}\n<<<<<<< SEARCH\nold lines\n=======\nnew lines\n>>>>>>> REPLACE\n"
            "Give other files complete: the path on a line of its own, then the content in a code block."
        )
    if len(targets) == 1:
        return f"Answer with the complete content of {targets[0]} in one code block. {ONLY}"
    named = f"each of {', '.join(targets)}" if targets else "each file you create or change"
    return (
        f"Answer with the complete content of {named}: the path on a line of its own, then the content in a code "
        f"block. {ONLY}"
    )


def _check(attempt: Attempt) -> list[str]:
    if not attempt.check or not attempt.settings.check.show:
        return []
    return [f"The result is checked with this command, which must exit 0:\n{sanitize(attempt.check)}"]


def _comment(attempt: Attempt) -> list[str]:
    hand_over = attempt.hand_over
    says, plan = (hand_over.comment, hand_over.plan) if hand_over else ("", "")
    parts = [f"An earlier result was sent back. The person says:\n{sanitize(says)}"] if says else []
    return [*parts, f"A senior engineer planned it so; do it so:\n{quoted(sanitize(plan))}"] if plan else parts


def _handed_over(hand_over: HandOver, *, kept: bool) -> str:
    state = "Its changes are in the worktree." if kept else "Its changes were discarded."
    parts = [f"An earlier attempt failed. {state}"]
    if hand_over.diff:
        parts.append(f"What it changed:\n{quoted(sanitize(hand_over.diff), 'diff')}")
    if hand_over.failure:
        parts.append(f"The check then failed with:\n{quoted(hand_over.failure)}")
    if hand_over.note:
        parts.append(sanitize(hand_over.note))
    parts.append("Find the fault and do it right this time.")
    return "\n".join(parts)


def _text(root: Path, name: str) -> str | None:
    """The text of a file; empty when it is none, None when it is too large to be looked at."""
    path = root / name
    if path.is_symlink() or not path.is_file():
        return ""
    if path.stat().st_size > LARGEST_BYTES:
        return None
    data = path.read_bytes()
    return "" if b"\0" in data else data.decode("utf-8", "replace").rstrip("\n")
