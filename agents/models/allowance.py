"""How much of one limit is left, as far as we know: learned from a reading, spent by us, filling up again by itself."""

from agents.models.limits import Reading

_MINUTE_S = 60.0
_ROUNDING = 1e-6
LONGEST_REFILL_S = 120.0
"""No limit is taken to need longer than this: with a wrong time from the provider we try, and are told."""


class Allowance:
    """A bucket that fills steadily. Times are monotonic seconds, given by the caller."""

    def __init__(self, reading: Reading, *, pending: float, now: float) -> None:
        """See `read`."""
        self.limit = float(reading.limit)
        self._level = 0.0
        self._at = now
        self._rate = 1.0
        self.read(reading, pending=pending, now=now)

    def read(self, reading: Reading, *, pending: float, now: float) -> None:
        """The provider's own count. `pending`: what is on its way and may not be in that count yet."""
        self.limit = float(reading.limit)
        missing = reading.limit - reading.remaining
        self._rate = self.limit / _MINUTE_S
        if missing and reading.reset_s:
            self._rate = missing / min(reading.reset_s, LONGEST_REFILL_S)
        self._level = max(reading.remaining - pending, -self.limit)
        self._at = now

    def left(self, now: float) -> float:
        """What is left; below zero when more was spent than there was."""
        self._refill(now)
        return self._level

    def take(self, amount: float, now: float) -> None:
        """Spend `amount`; a negative one gives back."""
        self._refill(now)
        self._level = max(-self.limit, min(self._level - amount, self.limit))

    def wait_s(self, amount: float, now: float) -> float:
        """Seconds until `amount` is there; all of the limit is enough for anything, or it would wait for ever."""
        self._refill(now)
        lacking = min(amount, self.limit) - self._level
        return lacking / self._rate if lacking > self.limit * _ROUNDING else 0.0

    def _refill(self, now: float) -> None:
        self._level += self._rate * max(0.0, now - self._at)
        self._at = max(self._at, now)
        if self._level >= self.limit:
            # The rate of a reading holds until the reset it named; from there on a minute's worth comes in a minute.
            self._level, self._rate = self.limit, self.limit / _MINUTE_S
