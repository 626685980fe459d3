"""Credits: what was spent today against the cap, and how fast. And the same in one line for narrow screens."""

from __future__ import annotations

from datetime import datetime, tzinfo

from textual.content import Content
from textual.timer import Timer

from agents.clock import Clock
from app.screen.actions import BY_ID
from app.screen.burn import Burn
from app.screen.columns import joined, spread
from app.screen.lanes import LANES, lane_counts
from app.screen.lines import Lines
from app.screen.state import War
from app.screen.words import bar, count, counted, dollars

TICKS = 8
"""Drawings until the counter has caught up with what was spent."""
TICK_S = 0.06
_TALLEST = 8
"""Rows of the bars at most."""


class CreditsPane(Lines):
    """The burn meter. Its counter runs up to a new sum as it does in the game, and stops there."""

    def __init__(self, war: War, clock: Clock, zone: tzinfo | None = None, *, ascii_only: bool = False) -> None:
        self._war = war
        self._clock = clock
        self._zone = zone
        self.ascii_only = ascii_only
        self._drawn: list[Content] = []
        self._shown_nano: int | None = None
        """What the counter stands at; None before the first reading."""
        self._left = 0
        self._timer: Timer | None = None
        super().__init__(id="credits", classes="pane")
        self.title("5 CREDITS")

    @property
    def still(self) -> bool:
        """The counter has caught up."""
        return self._timer is None

    def changed(self) -> None:
        """Take the figures anew; what was spent since runs in."""
        spent = self._war.burn.spent_nano
        animated = self._shown_nano is not None and self.app.animation_level != "none"
        if not self._war.opened or not animated:
            self._shown_nano, self._left = spent if self._war.opened else None, 0
        elif self._shown_nano != spent:
            self._left = TICKS
            if self._timer is None:
                self._timer = self.set_timer(TICK_S, self._tick)
        self._draw()
        super().changed()

    def _tick(self) -> None:
        """The next figure of the counter."""
        self._timer = None
        if self._shown_nano is None or self._left <= 0:
            return
        self._shown_nano += (self._war.burn.spent_nano - self._shown_nano) // self._left
        self._left -= 1
        if self._left:
            self._timer = self.set_timer(TICK_S, self._tick)
        self._draw()
        self.refresh_line(0)

    def _draw(self) -> None:
        width, height = self.scrollable_content_region.size
        self._drawn = []
        if width:
            self._drawn = credit_lines(
                self._war,
                self._clock,
                width,
                height=height,
                shown=self._shown_nano,
                zone=self._zone,
                ascii_only=self.ascii_only,
            )

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
    """`$0.42 / $5.00 ▰▰▱▱`, and HALTED once nothing more may be spent. With no `width` no bar."""
    if not war.opened:
        return Content("")
    burn, colour = war.burn, burn_colour(war)
    meter = f" {bar(burn.share, width, ascii_only=ascii_only)}" if width else ""
    return joined(
        (dollars(burn.spent_nano), colour),
        (f" / {dollars(burn.cap_nano)}", "$quiet"),
        (meter, colour),
        ("  HALTED", "bold $bad") if burn.halted else "",
    )


def credit_lines(
    war: War,
    clock: Clock,
    width: int,
    *,
    height: int = 0,
    shown: int | None = None,
    zone: tzinfo | None = None,
    ascii_only: bool = False,
) -> list[Content]:
    """The pane's lines, at most `width` cells; in `height` rows the bars of the last ten minutes grow as tall as they
    can. `shown`: where the counter stands, else at what was spent."""
    if not war.opened:
        return []
    burn, now, colour = war.burn, clock.now(), burn_colour(war)
    spent = joined(
        (dollars(burn.spent_nano if shown is None else shown), f"bold {colour}"),
        (f" / {dollars(burn.cap_nano)}", "$quiet"),
    )
    full = ("HALTED", "bold $bad") if burn.halted else (f"{burn.share:.0%}" if burn.cap_nano else "", colour)
    pace = f"{count(burn.tokens_per_minute(now))} tok/min"
    above = [
        spread(spent, full, width),
        Content.styled(bar(burn.share, width, ascii_only=ascii_only), colour),
        spread(f"{dollars(burn.nano_per_hour(now))}/h", pace, width),
    ]
    below = [*_outlook(burn, now, zone), *_saved_and_reserved(burn, width)]
    if burn.unknown_calls:
        below.append(Content.styled(f"{counted(burn.unknown_calls, 'call')} of unknown price: n/a", "$warn"))
    if war.simulated:
        below.append(Content.styled("SIMULATION: no real money", "$warn"))
    tall = max(1, min(_TALLEST, height - len(above) - len(below)))
    bars = burn.bars(now, width, tall, ascii_only=ascii_only)
    return [*above, *(Content.styled(row, "$info") for row in bars), *below]


def _outlook(burn: Burn, now: datetime, zone: tzinfo | None) -> list[Content]:
    """When the cap will be reached, or what to do when it is."""
    if burn.halted:
        return [Content.styled(f"{BY_ID['day_cap'].shown} raises today's cap", "$warn")]
    if (at := burn.halts_at(now)) is not None:
        minutes = max(1, round((at - now).total_seconds() / 60))
        left = f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
        return [Content.styled(f"halts ~{at.astimezone(zone):%H:%M}, in {left}", "$warn")]
    return [Content.styled("the cap lasts the day", "$quiet")] if burn.nano_per_hour(now) else []


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
        return side_line(self._war, self._clock, width)


def side_line(war: War, clock: Clock, width: int) -> Content:
    """As much as fits, and nothing that is cut: tokens give way first, then what was saved, the pace, the headings."""
    counts, burn, now = lane_counts(war), war.burn, clock.now()
    lanes = "  ".join(f"{lane} {counts[lane]}" for lane in LANES)
    spent = (dollars(burn.spent_nano), burn_colour(war)) if war.opened else ""
    pace = (f"  {dollars(burn.nano_per_hour(now))}/h" if war.opened else "", "$quiet")
    tokens = (f"  {count(burn.tokens_per_minute(now))} tok/min" if war.opened else "", "$quiet")
    saved = (f"  {saved_words(burn)}" if burn.saved_nano else "", "$good")
    radar, credits = ("RADAR ", "bold $info"), ("  CREDITS ", "bold $info")
    tries = (
        (radar, lanes, credits, spent, pace, tokens, saved),
        (radar, lanes, credits, spent, pace, saved),
        (radar, lanes, credits, spent, pace),
        (radar, lanes, credits, spent),
        (lanes,),
    )
    fitting = (line for line in (joined(*pieces) for pieces in tries) if line.cell_length <= width)
    return next(fitting, Content(lanes).truncate(width, ellipsis=True))
