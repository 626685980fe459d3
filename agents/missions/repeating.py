"""A small model that has lost its way writes the same lines for ever: seen from the stream, long before its limit."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from agents.models.chat import Part, Restarted, TextDelta

LONGEST_PERIOD = 16
"""Lines of the piece that is repeated."""
TIMES = 4
LEAST = 900
"""Characters that must have come again before it counts: a table of equal rows is no fault."""
BLANK = 120
"""Characters of nothing but white space."""


class RepeatsItself(Exception):
    """The reply was broken off; what came of it is worth nothing."""

    def __init__(self) -> None:
        super().__init__("the model said the same lines over and over")


async def watched(parts: AsyncGenerator[Part, None]) -> AsyncGenerator[Part, None]:
    """`parts` of a reply until it runs in circles. Raises RepeatsItself then."""
    said = ""
    async with aclosing(parts):
        async for part in parts:
            yield part
            if isinstance(part, TextDelta):
                said += part.text
                if "\n" in part.text and repeats_itself(said):
                    raise RepeatsItself
            elif isinstance(part, Restarted):
                said = ""


def repeats_itself(text: str) -> bool:
    """Does `text` end in the same lines over and over, or in nothing but white space?"""
    if len(text) - len(text.rstrip()) > BLANK:
        return True
    if len(text) < LEAST:
        return False
    lines = [line.strip() for line in text.split("\n")[:-1] if line.strip()]
    return any(_comes_again(lines, period) for period in range(1, LONGEST_PERIOD + 1))


def _comes_again(lines: list[str], period: int) -> bool:
    piece = lines[-period:]
    times = max(TIMES, -(-LEAST // max(1, sum(map(len, piece)))))
    return len(lines) >= period * times and lines[-period * times :] == piece * times
