"""Calls that share a credential take turns: first come, first served, and never faster than the provider bears."""

import asyncio
from bisect import insort
from collections.abc import AsyncGenerator, Mapping
from itertools import count
from random import Random

from agents.clock import Clock
from agents.models.chat import Held
from agents.models.errors import ModelError
from agents.models.limits import readings
from agents.models.patience import done_within
from agents.models.throttle import MOST_AT_ONCE, Blocked, Permit, Throttle, Wish

WORTH_TELLING_S = 1.0
TELL_EVERY_S = 5.0
_SHORTEST_S = 0.001


class Limiter:
    """The limits of one provider for one credential, shared by all who use it in this process."""

    def __init__(self, clock: Clock, random: Random, *, most: int = MOST_AT_ONCE) -> None:
        """`most`: the most calls at once, whatever the provider bears."""
        self.clock = clock
        self.throttle = Throttle(random, most)
        self._line: list[Turn] = []
        self._places = count()

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._line)

    def turn(self, wish: Wish, *, place: int | None = None) -> "Turn":
        """A turn for one call. `place`: that of an earlier turn, when the same call has to be made again."""
        return Turn(self, wish, next(self._places) if place is None else place)

    def enter(self, turn: "Turn") -> None:
        """`turn` stands in line from now on."""
        insort(self._line, turn, key=lambda one: one.place)

    def leave(self, turn: "Turn") -> None:
        """`turn` does not stand in line any more; who stood behind it may be next."""
        if turn in self._line:
            self._line.remove(turn)
            self.move_on()

    def move_on(self) -> None:
        """Something has changed: let go who may go, and the others look again at how long it will take."""
        self.let_go()
        for turn in self._line:
            turn.look_again()

    def let_go(self) -> bool:
        """Start every call that may start, in order; True when there was one.

        Who waits for what is left of a model's tokens holds up the calls to that model, and no others: a large call is
        not overtaken by small ones for ever.
        """
        now = self.clock.monotonic()
        held_up: set[str] = set()
        going: list[Turn] = []
        for turn in self._line:
            if turn.wish.model in held_up:
                continue
            blocked = self.throttle.blocked(turn.wish, now)
            if blocked is None:
                turn.go(self.throttle.start(turn.wish, now))
                going.append(turn)
            elif blocked.model_only:
                held_up.add(turn.wish.model)
            else:
                break
        self._line = [turn for turn in self._line if turn not in going]
        return bool(going)

    def why(self, turn: "Turn") -> Blocked:
        """What keeps `turn` waiting: its own limits or those of the first in line for the same model."""
        now = self.clock.monotonic()
        first = next((one for one in self._line if one.wish.model == turn.wish.model), turn)
        mine = self.throttle.blocked(turn.wish, now)
        return self.throttle.blocked(first.wish, now) or mine or Blocked("one after the other", 0.0)


class Turn:
    """One call's turn: `wait`, send, `answered`, `succeeded` or `failed`; and `end` in any case, in a finally."""

    def __init__(self, limiter: Limiter, wish: Wish, place: int) -> None:
        self.wish = wish
        self.place = place
        """Where it stands in line: lower goes first."""
        self._limiter = limiter
        self._permit: Permit | None = None
        self._sent = False
        self._news: asyncio.Future[None] | None = None

    async def wait(self) -> AsyncGenerator[Held, None]:
        """Until the call may go; a Held from time to time when it takes a second or more."""
        limiter, clock = self._limiter, self._limiter.clock
        since = clock.monotonic()
        told_at: float | None = None
        limiter.enter(self)
        limiter.move_on()
        while self._permit is None:
            self._news = asyncio.get_running_loop().create_future()
            blocked = limiter.why(self)
            now = clock.monotonic()
            tell_at = told_at + TELL_EVERY_S if told_at is not None else since + WORTH_TELLING_S
            if now >= tell_at or (told_at is None and (blocked.seconds or 0.0) >= WORTH_TELLING_S):
                told_at = now
                yield Held(reason=blocked.reason, seconds=blocked.seconds, waited_s=now - since)
                continue
            left = tell_at - now if blocked.seconds is None else min(blocked.seconds, tell_at - now)
            if not await done_within(self._news, max(left, _SHORTEST_S), clock) and limiter.let_go():
                limiter.move_on()

    def go(self, permit: Permit) -> None:
        """The limiter's word: the call may go."""
        self._permit = permit
        self.look_again()

    def look_again(self) -> None:
        """The limiter's word: something has changed."""
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def sends(self) -> None:
        """The request goes out now: whatever happens from here on, the provider may have counted it."""
        self._sent = True

    def answered(self, headers: Mapping[str, str]) -> None:
        """The headers of an answer, good or bad, have come."""
        if self._permit is not None:
            clock = self._limiter.clock
            said = readings(headers, clock.now())
            if said:
                self._limiter.throttle.learn(self._permit, said, clock.monotonic())
                self._limiter.move_on()

    def succeeded(self, output_tokens: int) -> None:
        """The whole reply came."""
        if self._permit is not None:
            self._limiter.throttle.succeeded(self._permit, self._limiter.clock.monotonic(), output_tokens=output_tokens)
            self._limiter.move_on()

    def failed(self, error: ModelError) -> None:
        """The call failed. Only a complaint of too much says something about the limits."""
        if self._permit is not None and error.throttled:
            reason = error.kind.replace("_", " ").replace("rate limited", "rate limit")
            now = self._limiter.clock.monotonic()
            self._limiter.throttle.refused(self._permit, now, reason=reason, retry_after=error.retry_after)
            self._limiter.move_on()

    def end(self) -> None:
        """Out of the line, and the permit given back. Does nothing the second time."""
        self._limiter.leave(self)
        if self._permit is not None and not self._permit.ended:
            self._limiter.throttle.dropped(self._permit, self._limiter.clock.monotonic(), sent=self._sent)
            self._limiter.move_on()


class Limiters:
    """A limiter for every account: an address with a credential, known by a hash of both."""

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self._known: dict[str, Limiter] = {}

    def of(self, account: str) -> Limiter:
        """The one limiter of `account`."""
        if account not in self._known:
            self._known[account] = Limiter(self._clock, self._random)
        return self._known[account]
