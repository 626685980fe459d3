"""The one-line strips above and below the panes: the header, the status line, the footer."""

from __future__ import annotations

from textual.content import Content

from agents.sanitize import one_line
from app.screen.actions import Action, Situation, Where, actions_of
from app.screen.columns import joined, spread
from app.screen.credits import spent_of_cap
from app.screen.lines import Lines
from app.screen.looks import HEALTH
from app.screen.state import War

_WITH_SOUND = 78
"""Cells from which on the header has room for what is heard."""


class Header(Lines):
    """Where we are, what it cost, who waits for the person."""

    can_focus = False

    def __init__(self, war: War, *, ascii_only: bool = False) -> None:
        self._war = war
        self.ascii_only = ascii_only
        super().__init__(id="header")

    def line_count(self) -> int:
        """One."""
        return 1

    def line(self, index: int, width: int) -> Content:
        """The header in `width` cells. What needs the person is never cut."""
        war = self._war
        fork = "@" if self.ascii_only else "⎇"
        where = f"  {war.repository}" + (f" {fork} {war.branch}" if war.branch else "")
        left = joined(
            ("WAR ROOM", "bold $loud"),
            ("  SIMULATION", "bold $warn") if war.simulated else "",
            where,
            ("  opening…", "$info") if not war.opened else "",
        )
        return spread(left, self._right(width), width)

    def _right(self, width: int) -> Content:
        waiting = len(self._war.need_person())
        look = HEALTH["needs_you"]
        money = spent_of_cap(self._war, 8 if width >= 100 else 4, ascii_only=self.ascii_only)
        needs = (f"  {look.mark(self.ascii_only)} {waiting} NEED YOU", f"bold {look.colour}") if waiting else ""
        heard = (f"  snd {self._war.sound}", "$quiet") if self._war.sound and width >= _WITH_SOUND else ""
        return joined(money if width >= 60 else "", heard, needs, " ")


class StatusLine(Lines):
    """What just happened, why a key does nothing, what to do about an error. Grows for a long sentence."""

    can_focus = False
    tallest = 4

    def __init__(self) -> None:
        self._said = Content("")
        self._wrapped: list[Content] = []
        super().__init__(classes="status")

    @property
    def text(self) -> str:
        """What it says."""
        return self._said.plain

    def say(self, text: str, colour: str = "") -> None:
        """Say one or two sentences. `text` is sanitized already."""
        self._said = Content.styled(text, colour)
        self.changed()

    def changed(self) -> None:
        """Fold the sentence into the lines it needs."""
        width = self.scrollable_content_region.width
        self._wrapped = self._said.wrap(width)[: self.tallest] if width > 0 and self._said else []
        self.styles.height = max(1, len(self._wrapped))
        super().changed()

    def line_count(self) -> int:
        """As many as the sentence needs."""
        return len(self._wrapped)

    def line(self, index: int, width: int) -> Content:
        """One of them."""
        return self._wrapped[index].truncate(width, ellipsis=True)


class KeyLine(Lines):
    """The footer: what is possible now, most significant first."""

    can_focus = False

    def __init__(self, where: Where) -> None:
        self._where = where
        self._situation = Situation()
        super().__init__(classes="keys")

    def show(self, situation: Situation) -> None:
        """Other actions may be possible now."""
        if situation != self._situation:
            self._situation = situation
            self.refresh()

    def line_count(self) -> int:
        """One."""
        return 1

    def line(self, index: int, width: int) -> Content:
        """Key and word of each action that is possible, as many as fit."""
        possible = [
            action
            for action in [*actions_of(self._where), *actions_of("everywhere")]
            if action.footer and action.why_not(self._situation) is None
        ]
        items = {action.id: self._item(action) for action in possible}
        ending = [items.pop(name) for name in ("help", "quit") if name in items]
        room = width - sum(item.cell_length for item in ending)
        shown: list[Content] = []
        for item in items.values():
            if item.cell_length <= room:
                shown.append(item)
                room -= item.cell_length
        return joined(*shown, *ending).truncate(width)

    def _item(self, action: Action) -> Content:
        return joined((one_line(action.key(self._situation), 12), "bold $info"), f" {action.label}  ")
