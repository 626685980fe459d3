"""The footer: the keys of what is possible now, what matters most for the selected task first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from app.screen.actions import Action, Situation, Where, actions_of
from app.screen.columns import joined
from app.screen.lines import Lines

_LEADING: Mapping[str, Sequence[str]] = {
    "open": ("dispatch", "open", "next"),
    "queued": ("open", "cancel", "next"),
    "running": ("open", "pause", "next", "cancel"),
    "blocked": ("open", "approve", "next", "cancel"),
    "review": ("diff", "accept", "next", "retry", "reject"),
    "needs_human": ("open", "retry", "next", "approve", "diff"),
    "failed": ("open", "retry", "next", "diff"),
    "done": ("diff", "open", "next"),
}
"""By the status of the selected task, the verbs a person most likely wants next."""
_ENDING = ("back", "command", "help", "quit")
"""What stands at the right end however narrow it is: from there everything else is found."""


def offered(where: Where, situation: Situation) -> list[Action]:
    """The actions of a place's footer that are possible now, most significant first."""
    possible = [
        action
        for action in [*actions_of(where), *actions_of("everywhere")]
        if action.footer and action.why_not(situation) is None
    ]
    leading = _LEADING.get(situation.task.status, ()) if situation.task is not None else ()
    return sorted(possible, key=lambda action: leading.index(action.verb) if action.verb in leading else len(leading))


class KeyLine(Lines):
    """One line of keys, as many as fit."""

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
        """Key and word of each action that is possible."""
        items = {action.verb: self._item(action) for action in offered(self._where, self._situation)}
        ending = [items.pop(verb) for verb in _ENDING if verb in items]
        room = width - sum(item.cell_length for item in ending)
        shown: list[Content] = []
        for item in items.values():
            if item.cell_length > room:
                break
            shown.append(item)
            room -= item.cell_length
        return joined(*shown, *ending).truncate(width)

    def _item(self, action: Action) -> Content:
        return joined((action.key(self._situation), "bold $info"), f" {action.label}  ")
