"""The header: where we are, who can be reached, what it cost, who waits for the person. It fits every width."""

from __future__ import annotations

from textual.content import Content

from app.screen.columns import joined, spread
from app.screen.credits import burn_colour, spent_of_cap
from app.screen.lights import ON, light
from app.screen.lines import Lines
from app.screen.looks import HEALTH, OPEN_FIELD
from app.screen.state import War
from app.screen.words import dollars

_BARS = (10, 6, 4)
"""Cells of the cap's bar, with less and less room."""
_LEVELS = 10
_LONGEST = 28
"""Cells of a repository's, a branch's or a machine's name."""


class Header(Lines):
    """One line above everything."""

    can_focus = False

    def __init__(self, war: War, *, ascii_only: bool = False) -> None:
        self._war = war
        self.ascii_only = ascii_only
        super().__init__(id="header")

    def line_count(self) -> int:
        """One."""
        return 1

    def line(self, index: int, width: int) -> Content:
        """The header in `width` cells."""
        return header_line(self._war, width, ascii_only=self.ascii_only)


def header_line(war: War, width: int, *, ascii_only: bool = False) -> Content:
    """As much as fits. With less room, in this order: a shorter bar, no lights that are on, no sound, no lights at
    all, no machine, no branch, no cap, short names. What needs the person is never cut."""
    for level in range(_LEVELS):
        left, right = _left(war, level, ascii_only), _right(war, level, ascii_only)
        if left.cell_length + right.cell_length + 2 <= width:
            break
    return spread(left, right, width)


def _left(war: War, level: int, ascii_only: bool) -> Content:
    short = level >= 8
    fork = "on" if ascii_only else "⎇"
    return joined(
        ("WR" if short else "WAR ROOM", "bold $loud"),
        (f"  {'SIM' if short else 'SIMULATION'}", "bold $warn") if war.simulated else "",
        ("  REPLAY", "bold $warn") if war.replayed else "",
        (f"  {'SILENT' if short else 'RADIO SILENCE'}", "bold $info") if war.silent else "",
        ("  NOT TRUSTED", "bold $warn") if war.distrusted else "",
        (f"  {OPEN_FIELD.mark(ascii_only)} {OPEN_FIELD.word}", f"bold {OPEN_FIELD.colour}") if war.open_field else "",
        (f"  {_short(war.repository)}", "bold") if war.repository and level < 9 else "",
        (f" {fork} {_short(war.branch)}", "") if war.branch and level < 6 else "",
        (f" @{war.host}", "$info") if war.host and level < 5 else "",
        ("  opening…", "$info") if not war.opened else "",
    )


def _right(war: War, level: int, ascii_only: bool) -> Content:
    waiting = len(war.need_person())
    look = HEALTH["needs_you"]
    needs = f"{look.mark(ascii_only)} {waiting} {'NEED' if waiting != 1 else 'NEEDS'} YOU"
    parts = [
        _lights(war, level, ascii_only),
        Content.styled(f"snd {war.sound}", "$quiet") if war.sound and level < 3 else Content(""),
        _money(war, level, ascii_only),
        Content.styled(needs, f"bold {look.colour}") if waiting else Content(""),
    ]
    shown = [part for part in parts if part]
    return Content("  ").join(shown)


def _lights(war: War, level: int, ascii_only: bool) -> Content:
    """`OLLAMA ● CLAUDE ○ OFF`."""
    if level >= 4 or not war.opened:
        return Content("")
    pieces: list[Content] = []
    for name, tiers in war.providers.items():
        look = light(war, tiers)
        if level < 2 or look is not ON:
            word = f" {look.word}" if look.word else ""
            pieces.append(joined((f"{name} ", "$quiet"), (look.mark(ascii_only) + word, look.colour)))
    return Content(" ").join(pieces)


def _money(war: War, level: int, ascii_only: bool) -> Content:
    if level < 7:
        return spent_of_cap(war, _BARS[min(level, len(_BARS) - 1)], ascii_only=ascii_only)
    halted = ("  HALTED", "bold $bad") if war.burn.halted else ""
    return joined((dollars(war.burn.spent_nano), burn_colour(war)), halted) if war.opened else Content("")


def _short(name: str) -> str:
    return Content(name).truncate(_LONGEST, ellipsis=True).plain
