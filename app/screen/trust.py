"""The trust question: what a folder's warroom.toml says and would change, and that without a wall its commands run as
the person. Asked once for a folder and for what its file decides; only T says yes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content

from agents.configuration.foreign import since
from agents.sanitize import one_line, spelt_out
from app.screen.actions import bindings
from app.screen.columns import cell, joined
from app.screen.dialog import Dialog, Plain
from app.screen.pages import Prose

if TYPE_CHECKING:
    from agents.configuration.foreign import Change, Foreign
    from app.screen.vouching import Outside

_KEY, _VALUE = 26, 18
_RISKS = 4
"""Risks the one line names."""


class TrustQuestion(Dialog[bool]):
    """Answers True for T, False for n and escape. Enter does nothing, and neither does y, which may be typed ahead."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("dialog_trust", "dialog_no", "pick_up", "pick_down", "pick_page_up", "pick_page_down")
    ]
    KEYS: ClassVar[str] = "T trust this folder   n not now   ↑↓ read on"
    KEYS_ASCII: ClassVar[str] = "T trust this folder   n not now   up/down read on"

    def __init__(self, foreign: Foreign, outside: Outside, *, ascii_only: bool = False) -> None:
        self._foreign, self._outside, self._ascii = foreign, outside, ascii_only
        super().__init__()

    def compose(self) -> ComposeResult:
        """The folder, the risk in a sentence, all there is to read, the keys."""
        with Vertical(classes="dialog", id="trust-window"):
            yield Plain(Content.styled("Trust this folder?", "bold"), classes="question")
            yield Plain(one_line(spelt_out(str(self._foreign.folder)), 300))
            yield Plain(Content.styled(risk_line(self._foreign, self._outside), "$warn"))
            page = Prose(list(trust_lines(self._foreign, ascii_only=self._ascii)), id="trust-page")
            page.can_focus = False
            yield page
            yield Plain(Content.styled(self.KEYS_ASCII if self._ascii else self.KEYS, "$info"), classes="answers")

    def action_trust(self) -> None:
        """The person vouches for it."""
        self.dismiss(True)

    def action_close(self) -> None:
        """Not now: it is not obeyed, and not asked about again until it decides something else."""
        self.dismiss(False)

    def action_pick(self, step: int) -> None:
        """Scroll."""
        self.query_one(Prose).action_step(step)

    def action_pick_page(self, pages: int) -> None:
        """Scroll by pages."""
        self.query_one(Prose).action_page(pages)


def risk_line(foreign: Foreign, outside: Outside) -> str:
    """What trusting it may lead to, in a sentence or a few."""
    risks = list(dict.fromkeys(change.risk for change in foreign.changes if change.risk))
    more = f" and {len(risks) - _RISKS} things more" if len(risks) > _RISKS else ""
    said = f"If you trust it: {'; '.join(risks[:_RISKS])}{more}." if risks else ""
    wall = f"There is no wall here ({outside.no_wall}): its checks and what agents run there run as you."
    programs = f"What its .git/config sets may have git run programs, as you: {outside.programs}."
    told = (said, wall if outside.no_wall else "", programs if outside.programs else "")
    return " ".join(filter(None, told)) or "Nothing it sets widens what War Room may do."


def trust_lines(foreign: Foreign, *, ascii_only: bool = False) -> Iterator[Content]:
    """What would change against now, what changed since the last answer, and the file itself."""
    arrow = "->" if ascii_only else "→"
    if not foreign.exists:
        yield Content.styled("It has no warroom.toml: nothing is set by it.", "$quiet")
        return
    yield from _listed("It would change", foreign.changes, arrow)
    if foreign.before is not None:
        yield from _listed("Since you last answered", since(foreign.before, foreign.decides), arrow)
    yield Content.styled(f"Its {foreign.path.name}, not obeyed until you trust it", "bold $loud")
    for number, line in enumerate(spelt_out(foreign.text).rstrip("\n").split("\n"), 1):
        yield joined((f"{number:>4} ", "$quiet"), line.expandtabs(4))


def _listed(heading: str, changes: tuple[Change, ...], arrow: str) -> Iterator[Content]:
    if not changes:
        return
    yield Content.styled(heading, "bold $loud")
    for change in changes:
        values = joined((cell((change.now, "$quiet"), _VALUE)), f" {arrow} ", (change.wanted, "bold"))
        yield joined("  ", cell((change.key, "$info"), _KEY), values)
        if change.risk:
            yield joined(" " * 4, (change.risk, "$warn"))
    yield Content("")
