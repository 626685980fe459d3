"""The direct way: one reply with whole files or edits; the harness writes them and looks at what it got.

Faults that show without any check (no file in the reply, nothing changed, a file that does not parse) are answered at
once with a short corrective message, so that the check is run on something worth checking."""

from pathlib import Path

from agents.events import AgentHealth, ToolFinished, ToolStarted
from agents.missions.attempt import Attempt, Stuck
from agents.missions.blocks import is_test
from agents.missions.brief import direct_brief, reply_room, target_files
from agents.missions.changes import FileChange, WholeFile
from agents.missions.conversation import Conversation
from agents.missions.mending import mended
from agents.missions.parsing import parse_fault
from agents.missions.persona import direct_persona
from agents.missions.repeating import RepeatsItself
from agents.missions.reply import Applied, Reply, apply_changes, read_reply
from agents.models.chat import ChatRequest, Finished, StopReason
from agents.regular_files import read_regular
from agents.sanitize import one_line
from agents.tasks import Health, Variant

MAX_CORRECTIONS = 3
WARMER = (0.7, 0.9, 0.6)
"""Temperatures of the samples, in turn."""
_LARGEST = 1_000_000
"""Bytes of an old file that is looked at while small faults of the new one are mended."""
REPEATED = (
    "It said the same lines over and over and was broken off. Say everything once: a loop, not a long list of cases."
)
UNCHANGED = (
    "{files} came back exactly as it was, so nothing is fixed. Begin with the task, not with that code: which line is "
    "wrong, and what must stand there instead?"
)


async def run_direct(attempt: Attempt) -> str:
    """One reply, written to the worktree. Returns a one-line summary. Raises Stuck, ModelError, OverBudget."""
    conversation = Conversation(attempt.calls.store, attempt.mission.id)
    brief = direct_brief(attempt)
    problem = ""
    for step in range(1, min(MAX_CORRECTIONS + 1, attempt.max_steps) + 1):
        await attempt.proceed()
        await attempt.emit(
            AgentHealth(
                **attempt.where(), health=Health.WORKING, step=step, max_steps=MAX_CORRECTIONS + 1, note=problem
            )
        )
        # A fresh context each time: a small model that sees its own bad answer repeats it.
        content = f"{brief}\n\nAn earlier answer was refused: {problem}" if problem else brief
        try:
            finished = await _ask(attempt, await conversation.restart(content), step, warm=bool(problem))
        except RepeatsItself:
            problem = REPEATED
            continue
        before = problem
        applied, problem = await _write(attempt, finished, number=step)
        if not problem:
            return f"wrote {', '.join(applied.written)}"
        if applied.unchanged and not applied.written:
            brief = direct_brief(attempt, think=True)
        if problem == before and applied.unchanged:
            raise Stuck("the same unchanged file came back twice")
    raise Stuck(f"no usable reply after {MAX_CORRECTIONS} corrections: {one_line(problem)}")


async def _ask(attempt: Attempt, conversation: Conversation, step: int, *, warm: bool) -> Finished:
    window = attempt.calls.model.window
    # The first try and its retry are the model's best guess; at temperature 0 a later one would only repeat them.
    warm = warm or attempt.ordinal > 2 or attempt.arm.variant is Variant.SAMPLE
    request = ChatRequest(
        system=direct_persona(told=attempt.settings.mission.persona),
        messages=(),
        max_tokens=reply_room(attempt),
        temperature=WARMER[attempt.ordinal // 2 % len(WARMER)] if warm else attempt.temperature,
        seed=attempt.ordinal * 100 + step if warm or attempt.temperature else None,
    )
    return await attempt.calls.call(conversation.fitted(request, window), conversation)


async def _write(attempt: Attempt, finished: Finished, *, number: int) -> tuple[Applied, str]:
    """Apply the reply; what was written and, if it is no good, what to tell the model."""
    if finished.stop is StopReason.REFUSAL:
        raise Stuck("the model refused the task")
    named = target_files(attempt)
    reply = read_reply(finished.message.content, existing=attempt.files, named=named)
    if reply.problem or not reply.changes:
        return Applied(), reply.problem or "The reply holds no file."
    summary = ", ".join(sorted({one_line(change.path, 60) for change in reply.changes}))
    await attempt.emit(ToolStarted(**attempt.where(), call=number, tool="file_write", summary=summary))
    started = attempt.clock.monotonic()
    changes, notes = _put_right(attempt, reply.changes)
    applied = apply_changes(attempt.root, changes)
    problem = _fault(attempt.root, applied, reply)
    await attempt.emit(
        ToolFinished(
            **attempt.where(),
            call=number,
            tool="file_write",
            ok=not problem,
            summary=one_line(problem or "; ".join([f"{summary} written", *notes])),
            seconds=round(attempt.clock.monotonic() - started, 4),
        )
    )
    return applied, problem


def _put_right(attempt: Attempt, changes: tuple[FileChange, ...]) -> tuple[tuple[FileChange, ...], list[str]]:
    """The changes with small faults of whole Python files mended, and what was mended."""
    right: list[FileChange] = []
    notes: list[str] = []
    for change in changes:
        if isinstance(change, WholeFile) and change.path.endswith(".py") and not is_test(change.path):
            text = _there(attempt.root / change.path) if change.path in attempt.files else ""
            module = change.path.removesuffix(".py").removeprefix("src/").replace("/", ".")
            better = mended(change.content, old=text, module=module, task=attempt.task.text)
            notes += [f"{one_line(change.path, 60)}: {one_line(note, 200)}" for note in better.notes]
            change = change.model_copy(update={"content": better.text})
        right.append(change)
    return tuple(right), notes


def _there(path: Path) -> str:
    """What a file holds; empty for links and for what is no file to be read as a whole."""
    try:
        return "" if path.is_symlink() else read_regular(path, _LARGEST, whole=True).decode("utf-8", "replace")
    except OSError:
        return ""


def _fault(root: Path, applied: Applied, reply: Reply) -> str:
    if applied.problems:
        return "\n".join(applied.problems)
    if not applied.written:
        return UNCHANGED.format(files=", ".join(applied.unchanged) or "The file")
    broken = [text for path in applied.written if (text := syntax_error(root / path))]
    return "\n".join(broken) and "\n".join([*broken, "Answer with the complete, corrected file."])


def syntax_error(path: Path) -> str:
    """Why a Python file does not parse, with its line; empty when it does or is no Python."""
    fault = parse_fault(path) if path.suffix == ".py" else ""
    return f"{path.name} does not parse: {fault}" if fault else ""
