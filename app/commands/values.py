"""What a person may write for an option, made exact: dollars, seconds, words of a task."""

import math
from decimal import Decimal, InvalidOperation

import click

from agents.tasks import NANO

MOST_USD = 1_000_000
MOST_SECONDS = 7 * 24 * 3600.0


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


def task_text(words: tuple[str, ...]) -> str:
    """The words joined. Raises click.UsageError when nothing or only a dash is there."""
    text = " ".join(words).strip()
    if not text.strip("-— "):
        raise click.UsageError("say what is to be done, for example: warroom run Add a slug helper to text.py")
    return text
