"""When the next call may go: how many at once, how much is left, a pause for all. No waiting and no clock in here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from agents.models.allowance import Allowance
from agents.models.limits import Kind, Reading
from agents.models.retry import delay_before

MOST_AT_ONCE = 1000
"""Where nobody complains, the tiers' slots are the limit."""
START_GAP_S = 0.1
CAREFUL_GAP_S = 0.5
"""Calls side by side start up to so much apart; further apart after a complaint, until one succeeds."""


@dataclass(frozen=True)
class Wish:
    """What one call will take of its model's allowances."""

    model: str
    prompt_tokens: int
    """Tokens the provider has not cached: the others do not count against its limits."""

    def needs(self, kind: Kind) -> int:
        """Of a reply only one token is asked for: how long it gets, nobody knows before."""
        return {"requests": 1, "input-tokens": self.prompt_tokens, "output-tokens": 1, "tokens": self.prompt_tokens}[
            kind
        ]


@dataclass(frozen=True)
class Blocked:
    """Why a call may not go yet."""

    reason: str
    seconds: float | None
    """Until it is worth asking again; None: when another call has ended."""
    model_only: bool = False
    """Calls to other models may go on."""


@dataclass(eq=False)
class Permit:
    """A call under way. Ended once, by one of Throttle's `succeeded`, `refused`, `dropped`."""

    wish: Wish
    burst: int
    """Complaints of calls that set out before the last one we heeded belong to it."""
    counted: bool = False
    """The provider's own count has it."""
    ended: bool = False


@dataclass
class Throttle:
    """What is known of one provider's limits for one credential. Times are monotonic seconds, given by the caller."""

    random: Random
    most: int = MOST_AT_ONCE
    in_flight: int = 0
    _limit: int = field(init=False)
    _good: int = field(default=0, init=False)
    """Calls that succeeded since the limit changed."""
    _burst: int = field(default=0, init=False)
    _complaints: int = field(default=0, init=False)
    """Bursts of complaints in a row, with no success between them."""
    _paused_until: float = field(default=float("-inf"), init=False)
    _pause_reason: str = field(default="", init=False)
    _next_at: float = field(default=float("-inf"), init=False)
    _allowances: dict[tuple[str, Kind], Allowance] = field(default_factory=dict, init=False)
    """By model: providers limit each by itself."""
    _under_way: set[Permit] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._limit = max(1, self.most)

    @property
    def limit(self) -> int:
        """How many calls may be under way at once: at least 1."""
        return self._limit

    def blocked(self, wish: Wish, now: float) -> Blocked | None:
        """Why a call may not go at `now`; None when it may."""
        if self._paused_until > now:
            return Blocked(self._pause_reason, self._paused_until - now)
        if self.in_flight >= self._limit:
            return Blocked(f"rate limit, {self._limit} at once", None)
        wait_s = max(
            (
                allowance.wait_s(wish.needs(kind), now)
                for (model, kind), allowance in self._allowances.items()
                if model == wish.model
            ),
            default=0.0,
        )
        if wait_s > 0:
            return Blocked("rate limit", wait_s, model_only=True)
        if self._next_at > now and self.in_flight:
            return Blocked("one after the other", self._next_at - now)
        return None

    def start(self, wish: Wish, now: float) -> Permit:
        """A call that is not `blocked` goes out."""
        permit = Permit(wish, self._burst)
        self.in_flight += 1
        self._under_way.add(permit)
        for kind, allowance in self._of(wish.model).items():
            allowance.take(wish.needs(kind), now)
        self._next_at = now + self.random.uniform(0.0, CAREFUL_GAP_S if self._complaints else START_GAP_S)
        return permit

    def learn(self, permit: Permit, said: Mapping[Kind, Reading], now: float) -> None:
        """The headers of the answer to `permit`'s call."""
        permit.counted = True
        model = permit.wish.model
        others = [other.wish for other in self._under_way if not other.counted and other.wish.model == model]
        for kind, reading in said.items():
            pending = float(sum(wish.needs(kind) for wish in others))
            known = self._allowances.get((model, kind))
            if known is None:
                self._allowances[model, kind] = Allowance(reading, pending=pending, now=now)
            else:
                known.read(reading, pending=pending, now=now)

    def succeeded(self, permit: Permit, now: float, *, output_tokens: int = 0) -> None:
        """A whole reply came, `output_tokens` long: after as many as fit the limit, it grows by one."""
        if not self._end(permit):
            return
        output = self._of(permit.wish.model).get("output-tokens")
        if output is not None:
            output.take(max(0, output_tokens - 1), now)
        if permit.burst != self._burst:
            return
        self._complaints = 0
        self._good += 1
        if self._good >= self._limit and self._limit < self.most:
            self._limit += 1
            self._good = 0

    def refused(self, permit: Permit, now: float, *, reason: str, retry_after: float | None = None) -> None:
        """The provider complained of too much: half as many at once, and a pause for all who share the credential.

        Calls under way together complain together: only the first of them counts. What the provider asks for is
        granted up to retry.LONGEST_OBEYED_S, and a little more by chance; without a wish of its own the pause doubles
        with every burst.
        """
        at_once = self.in_flight
        if not self._end(permit):
            return
        if not permit.counted:
            self._give_back(permit.wish, now)
        if permit.burst == self._burst:
            self._limit = max(1, min(self._limit, at_once) // 2)
            self._burst += 1
            self._complaints += 1
            self._good = 0
        elif retry_after is None:
            return
        until = now + delay_before(self._complaints + 1, retry_after, self.random)
        if until > self._paused_until:
            self._paused_until, self._pause_reason = until, reason

    def dropped(self, permit: Permit, now: float, *, sent: bool = True) -> None:
        """The call ended in a way that says nothing about limits. `sent` False: it took nothing."""
        if self._end(permit) and not sent:
            self._give_back(permit.wish, now)

    def _end(self, permit: Permit) -> bool:
        if permit.ended:
            return False
        permit.ended = True
        self.in_flight -= 1
        self._under_way.discard(permit)
        return True

    def _give_back(self, wish: Wish, now: float) -> None:
        for kind, allowance in self._of(wish.model).items():
            allowance.take(-wish.needs(kind), now)

    def _of(self, model: str) -> dict[Kind, Allowance]:
        return {kind: allowance for (name, kind), allowance in self._allowances.items() if name == model}
