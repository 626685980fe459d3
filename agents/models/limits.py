"""What a provider says of its rate limits in the headers of a response: what is left, and when it is whole again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Literal

Kind = Literal["requests", "input-tokens", "output-tokens", "tokens"]
"""What is counted. `tokens` is the tightest limit on input and output together, where there is one."""
KINDS: tuple[Kind, ...] = ("requests", "input-tokens", "output-tokens", "tokens")

_DIGITS = 15
_LONGEST_S = 1e9


@dataclass(frozen=True)
class Reading:
    """One limit, as the provider saw it when it answered."""

    limit: int
    remaining: int
    reset_s: float | None
    """Seconds from the answer until all of `limit` is there again; None: not said, or no sense in it."""


def readings(headers: Mapping[str, str], now: datetime) -> dict[Kind, Reading]:
    """The `anthropic-ratelimit-*` headers; what is missing or makes no sense is left out.

    `now` stands in where the response has no date of its own: reset times are the provider's wall-clock times, and our
    clock may be wrong.
    """
    sent = _date(headers.get("date")) or now
    found: dict[Kind, Reading] = {}
    for kind in KINDS:
        limit = _count(headers.get(f"anthropic-ratelimit-{kind}-limit"))
        remaining = _count(headers.get(f"anthropic-ratelimit-{kind}-remaining"))
        if limit and remaining is not None:
            reset_s = _seconds_until(headers.get(f"anthropic-ratelimit-{kind}-reset"), sent)
            found[kind] = Reading(limit, min(remaining, limit), reset_s)
    return found


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds the provider asks us to wait, from a number of (milli)seconds or an HTTP date; None: it does not say."""
    value = headers.get("retry-after")
    for text, unit in ((headers.get("retry-after-ms"), 0.001), (value, 1.0)):
        try:
            seconds = float(text or "") * unit
        except ValueError:
            continue
        if 0 <= seconds < _LONGEST_S:
            return seconds
    until = _date(value)
    return None if until is None else max(0.0, (until - (_date(headers.get("date")) or now)).total_seconds())


def _count(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def _seconds_until(text: str | None, sent: datetime) -> float | None:
    """A time in RFC 3339, as seconds after `sent`; None for one that has passed: clocks differ."""
    try:
        seconds = (datetime.fromisoformat((text or "").strip()) - sent).total_seconds()
    except (TypeError, ValueError, OverflowError):  # TypeError: a time without its zone
        return None
    return seconds if 0 < seconds < _LONGEST_S else None


def _date(text: str | None) -> datetime | None:
    """An HTTP date, with its zone."""
    try:
        moment = parsedate_to_datetime(text or "")
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo is not None else None
