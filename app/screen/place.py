"""A screen about one task, opened over the command center."""

from __future__ import annotations

from typing import ClassVar

from textual.screen import Screen

from app.screen.actions import Situation, Where
from app.screen.footer import KeyLine


class Place(Screen[None]):
    """Knows its task and shows in its footer what can be done with it."""

    where: ClassVar[Where]
    """Whose actions the keys are."""

    def __init__(self, task_id: int, situation: Situation) -> None:
        self.task_id = task_id
        self.situation = situation
        super().__init__()

    def on_mount(self) -> None:
        """The footer says what is possible from the first frame."""
        self.renew(self.situation)

    def renew(self, situation: Situation) -> None:
        """Something about the task changed."""
        self.situation = situation
        for keys in self.query(KeyLine):
            keys.show(situation)

    def action_back(self) -> None:
        """Back to the same row."""
        self.dismiss(None)
