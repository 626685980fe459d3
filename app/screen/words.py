"""Figures as a person reads them: money, time, tokens, bars."""

from __future__ import annotations

from datetime import datetime, tzinfo
from math import isfinite

NANO = 1_000_000_000
"""Nano-dollars in a dollar. Repeated here because the engine's vocabulary is too heavy to import before first paint."""


def dollars(nano: int | None) -> str:
    """`nano` nano-dollars with as many digits as it needs: $5.00, $0.42, $0.0012. None, an unknown price, is n/a."""
    if nano is None:
        return "n/a"
    whole = nano / NANO
    if nano % (NANO // 100) == 0 or abs(whole) >= 10:
        return f"${whole:.2f}"
    text = f"${whole:.4f}"
    return text if nano >= NANO // 10_000 else "<$0.0001"


def price(nano: int | None, *, paid: bool) -> str:
    """What something cost, and that it was free where nothing is paid."""
    return "free" if nano == 0 and not paid else dollars(nano)


def elapsed(seconds: float) -> str:
    """0:31, 12:05, 1:02:09."""
    if not isfinite(seconds):
        return "?"
    total = max(0, int(seconds))
    hours, rest = divmod(total, 3600)
    minutes, seconds_left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds_left:02}" if hours else f"{minutes}:{seconds_left:02}"


def span(seconds: float) -> str:
    """A short duration: 12 ms, 1.3 s, 2:05."""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    return f"{seconds:.1f} s" if seconds < 60 else elapsed(seconds)


def count(number: float) -> str:
    """11.8K, 2.1M, 640."""
    if number >= 1_000_000:
        return f"{number / 1_000_000:.1f}M"
    return f"{number / 1_000:.1f}K" if number >= 1_000 else f"{number:.0f}"


def counted(number: int, noun: str) -> str:
    """1 step, 2 steps."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def clock_time(at: datetime, zone: tzinfo | None) -> str:
    """12:01:07 in `zone`; None is the machine's own."""
    return at.astimezone(zone).strftime("%H:%M:%S")


def bar(share: float, width: int, *, ascii_only: bool = False) -> str:
    """`width` cells, filled for `share` of 0 to 1; anything above nothing shows at least one."""
    full, empty = ("#", "-") if ascii_only else ("▰", "▱")
    filled = min(width, max(0, round(share * width)))
    if share > 0:
        filled = max(1, filled)
    return full * filled + empty * (width - filled)


def exit_word(code: int | None) -> str:
    """An exit code beside its meaning; None was stopped by the time limit."""
    if code is None:
        return "timed out"
    return "exit 0" if code == 0 else f"exit {code}"
