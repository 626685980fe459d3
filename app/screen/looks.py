"""How a state looks: always glyph and word and colour, never colour alone. Colours are theme tokens."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """One state on screen. `ascii` stands in for the glyph where only ASCII may be drawn."""

    glyph: str
    ascii: str
    word: str
    colour: str

    def mark(self, ascii_only: bool) -> str:
        """The glyph to draw."""
        return self.ascii if ascii_only else self.glyph


HEALTH: dict[str, Look] = {
    "ready": Look("●", "o", "READY", "$health-ready"),
    "working": Look("◐", "*", "WORKING", "$health-working"),
    "stuck": Look("■", "#", "STUCK", "$health-stuck"),
    "cooling": Look("◔", "~", "COOLING", "$health-cooling"),
    "needs_you": Look("◆", "!", "NEEDS YOU", "$health-needs-you"),
    "offline": Look("○", ".", "OFFLINE", "$health-offline"),
}

STATUS: dict[str, Look] = {
    "open": Look("∘", "o", "OPEN", "$info"),
    "queued": Look("…", ":", "QUEUED", "$health-cooling"),
    "running": Look("◐", "*", "RUNNING", "$health-working"),
    "review": Look("◆", "!", "REVIEW", "$health-needs-you"),
    "done": Look("✔", "+", "DONE", "$good"),
    "failed": Look("✖", "x", "FAILED", "$bad"),
    "cancelled": Look("–", "-", "CANCELLED", "$quiet"),
    "held": Look("‖", "|", "HELD", "$warn"),
    "blocked": Look("▪", "=", "BLOCKED", "$quiet"),
    "needs_human": Look("◆", "!", "NEEDS YOU", "$health-needs-you"),
}

OUTCOME: dict[str, Look] = {
    "proven": Look("✔", "+", "PROVEN", "$good"),
    "verified": Look("✔", "+", "VERIFIED", "$good"),
    "unverified": Look("?", "?", "UNVERIFIED", "$warn"),
    "failed": Look("✖", "x", "FAILED", "$bad"),
    "cancelled": Look("–", "-", "CANCELLED", "$quiet"),
}

ANSWERED = Look("◇", "?", "ANSWERED", "$info")
"""How a mission ended that was asked something: an opinion is neither proven nor unproven."""

OPEN_FIELD = Look("▲", "^", "OPEN FIELD", "$bad")
"""No wall is around agents' commands."""

_UNKNOWN = Look("?", "?", "UNKNOWN", "$quiet")
_TIERS = {"local": "$tier-local", "haiku": "$tier-haiku", "sonnet": "$tier-sonnet", "opus": "$tier-opus"}


def health_look(health: str) -> Look:
    """The look of an agent's health."""
    return HEALTH.get(health, _UNKNOWN)


def status_look(status: str) -> Look:
    """The look of a task's status."""
    return STATUS.get(status, _UNKNOWN)


def outcome_look(outcome: str) -> Look:
    """The look of an outcome."""
    return OUTCOME.get(outcome, _UNKNOWN)


def tier_colour(tier: str) -> str:
    """The token of a tier; tiers a person named themselves share one."""
    return _TIERS.get(tier, "$info")


def complexity_colour(complexity: int) -> str:
    """The token of a complexity's band: C1–3, C4–6, C7–8, C9–10."""
    if complexity <= 3:
        return "$complexity-low"
    if complexity <= 6:
        return "$complexity-medium"
    return "$complexity-high" if complexity <= 8 else "$complexity-extreme"
