"""The approvals panel: what agents ask, one question at a time. It takes no key that is not meant for it."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from agents.clock import Clock
from app.screen.asks import AskRow, queue
from app.screen.columns import joined
from app.screen.lines import Lines
from app.screen.looks import HEALTH
from app.screen.situation import spelt
from app.screen.state import War
from app.screen.words import elapsed

GRACE_S = 0.5
"""For so long after a question appeared no answer is taken: whoever presses a key then means something else."""
KEYS = (
    "{allow:ctrl+y} once  {allow_mission:ctrl+e} mission  {deny:ctrl+o} deny  {remember:ctrl+k} always  "
    "{later:ctrl+l} next"
)
_SHARE = 3
"""It takes at most this part of the screen's height."""
_NAMED = 4
_TAB = 4


class ApprovalsPanel(Lines):
    """Shown while something is asked. The text scrolls when a person goes into it; until then no key comes here."""

    def __init__(self, war: War, clock: Clock, *, ascii_only: bool = False) -> None:
        self._war = war
        self._clock = clock
        self.ascii_only = ascii_only
        self.keys: dict[str, str] = {}
        """Keys a person remapped."""
        self._keys_shown = ""
        self._first = 0
        """The ask that is shown first, where a person chose one."""
        self._identity: object = None
        self._since = float("-inf")
        """When what is shown appeared."""
        self._unseen = False
        """It appeared while another screen lay over this one."""
        self._texts: list[Content] = []
        self._folded: tuple[object, list[Content]] = (None, [])
        super().__init__(id="approvals")

    # What is asked

    @property
    def groups(self) -> list[tuple[AskRow, ...]]:
        """The questions, the one that is shown first."""
        found = queue(self._war.asks.values())
        at = next((place for place, group in enumerate(found) if any(row.id == self._first for row in group)), 0)
        return [*found[at:], *found[:at]]

    @property
    def shown(self) -> tuple[AskRow, ...]:
        """The asks of the question a person sees; empty: none."""
        groups = self.groups
        return groups[0] if groups else ()

    def answerable(self) -> str | None:
        """Why no answer is taken now; None: one is."""
        if not self.shown:
            return "Nobody asks anything."
        if self.region.height <= 0 or self._identity != self._identified():
            return "The question is not on the screen: read it first."
        if self._clock.monotonic() - self._since < GRACE_S:
            return "The question has just appeared: read it, then press the key again."
        return None

    def put_first(self, task_id: int) -> bool:
        """Show what is asked about a task; False when nothing is."""
        row = next((row for group in self.groups for row in group if row.task == task_id), None)
        if row is None:
            return False
        self._first = row.id
        self.changed()
        return True

    def turn(self) -> None:
        """Put the question off: show the next one."""
        groups = self.groups
        if len(groups) > 1:
            self._first = groups[1][0].id
            self.changed()

    def came_back(self) -> None:
        """A person sees the center again. What appeared meanwhile appears now."""
        if self._unseen:
            self._unseen = False
            self._since = self._clock.monotonic()

    # Drawing

    def changed(self) -> None:
        """Another question begins its time anew; one that only gets older does not."""
        identity = self._identified()
        if identity != self._identity:
            self._identity = identity
            self._since = self._clock.monotonic()
            self._unseen = self.is_attached and self.app.screen is not self.screen
            if self.is_attached:
                self.scroll_to(y=0, animate=False, force=True)
        self.set_class(bool(self.shown), "-asked")
        if not self.shown and self.has_focus:
            self.screen.query_one("#board").focus()
        self._fold()
        self._write_frame()
        super().changed()

    def _identified(self) -> object:
        return tuple(row.id for row in self.shown), self._war.asks.get(self._first) is not None

    def _write_frame(self) -> None:
        groups = self.groups
        look = HEALTH["needs_you"]
        place = queue(self._war.asks.values())
        number = place.index(groups[0]) + 1 if groups else 0
        self.title(f"{look.mark(self.ascii_only)} 7 APPROVALS  {number} of {len(groups)}" if groups else "")
        keys = spelt(KEYS, self.keys)
        if keys != self._keys_shown:
            self._keys_shown = keys
            self.border_subtitle = Content(keys)  # a person's key may be a bracket

    def _fold(self) -> None:
        """Fold the command into lines; only when it or the width is another."""
        width = self._room()
        key = (self._identity, width, self.ascii_only)
        if self._folded[0] != key:
            self._folded = (key, list(_body(self.shown[0], width)) if self.shown else [])
        heads = [head_line(self.shown, self._clock.now().timestamp(), self.ascii_only)] if self.shown else []
        self._texts = [*heads, *self._folded[1]]
        if self.is_attached:
            most = max(2, self.screen.size.height // _SHARE - 2)
            height = min(len(self._texts), most) + 2
            if self.styles.height is None or self.styles.height.value != height:
                self.styles.height = height

    def _room(self) -> int:
        """Cells of a line, whether or not a scrollbar stands beside it."""
        return max(10, (self.screen.size.width if self.is_attached else 80) - 5)

    def line_count(self) -> int:
        """The question's lines."""
        return len(self._texts)

    def line(self, index: int, width: int) -> Content:
        """One of them."""
        return self._texts[index].truncate(width, ellipsis=True)


def head_line(rows: tuple[AskRow, ...], now: float, ascii_only: bool) -> Content:
    """Who asks, for what, since when."""
    times = f"{'x' if ascii_only else '×'}{len(rows)}  " if len(rows) > 1 else ""
    names = ", ".join(f"{row.agent or 'War Room'} T{row.task}" for row in rows[:_NAMED])
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    first = rows[0]
    return joined(
        (times, "bold $loud"),
        (f"{names}{more}", "bold"),
        ("  asks: ", "$quiet"),
        (first.reach, "bold $bad" if not first.walled else "bold $warn"),
        (f"  {elapsed(max(0.0, now - first.at.timestamp()))}", "$quiet"),
    )


def _body(row: AskRow, width: int) -> Iterator[Content]:
    """All of the command, then where and why."""
    for text in folded(row.command, width - 2):
        yield joined(("$ " if text.first else "  ", "$quiet"), (text.text, "bold"))
    for label, said in (("in", row.folder), ("because", row.reason)):
        if said:
            yield from _labelled(label, said, width)
    if row.pattern and row.pattern != row.command:
        yield from _labelled("for this mission", f"{row.pattern}  (* any words, no options)", width)


def _labelled(label: str, said: str, width: int) -> Iterator[Content]:
    front = f"{label}: "
    for text in folded(said, max(10, width - len(front))):
        yield joined((front if text.first else " " * len(front), "$quiet"), text.text)


class Folded:
    """A piece of text that fits a line."""

    __slots__ = ("first", "text")

    def __init__(self, text: str, *, first: bool) -> None:
        self.text, self.first = text, first


def folded(text: str, width: int) -> Iterator[Folded]:
    """`text` in pieces of at most `width` cells; nothing of it is left out."""
    first = True
    for line in text.expandtabs(_TAB).split("\n"):
        for piece in _pieces(line, width):
            yield Folded(piece, first=first)
            first = False


def _pieces(line: str, width: int) -> list[str]:
    if not line:
        return [""]
    if line.isascii():
        return [line[start : start + width] for start in range(0, len(line), width)]
    from rich.cells import chop_cells

    return chop_cells(line, width)
