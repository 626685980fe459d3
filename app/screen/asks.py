"""What agents ask, as the screen knows it. Pure of Textual."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from agents.sanitize import one_line, sanitize
from agents.secret_values import MARK

if TYPE_CHECKING:
    from agents import events as e
    from agents.permission import Ask

_LONGEST = 1_000_000
"""Characters of a command that are kept: more than any command may have."""


@dataclass(frozen=True, slots=True)
class AskRow:
    """One ask that waits. Text is sanitized; what a command holds that cannot be shown is spelt out in it."""

    id: int
    task: int
    agent: str
    command: str
    folder: str
    reason: str
    reach: str
    pattern: str
    at: datetime
    walled: bool = True
    """It would run inside a wall."""

    @property
    def label(self) -> str:
        """A7."""
        return f"A{self.id}"

    @property
    def sameness(self) -> tuple[str, str, str, int]:
        """One answer does for all that agree in this; commands with a secret covered in them only look the same."""
        return self.command, self.reach, self.reason, self.id if MARK in self.command else 0


def told(event: e.ApprovalRequested) -> AskRow | None:
    """The row of an event; None when it names no ask or no task."""
    if event.ask is None or event.task is None:
        return None
    return AskRow(
        id=event.ask,
        task=event.task,
        agent=one_line(event.agent or "", 24),
        command=sanitize(event.command[:_LONGEST]),
        folder=one_line(event.folder, 300),
        reason=one_line(event.reason, 300),
        reach=one_line(event.reach, 300),
        pattern=one_line(event.pattern, 200),
        at=event.at,
        walled="no wall" not in event.crossings,
    )


def stored(ask: Ask) -> AskRow | None:
    """The row of an ask that was there before the screen."""
    from agents.dispatch.approvals import requested

    where = {"at": ask.at, "task": ask.task, "mission": ask.mission, "agent": ask.agent, "tier": ask.tier}
    return told(requested(ask, where))


def queue(rows: Iterable[AskRow]) -> list[tuple[AskRow, ...]]:
    """The rows in the order they came, those that one answer does for together."""
    groups: dict[tuple[str, str, str, int], list[AskRow]] = {}
    for row in sorted(rows, key=lambda row: row.id):
        groups.setdefault(row.sameness, []).append(row)
    return [tuple(group) for group in groups.values()]
