"""How each kind of news is heard: one row per kind. The figures are those of the sound design's table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    """Where a sound plays. One voice at a time; the alert cuts the voice; `ui` sounds mix with everything."""

    VOICE = "voice"
    ALERT = "alert"
    UI = "ui"


class Fallback(StrEnum):
    """What is left of a cue where no sound can be played."""

    SILENT = "silent"
    BELL = "bell"
    NOTIFY = "notify"
    """The bell and a notification of the terminal."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A kind of news."""

    name: str
    priority: int
    """0 to 100. The higher interrupts the lower on the same channel."""
    channel: Channel
    cooldown_s: float
    """How long after it was heard it is not heard again; per agent where `per_agent`."""
    effect: str
    """The effect before the spoken line; empty for none."""
    fallback: Fallback
    category: str = ""
    """The CESP category that stands for it in packs that know nothing finer; empty: none does."""
    per_agent: bool = False
    coalesce_s: float = 0.0
    """How long it gathers others of its kind before all are told at once."""
    reminder_s: float = 0.0
    """After how long it is told again, if nobody did anything about it; 0: never."""
    drop_if_busy: bool = False
    """Nobody misses it: it never waits for the channel."""
    chatter: bool = False
    """Left out where many agents are at work."""


_VOICE, _ALERT, _UI = Channel.VOICE, Channel.ALERT, Channel.UI
_SILENT, _BELL, _NOTIFY = Fallback.SILENT, Fallback.BELL, Fallback.NOTIFY

NEEDS_PERSON = Signal(
    "needs-person", 80, _VOICE, 8, "warn", _NOTIFY, "input.required", per_agent=True, reminder_s=120
)  # fmt: skip
MONEY_OUT = Signal("money-out", 75, _VOICE, 30, "failure", _NOTIFY, "resource.limit")
LOST = Signal("lost", 75, _VOICE, 30, "failure", _NOTIFY, "task.error")
STUCK = Signal("stuck", 70, _ALERT, 30, "klaxon", _BELL, "task.error", per_agent=True)
FAILED = Signal("failed", 65, _VOICE, 5, "failure", _BELL, "task.error", coalesce_s=1.5)
COMPLETED = Signal("completed", 60, _VOICE, 5, "fanfare", _BELL, "task.complete", coalesce_s=1.5)
MERGED = Signal("merged", 60, _VOICE, 5, "fanfare", _BELL, "task.complete", coalesce_s=1.5)
ESCALATED = Signal("escalated", 50, _VOICE, 60, "sonar", _SILENT, "task.progress")
MONEY_LOW = Signal("money-low", 50, _VOICE, 60, "sonar", _SILENT, "resource.limit")
LOW_POWER = Signal("low-power", 50, _VOICE, 60, "sonar", _SILENT, "resource.limit")
RATE_LIMITED = Signal("rate-limited", 50, _VOICE, 60, "sonar", _SILENT, "resource.limit")
REVIEWING = Signal("reviewing", 50, _VOICE, 60, "sonar", _SILENT, "task.acknowledge")
SESSION = Signal("session", 40, _VOICE, 3, "powerup", _SILENT, "session.start")
SESSION_END = Signal("session-end", 40, _VOICE, 3, "", _SILENT, "session.end")
AT_HAND = Signal("at-hand", 40, _VOICE, 3, "clank", _SILENT, chatter=True)
MOVING_OUT = Signal(
    "moving-out", 30, _VOICE, 3, "squelch", _SILENT, "task.acknowledge", drop_if_busy=True, chatter=True
)  # fmt: skip
COOLING = Signal("cooling", 30, _VOICE, 60, "squelch", _SILENT, drop_if_busy=True, chatter=True)
MILESTONE = Signal("milestone", 20, _VOICE, 60, "squelch", _SILENT, "task.progress", drop_if_busy=True, chatter=True)
POSTED = Signal("posted", 20, _VOICE, 30, "squelch", _SILENT, drop_if_busy=True, chatter=True)
SELECTED = Signal("selected", 20, _VOICE, 2, "click", _SILENT, drop_if_busy=True)
SPENT = Signal("spent", 5, _UI, 0.1, "credits", _SILENT, drop_if_busy=True, chatter=True)
KEY = Signal("key", 5, _UI, 0.1, "click", _SILENT)
KEY_REFUSED = Signal("key-refused", 5, _UI, 0.1, "tick", _SILENT)

EVENTS: Mapping[str, Signal] = {
    "app.ready": SESSION,
    "app.ended": SESSION_END,
    "agent.needs_input": NEEDS_PERSON,
    "budget.exhausted": MONEY_OUT,
    "budget.refused": MONEY_OUT,
    "agent.lost": LOST,
    "model.offline": LOST,
    "agent.stuck": STUCK,
    "agent.loop": STUCK,
    "task.failed": FAILED,
    "task.proven": COMPLETED,
    "task.verified": COMPLETED,
    "task.unverified": COMPLETED,
    "merge.done": MERGED,
    "mission.escalated": ESCALATED,
    "budget.low": MONEY_LOW,
    "budget.eighty": MONEY_LOW,
    "model.spilled": LOW_POWER,
    "model.limited": RATE_LIMITED,
    "review.started": REVIEWING,
    "agent.spawned": AT_HAND,
    "agent.ready": AT_HAND,
    "task.assigned": MOVING_OUT,
    "agent.cooling": COOLING,
    "task.milestone": MILESTONE,
    "task.posted": POSTED,
    "agent.selected": SELECTED,
    "budget.spent": SPENT,
    "key.pressed": KEY,
    "key.refused": KEY_REFUSED,
}
"""Everything that is heard, by the name a pack's own table and `[sound] mute` use."""

CATEGORIES = (
    "session.start",
    "task.acknowledge",
    "task.complete",
    "task.error",
    "input.required",
    "resource.limit",
    "session.end",
    "task.progress",
    "user.spam",
)
"""The categories of the Coding Event Sound Pack Specification 1.0."""
