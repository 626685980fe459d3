"""What the squad burns: today's money against the cap, and the rates of the last ten minutes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.screen.command import Credits

WINDOW = timedelta(minutes=10)
_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII_BLOCKS = "_.-=+*%#"


@dataclass(frozen=True, slots=True)
class _Call:
    at: datetime
    tokens: int
    nano: int


class Burn:
    """Money in nano-dollars. Set by the ledger's own figures, moved by events between two readings."""

    def __init__(self) -> None:
        self.spent_nano = 0
        self.cap_nano = 0
        self.unknown_calls = 0
        self.saved_nano: int | None = 0
        self.halted = False
        self._reserved_before = 0
        self._reserved: dict[int, int] = {}
        self._calls: deque[_Call] = deque(maxlen=20_000)

    @property
    def reserved_nano(self) -> int:
        """What calls on their way may cost at most."""
        return self._reserved_before + sum(self._reserved.values())

    @property
    def share(self) -> float:
        """Spent against the cap, 0 to 1 and above. With no cap at all, 0."""
        return self.spent_nano / self.cap_nano if self.cap_nano > 0 else 0.0

    def read(self, credits: Credits) -> None:
        """The ledger's own figures, which outrank everything counted here. A halt lasts as long as its day and cap."""
        same_day = credits.cap_nano == self.cap_nano and credits.spent_nano >= self.spent_nano
        self.spent_nano, self.cap_nano = credits.spent_nano, credits.cap_nano
        self.unknown_calls = credits.unknown_calls
        self.saved_nano = credits.saved_nano
        self._reserved_before = credits.reserved_nano
        self._reserved.clear()
        self.halted = (self.halted and same_day) or 0 < self.cap_nano <= self.spent_nano

    def reserve(self, call: int, nano: int) -> None:
        """A call is about to start and may cost `nano`."""
        self._reserved[call] = nano

    def spend(self, call: int, today_nano: int, cap_nano: int) -> None:
        """A call was settled; the day stands at `today_nano`."""
        self._reserved.pop(call, None)
        self.spent_nano, self.cap_nano = today_nano, cap_nano

    def raise_cap(self, cap_nano: int) -> None:
        """A person raised today's cap: there is room again."""
        if cap_nano > self.cap_nano:
            self.cap_nano, self.halted = cap_nano, False

    def measure(self, at: datetime, tokens: int, nano: int | None) -> None:
        """A model call used `tokens` and cost `nano` (None: nobody knows)."""
        if nano is None:
            self.unknown_calls += 1
        self._calls.append(_Call(at, tokens, nano or 0))

    def _recent(self, now: datetime) -> list[_Call]:
        while self._calls and self._calls[0].at < now - WINDOW:
            self._calls.popleft()
        return [call for call in self._calls if call.at <= now + timedelta(seconds=5)]

    def _minutes(self, calls: list[_Call], now: datetime) -> float:
        """How long the rates are taken over: since the first call in the window, at least one minute."""
        return max(1.0, (now - calls[0].at).total_seconds() / 60) if calls else 1.0

    def nano_per_hour(self, now: datetime) -> int:
        """Dollars an hour at the pace of the last ten minutes, in nano-dollars."""
        calls = self._recent(now)
        return int(sum(call.nano for call in calls) * 60 / self._minutes(calls, now))

    def halts_at(self, now: datetime) -> datetime | None:
        """When today's cap is reached at the pace of the last ten minutes. None: not before the day ends, in UTC, and
        the money is fresh again; nor when it is reached already or nothing is spent."""
        pace, left = self.nano_per_hour(now), self.cap_nano - self.spent_nano
        if pace <= 0 or left <= 0 or self.halted:
            return None
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        hours = left / pace
        at = now + timedelta(hours=min(hours, 48.0))
        return at if at < today + timedelta(days=1) else None

    def tokens_per_minute(self, now: datetime) -> float:
        """Tokens a minute, read and written, at the pace of the last ten minutes."""
        calls = self._recent(now)
        return sum(call.tokens for call in calls) / self._minutes(calls, now)

    def spark(self, now: datetime, width: int, *, ascii_only: bool = False) -> str:
        """The tokens of the last ten minutes as `width` bars, the newest at the right."""
        return self.bars(now, width, 1, ascii_only=ascii_only)[0]

    def bars(self, now: datetime, width: int, height: int, *, ascii_only: bool = False) -> list[str]:
        """The same in `height` rows, the topmost first. Every minute that is not idle is seen."""
        blocks = _ASCII_BLOCKS if ascii_only else _BLOCKS
        buckets = [0] * max(0, width)
        for call in self._recent(now) if width > 0 else ():
            age = max(0.0, (now - call.at) / WINDOW)
            buckets[min(width - 1, int((1 - age) * width))] += call.tokens
        top, steps = max(buckets, default=0) or 1, len(blocks) * height - 1
        levels = [round(bucket / top * steps) for bucket in buckets]
        rows = reversed(range(height))
        return ["".join(_block(level - len(blocks) * row, blocks) for level in levels) for row in rows]


def _block(level: int, blocks: str) -> str:
    """What a bar shows in a row that it rises `level` steps into."""
    return " " if level < 0 else blocks[min(level, len(blocks) - 1)]
