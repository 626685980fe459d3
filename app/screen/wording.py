"""An error as a person reads it."""

from __future__ import annotations

from agents.sanitize import one_line


def message_of(error: BaseException) -> str:
    """The engine's own words, which are made for people; of any other error its kind and words. One line."""
    words = one_line(str(error), 400)
    made_for_people = type(error).__module__.startswith("agents.")
    return words if words and made_for_people else one_line(f"{type(error).__name__}: {error}", 400)
