"""What a person may write for an option, made exact: dollars, seconds, words of a task."""

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

import click

from agents.clock import SystemClock
from agents.tasks import NANO

MOST_USD = 1_000_000
MOST_SECONDS = 7 * 24 * 3600.0
_AGO = re.compile(r"(\d{1,6})\s?([mhdw])", re.IGNORECASE | re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Dollars(click.ParamType[int]):
    """An amount in dollars, as integer nano-dollars."""

    name = "usd"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Nano-dollars."""
        try:
            amount = Decimal(str(value).strip().removeprefix("$"))
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or not 0 <= amount <= MOST_USD:
            self.fail(f"{value!r} is no amount of dollars; write it like 0.50.", param, ctx)
        return int(amount * NANO)


class Seconds(click.ParamType[float]):
    """A duration above nothing, up to a week."""

    name = "seconds"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        try:
            seconds = float(str(value).strip().removesuffix("s"))
        except ValueError:
            seconds = math.nan
        if not 0 < seconds <= MOST_SECONDS:
            self.fail(f"{value!r} is no duration in seconds; write it like 600.", param, ctx)
        return seconds


class Since(click.ParamType[datetime]):
    """A moment in the past: a date, a time, or how long ago."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """In UTC; a date begins at midnight UTC, as the ledger's days do."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        ago = _AGO.fullmatch(text)
        try:
            if ago is not None:
                return SystemClock().now() - timedelta(**{_UNITS[ago[2].lower()]: int(ago[1])})
            found = datetime.fromisoformat(text)
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{text!r} is no date; write it like 2026-03-01, 2026-03-01T12:00, 7d or 24h.", param, ctx)


SINCE = click.option("--since", type=Since(), metavar="DATE", help="From this day (UTC) on: 2026-03-01, 7d or 24h ago.")


def task_text(words: tuple[str, ...]) -> str:
    """The words joined. Raises click.UsageError when nothing or only a dash is there."""
    text = " ".join(words).strip()
    if not text.strip("-— "):
        raise click.UsageError("say what is to be done, for example: warroom run Add a slug helper to text.py")
    return text
