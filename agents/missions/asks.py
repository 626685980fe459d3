"""Whom a mission asks for what it may not do by itself. The rules are dispatch's; here is only their shape."""

from typing import Protocol

from agents.permission import Ruling, Wish
from agents.tasks import Mission


class Asks(Protocol):
    """Rules over what agents want."""

    @property
    def answerable(self) -> bool:
        """Somebody may answer: agents are told that they can ask."""

    async def rule(self, mission: Mission, wish: Wish, *, step: int = 0) -> Ruling:
        """Whether an agent may run what it wants. Waits for a person where one has to say so."""


class NobodyAnswers:
    """Every wish is refused: for missions outside any Headquarters."""

    answerable = False

    async def rule(self, mission: Mission, wish: Wish, *, step: int = 0) -> Ruling:
        """No."""
        return Ruling(allowed=not wish.reach.crossings, message="nobody is here to allow it")
