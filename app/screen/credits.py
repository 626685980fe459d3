"""Credits: what was spent today against the cap, and how fast. And the same in one line for narrow screens."""

from __future__ import annotations

from textual.content import Content

from agents.clock import Clock
from app.screen.burn import Burn
from app.screen.columns import joined
from app.screen.lanes import LANES, lane_counts
from app.screen.lines import Lines
from app.screen.state import War
from app.screen.words import bar, count, counted, dollars


class CreditsPane(Lines):
    """The burn meter."""

    def __init__(self, war: War, clock: Clock, *, ascii_only: bool = False) -> None:
        self._war = war
        self._clock = clock
        self.ascii_only = ascii_only
        self._drawn: list[Content] = []
        super().__init__(id="credits", classes="pane")
        self.title("5 CREDITS")

    def changed(self) -> None:
        """Take the figures anew."""
        width = self.scrollable_content_region.width
        self._drawn = credit_lines(self._war, self._clock, width, ascii_only=self.ascii_only) if width else []
        super().changed()

    def line_count(self) -> int:
        """The figures."""
        return len(self._drawn)

    def line(self, index: int, width: int) -> Content:
        """One figure."""
        return self._drawn[index].truncate(width, ellipsis=True)


def burn_colour(war: War) -> str:
    """Green, amber from 80 % of the cap, red at the cap."""
    if war.burn.halted or war.burn.share >= 1:
        return "$bad"
    return "$warn" if war.burn.share >= 0.8 else "$good"


def spent_of_cap(war: War, width: int, *, ascii_only: bool = False) -> Content:
    """`$0.42 / $5.00 ▰▰▱▱`, and HALTED once nothing more may be spent."""
    if not war.opened:
        return Content("")
    burn, colour = war.burn, burn_colour(war)
    halted = ("  HALTED", "bold $bad") if burn.halted else ""
    meter = bar(burn.share, width, ascii_only=ascii_only)
    return joined(
        (dollars(burn.spent_nano), colour), (f" / {dollars(burn.cap_nano)} ", "$quiet"), (meter, colour), halted
    )


def credit_lines(war: War, clock: Clock, width: int, *, ascii_only: bool = False) -> list[Content]:
    """The pane's lines, at most `width` cells."""
    if not war.opened:
        return []
    burn, now = war.burn, clock.now()
    pace = f"{dollars(burn.nano_per_hour(now))}/h  {count(burn.tokens_per_minute(now))} tok/min"
    lines = [
        spent_of_cap(war, max(4, min(12, width - 24)), ascii_only=ascii_only),
        Content(pace),
        Content.styled(burn.spark(now, min(width, 40), ascii_only=ascii_only), "$info"),
    ]
    lines += _saved_and_reserved(burn, width)
    if burn.unknown_calls:
        lines.append(Content.styled(f"{counted(burn.unknown_calls, 'call')} of unknown price: n/a", "$warn"))
    if war.simulated:
        lines.append(Content.styled("SIMULATION: no real money", "$warn"))
    return lines


def saved_words(burn: Burn) -> str:
    """`saved est. $3.10`; nothing where nothing was saved or nobody knows what."""
    return f"saved est. {dollars(burn.saved_nano)}" if burn.saved_nano else ""


def _saved_and_reserved(burn: Burn, width: int) -> list[Content]:
    """On one line where they fit: the pane has few."""
    reserved = f"{dollars(burn.reserved_nano)} reserved" if burn.reserved_nano else ""
    said = [(text, colour) for text, colour in ((saved_words(burn), "$good"), (reserved, "$quiet")) if text]
    if len(said) == 2 and sum(len(text) for text, _ in said) + 2 <= width:
        return [joined(said[0], "  ", said[1])]
    return [Content.styled(text, colour) for text, colour in said]


class SideLine(Lines):
    """Radar and credits in one line, where there is no room for the sidebar."""

    can_focus = False

    def __init__(self, war: War, clock: Clock, *, ascii_only: bool = False) -> None:
        self._war = war
        self._clock = clock
        self.ascii_only = ascii_only
        super().__init__(id="sideline")

    def line_count(self) -> int:
        """One."""
        return 1

    def line(self, index: int, width: int) -> Content:
        """The lanes' counts, then the money."""
        counts = lane_counts(self._war)
        lanes = "  ".join(f"{lane} {counts[lane]}" for lane in LANES)
        now = self._clock.now()
        burn = self._war.burn
        pace = f"  {dollars(burn.nano_per_hour(now))}/h  {count(burn.tokens_per_minute(now))} tok/min"
        return joined(
            ("RADAR ", "bold $info"),
            lanes,
            ("  CREDITS ", "bold $info"),
            (dollars(burn.spent_nano), burn_colour(self._war)),
            (pace if self._war.opened else "", "$quiet"),
            (f"  {saved_words(burn)}" if burn.saved_nano else "", "$good"),
        ).truncate(width, ellipsis=True)
