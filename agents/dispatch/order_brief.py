"""What one agent is sent out with who writes a part of a work order, in words."""

from dataclasses import dataclass

from agents.dispatch.order_table import Table
from agents.sanitize import one_line
from agents.store.work_orders import Orchestration, OrderedPart
from agents.tasks import Task


@dataclass(frozen=True)
class Brief:
    """What one agent is sent out with."""

    name: str
    """part 1 of 3."""
    task: Task
    """In the words of its part."""
    tier: str
    start: str
    last: bool
    """With it the whole order is written: the acceptance check decides."""


def start_of_part(state: Orchestration, place: int) -> str:
    """Where the part at `place` begins: with all parts before it."""
    return (state.parts[place - 1].commit if place else None) or state.base


def brief_of(table: Table, state: Orchestration, place: int) -> Brief:
    """Of the part at `place`, as its order stands."""
    part, count = state.present.parts[place], len(state.parts)
    text = part_in_words(state, part)
    return Brief(
        name=f"part {place + 1} of {count}",
        task=table.task.model_copy(update={"title": part.title, "brief": text}),
        tier=state.parts[place].tier or table.arm.tier,
        start=start_of_part(state, place),
        last=place == count - 1,
    )


def part_in_words(state: Orchestration, part: OrderedPart) -> str:
    """What the agent of a part reads: its brief, its files, what it must provide, what it can rely on."""
    own = [one for one in state.order.interfaces if one.file in part.files]
    others = [one for one in state.order.interfaces if one.file not in part.files]
    lines = [part.brief, f"Files of this part: {', '.join(part.files)}"]
    if own:
        lines.append("It must provide:")
        lines += [f"- {one.signature}{f': {one.does}' if one.does else ''} (in {one.file})" for one in own]
    if others:
        lines.append("The rest of the work provides, and is written elsewhere:")
        # Without their endings, so that nobody takes these files for their own.
        lines += [f"- in {one.file.rpartition('.')[0] or one.file}: {one.signature}" for one in others]
    if state.order.conventions:
        lines.append("Conventions:")
        lines += [f"- {line}" for line in state.order.conventions]
    return "\n".join(line for line in lines if line)


def whose(state: Orchestration) -> str:
    """Whose the check is, in words."""
    check = state.check
    if check is None or not check.written:
        return "the task's own check"
    return f"the check written by {one_line(check.tier, 30)} ({check.strength})"
