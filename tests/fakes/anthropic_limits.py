"""The limits of the fake Anthropic server: enforced like the real ones, and told in the same headers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from math import ceil

from agents.clock import Clock
from tests.fakes.anthropic_replies import Script, failure

MINUTE_S = 60.0


@dataclass
class RateLimits:
    """So many requests and uncached input tokens a minute and a model; how many are there, the server counts."""

    clock: Clock
    requests: int = 1_000_000
    input_tokens: int = 1_000_000_000
    steady: bool = True
    """What was used comes back bit by bit, as at Anthropic; False: all at once, a minute after the first use."""
    headers: bool = True
    """Tell what is left with every answer; as the real service does, and no other does."""
    retry_after: bool = True
    """Tell how long to wait with every refusal."""
    outages: Sequence[tuple[float, float]] = ()
    """Seconds (from, to) after the first request during which each gets a 529, without a word on how long."""
    refused: list[int] = field(default_factory=list)
    """The status of every refusal."""
    _first_at: float | None = None
    _buckets: dict[str, tuple["_Bucket", "_Bucket"]] = field(default_factory=dict)

    def answer(self, model: str, tokens: int) -> tuple[Script | None, dict[str, str]]:
        """The refusal of a request of `model` with `tokens` of input, if it is one, and the headers in any case."""
        now = self.clock.monotonic()
        self._first_at = now if self._first_at is None else self._first_at
        if any(begin <= now - self._first_at < end for begin, end in self.outages):
            self.refused.append(529)
            return failure(529, "overloaded_error", "Overloaded"), {}
        requests, inputs = self._of(model, now)
        wait_s = max(requests.wait_s(1, now), inputs.wait_s(tokens, now))
        if wait_s <= 0:
            requests.take(1, now)
            inputs.take(tokens, now)
        told = self._told(requests, inputs, now) if self.headers else {}
        if wait_s <= 0:
            return None, told
        self.refused.append(429)
        if self.retry_after:
            told["retry-after"] = str(ceil(wait_s))
        return failure(429, "rate_limit_error", "This request would exceed your rate limit"), told

    def _of(self, model: str, now: float) -> tuple["_Bucket", "_Bucket"]:
        if model not in self._buckets:
            self._buckets[model] = (
                _Bucket(self.requests, self.steady, now),
                _Bucket(self.input_tokens, self.steady, now),
            )
        return self._buckets[model]

    def _told(self, requests: "_Bucket", inputs: "_Bucket", now: float) -> dict[str, str]:
        wall = self.clock.now()
        told = {"date": format_datetime(wall, usegmt=True)}
        for kind, bucket in (("requests", requests), ("input-tokens", inputs)):
            told[f"anthropic-ratelimit-{kind}-limit"] = str(bucket.limit)
            told[f"anthropic-ratelimit-{kind}-remaining"] = str(int(bucket.left(now)))
            told[f"anthropic-ratelimit-{kind}-reset"] = _rfc3339(wall + timedelta(seconds=bucket.full_in_s(now)))
        return told


class _Bucket:
    def __init__(self, limit: int, steady: bool, now: float) -> None:
        self.limit = limit
        self._steady = steady
        self._level = float(limit)
        self._at = now
        """When the level was last set; of a window, when it began."""

    def left(self, now: float) -> float:
        if self._steady:
            self._level = min(self.limit, self._level + (now - self._at) * self.limit / MINUTE_S)
            self._at = now
        elif now - self._at >= MINUTE_S:
            self._level, self._at = float(self.limit), now
        return self._level

    def take(self, amount: int, now: float) -> None:
        if not self._steady and self.left(now) == self.limit:
            self._at = now
        self._level = self.left(now) - amount

    def full_in_s(self, now: float) -> float:
        missing = self.limit - self.left(now)
        if self._steady:
            return missing / self.limit * MINUTE_S
        return self._at + MINUTE_S - now if missing else 0.0

    def wait_s(self, amount: int, now: float) -> float:
        lacking = min(amount, self.limit) - self.left(now)
        if lacking <= 0:
            return 0.0
        return lacking / self.limit * MINUTE_S if self._steady else self._at + MINUTE_S - now


def _rfc3339(moment: datetime) -> str:
    """To the second, like the real ones, and rounded up."""
    whole = moment.replace(microsecond=0) + timedelta(seconds=bool(moment.microsecond))
    return whole.isoformat().replace("+00:00", "Z")
