"""The line of calls that share a credential, in a time that costs nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from agents.models.chat import Held
from agents.models.claude_endpoint import ClaudeEndpoint
from agents.models.errors import BadRequest, ModelError, Overloaded, RateLimited, SpendLimit
from agents.models.limiter import Limiter, Limiters, Turn
from agents.models.limits import KINDS, Reading, retry_after_s
from agents.models.retry import delay_before
from agents.models.throttle import MOST_AT_ONCE, Permit, Throttle, Wish
from tests.fakes.anthropic_limits import RateLimits
from tests.fakes.clocks import VirtualClock

HAIKU = Wish("haiku", 10)


async def held(turn: Turn) -> list[Held]:
    return [part async for part in turn.wait()]


async def one_call(limiter: Limiter, log: list[str], name: str, *, seconds: float = 1.0, wish: Wish = HAIKU) -> None:
    turn = limiter.turn(wish)
    try:
        await held(turn)
        log.append(f"{name} starts")
        await limiter.clock.sleep(seconds)
        turn.succeeded(1)
        log.append(f"{name} ends")
    finally:
        turn.end()


async def in_order(*calls: Awaitable[None]) -> list["asyncio.Task[None]"]:
    """The calls as tasks, each in line before the next one begins."""
    tasks = []
    for call in calls:
        tasks.append(asyncio.ensure_future(call))
        await asyncio.sleep(0)
    return tasks


async def test_first_come_first_served() -> None:
    clock = VirtualClock()
    limiter = Limiter(clock, Random(1), most=1)
    log: list[str] = []

    async def scene() -> None:
        await asyncio.gather(*await in_order(*(one_call(limiter, log, name) for name in "abcd")))

    await clock.run(scene())
    assert log == [f"{name} {what}" for name in "abcd" for what in ("starts", "ends")]
    assert clock.at >= 4


async def test_one_that_leaves_the_line_holds_nobody_up_and_takes_nothing_along() -> None:
    clock = VirtualClock()
    limiter = Limiter(clock, Random(1), most=1)
    log: list[str] = []

    async def scene() -> None:
        tasks = await in_order(*(one_call(limiter, log, name, seconds=9) for name in "abcde"))
        await clock.sleep(3)
        tasks[1].cancel()  # in line
        tasks[0].cancel()  # under way; c is let go in the same breath
        tasks[2].cancel()  # perhaps let go already, and it does not know yet
        await asyncio.gather(*tasks, return_exceptions=True)

    await clock.run(scene())
    assert log == ["a starts", "d starts", "d ends", "e starts", "e ends"]
    assert (limiter.throttle.in_flight, limiter.waiting) == (0, 0)


async def test_whoever_waits_is_told_why_and_how_long_but_not_for_less_than_a_second() -> None:
    clock = VirtualClock()
    limiter = Limiter(clock, Random(1), most=2)
    told: list[Held] = []

    async def scene() -> None:
        first, second, third = (limiter.turn(HAIKU) for _ in range(3))
        assert await held(first) == []
        assert await held(second) == [], "a tenth of a second is not worth a word"
        waiting = asyncio.ensure_future(held(third))
        await clock.sleep(7)
        first.failed(RateLimited("slow down", retry_after=12))
        first.end()
        second.end()
        told.extend(await waiting)
        third.end()

    await clock.run(scene())
    reasons = [part.reason for part in told]
    assert reasons[:2] == ["rate limit, 2 at once"] * 2
    assert [part.seconds for part in told[:2]] == [None, None]
    assert set(reasons[2:]) == {"rate limit"}
    pauses = [part.seconds or 0 for part in told[2:]]
    assert 7 < pauses[0] <= 12 + 1.2
    assert pauses == sorted(pauses, reverse=True)
    assert [round(part.waited_s) for part in told] == [1, 6, 11, 16]


async def test_calls_to_another_model_pass_one_that_waits_for_its_tokens_and_small_ones_do_not() -> None:
    clock = VirtualClock()
    limiter = Limiter(clock, Random(1))
    log: list[str] = []

    async def scene() -> None:
        turn = limiter.turn(HAIKU)
        await held(turn)
        turn.sends()
        turn.answered(
            {"anthropic-ratelimit-input-tokens-limit": "60", "anthropic-ratelimit-input-tokens-remaining": "9"}
        )
        turn.end()
        large = one_call(limiter, log, "large", wish=Wish("haiku", 29))
        small = one_call(limiter, log, "small", wish=Wish("haiku", 5))
        other = one_call(limiter, log, "other", wish=Wish("opus", 5000))
        await asyncio.gather(*await in_order(large, small, other))

    await clock.run(scene())
    assert log == ["other starts", "other ends", "large starts", "large ends", "small starts", "small ends"]
    assert 20 <= clock.at <= 30


async def test_a_call_that_was_refused_keeps_its_place() -> None:
    clock = VirtualClock()
    limiter = Limiter(clock, Random(1), most=1)
    log: list[str] = []

    async def scene() -> None:
        first = limiter.turn(HAIKU)
        await held(first)
        others = await in_order(*(one_call(limiter, log, name) for name in "bc"))
        first.failed(Overloaded("busy", busy=True, retry_after=5))
        first.end()
        again = limiter.turn(HAIKU, place=first.place)
        await held(again)
        log.append("a starts")
        again.end()
        await asyncio.gather(*others)

    await clock.run(scene())
    assert [line for line in log if line.endswith("starts")] == ["a starts", "b starts", "c starts"]


@pytest.mark.parametrize("error", [SpendLimit("no"), BadRequest("no"), Overloaded("broken")])
async def test_errors_that_say_nothing_about_limits_change_none(error: ModelError) -> None:
    clock = VirtualClock()
    limiter = Limiter(clock, Random(1))

    async def scene() -> None:
        turn = limiter.turn(HAIKU)
        await held(turn)
        turn.failed(error)
        turn.end()
        next_turn = limiter.turn(HAIKU)
        await held(next_turn)
        next_turn.end()

    await clock.run(scene())
    assert clock.at < 1
    assert (limiter.throttle.limit, limiter.throttle.in_flight) == (MOST_AT_ONCE, 0)


def test_an_account_is_an_address_with_a_credential_and_keeps_neither() -> None:
    def account(url: str | None, key: str | None, **environ: str) -> str:
        return ClaudeEndpoint.find(url, key, environ).account(environ)

    same = {
        account(None, "secret"),
        account("https://api.anthropic.com/v1/", "secret"),
        account(None, None, ANTHROPIC_API_KEY="secret"),
        account(None, None, ANTHROPIC_API_KEY="secret", ANTHROPIC_AUTH_TOKEN="other"),
    }
    assert len(same) == 1
    others = {account(None, "other"), account("http://localhost:1", "secret"), account(None, None), *same}
    assert len(others) == 4
    assert not any("secret" in one for one in others)
    limiters = Limiters(VirtualClock(), Random(1))
    assert limiters.of(next(iter(same))) is limiters.of(account(None, "secret"))
    assert limiters.of(account(None, "other")) is not limiters.of(account(None, "secret"))


# ---- whatever happens -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """One call of a scenario: when it comes, how long it takes, whether somebody gives it up."""

    at: float
    model: str
    tokens: int
    seconds: float
    cancel_after: float | None
    breaks: bool


CALLS = st.builds(
    Call,
    at=st.floats(0, 120),
    model=st.sampled_from(["haiku", "opus"]),
    tokens=st.integers(1, 400),
    seconds=st.floats(0.0, 30.0),
    cancel_after=st.none() | st.floats(0, 200),
    breaks=st.booleans(),
)
OUTAGES = st.lists(
    st.tuples(st.floats(0, 200), st.floats(0, 60)).map(lambda one: (one[0], one[0] + one[1])), max_size=2
)


class Scene:
    """Calls against a provider that enforces limits; counts what must not happen."""

    def __init__(self, limits: RateLimits, clock: VirtualClock, most: int, seed: int) -> None:
        self.clock = clock
        self.limits = limits
        self.random = Random(seed)
        self.limiter = Limiter(clock, Random(seed), most=most)
        self.under_way = 0
        self.served = 0
        self.given_up = 0
        self.tries: list[int] = []

    async def play(self, calls: list[Call]) -> None:
        await asyncio.gather(*(self._live(call) for call in calls))

    async def _live(self, call: Call) -> None:
        await self.clock.sleep(call.at)
        work = asyncio.ensure_future(self._until_served(call))
        if call.cancel_after is None:
            await work
            return
        timer = asyncio.ensure_future(self.clock.sleep(call.cancel_after))
        await asyncio.wait({work, timer}, return_when=asyncio.FIRST_COMPLETED)
        timer.cancel()
        work.cancel()
        await asyncio.gather(work, timer, return_exceptions=True)
        self.given_up += work.cancelled()

    async def _until_served(self, call: Call) -> None:
        place: int | None = None
        for attempt in range(1, 200):
            turn = self.limiter.turn(Wish(call.model, call.tokens), place=place)
            try:
                await held(turn)
                await self._send(turn, call)
                self.served += 1
                self.tries.append(attempt)
                return
            except ModelError as error:
                place = turn.place
                turn.failed(error)
                wait = delay_before(attempt + 1, error.retry_after, self.random)
            finally:
                turn.end()
            await self.clock.sleep(wait)
        raise AssertionError("never served")

    async def _send(self, turn: Turn, call: Call) -> None:
        throttle = self.limiter.throttle
        self.under_way += 1
        try:
            assert self.under_way <= throttle.in_flight
            turn.sends()
            await self.clock.sleep(0.05)
            refusal, headers = self.limits.answer(call.model, call.tokens)
            turn.answered(headers)
            if refusal is not None:
                if refusal.status == 529:
                    raise Overloaded("busy", busy=True)
                raise RateLimited("no", retry_after=retry_after_s(headers, self.clock.now()))
            await self.clock.sleep(call.seconds)
            if not call.breaks:
                turn.succeeded(call.tokens // 2)
        finally:
            self.under_way -= 1


@pytest.mark.parametrize("steady", [True, False])
@pytest.mark.parametrize("headers", [True, False])
def test_a_squad_beyond_the_limit_gets_nearly_all_there_is_and_hears_few_refusals(steady: bool, headers: bool) -> None:
    """16 agents want 10 calls each of a provider that gives 30 a minute."""
    clock = VirtualClock()
    limits = RateLimits(clock, requests=30, steady=steady, headers=headers)
    scene = Scene(limits, clock, 16, seed=4)
    call = Call(at=0, model="haiku", tokens=10, seconds=2.0, cancel_after=None, breaks=False)

    async def agent() -> None:
        for _ in range(10):
            await scene.play([call])

    async def squad() -> None:
        await asyncio.gather(*(agent() for _ in range(16)))

    asyncio.run(clock.run(squad()))
    assert scene.served == 160
    ideal_s = (160 - 30) / 30 * 60 if steady else 160 // 30 * 60
    assert clock.at <= 1.1 * ideal_s
    assert max(scene.tries) <= 5
    if headers:
        assert len(limits.refused) <= (0 if steady else 160 // 30), "one a minute finds out that nothing comes back"


@settings(deadline=None, max_examples=60)
@given(
    calls=st.lists(CALLS, min_size=1, max_size=24),
    requests=st.integers(1, 30),
    tokens=st.integers(50, 5000),
    steady=st.booleans(),
    headers=st.booleans(),
    retry_after=st.booleans(),
    outages=OUTAGES,
    most=st.integers(1, 16),
    seed=st.integers(0, 99),
)
def test_everybody_is_served_or_gives_up_and_no_permit_is_lost(
    *,
    calls: list[Call],
    requests: int,
    tokens: int,
    steady: bool,
    headers: bool,
    retry_after: bool,
    outages: list[tuple[float, float]],
    most: int,
    seed: int,
) -> None:
    clock = VirtualClock()
    limits = RateLimits(
        clock,
        requests=requests,
        input_tokens=tokens,
        steady=steady,
        headers=headers,
        retry_after=retry_after,
        outages=outages,
    )
    scene = Scene(limits, clock, most, seed)
    watch = _watched(scene.limiter.throttle, most)
    asyncio.run(clock.run(scene.play(calls)))
    assert watch() == "nothing wrong"
    assert scene.served + scene.given_up == len(calls)
    assert scene.served >= sum(call.cancel_after is None for call in calls)
    assert (scene.limiter.throttle.in_flight, scene.limiter.waiting, scene.under_way) == (0, 0, 0)


def _watched(throttle: Throttle, most: int) -> Callable[[], str]:
    """Looks at every start: never more at once than the limit, which is never below 1 nor above the most."""
    wrong: list[str] = []
    start = throttle.start

    def watching(wish: Wish, now: float) -> Permit:
        if not (throttle.in_flight < throttle.limit and 1 <= throttle.limit <= most):
            wrong.append(f"{throttle.in_flight} of {throttle.limit}, at most {most}")
        if throttle.blocked(wish, now) is not None:
            wrong.append("it was blocked")
        return start(wish, now)

    throttle.start = watching  # type: ignore[method-assign]
    return lambda: ", ".join(wrong) or "nothing wrong"


class AnyOrder(RuleBasedStateMachine):
    """Starts, answers, ends and complaints in any order and at any time."""

    permits = Bundle("permits")

    def __init__(self) -> None:
        super().__init__()
        self.throttle = Throttle(Random(0), most=8)
        self.now = 0.0
        self.open = 0

    @rule(seconds=st.floats(0, 1000))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(target=permits, model=st.sampled_from("ab"), tokens=st.integers(1, 10**6))
    def start(self, model: str, tokens: int) -> Permit:
        wish = Wish(model, tokens)
        for _ in range(20):
            blocked = self.throttle.blocked(wish, self.now)
            if blocked is None or blocked.seconds is None:
                break
            self.now += max(blocked.seconds, 0.001)
        else:
            raise AssertionError("waiting as long as it says does not help")
        if blocked is not None:
            assert self.open >= self.throttle.limit
            return Permit(wish, 0, ended=True)
        assert self.throttle.in_flight < self.throttle.limit
        self.open += 1
        return self.throttle.start(wish, self.now)

    @rule(permit=permits, kind=st.sampled_from(KINDS), limit=st.integers(1, 10**6), left=st.integers(0, 10**6))
    def learn(self, permit: Permit, kind: str, limit: int, left: int) -> None:
        if not permit.ended:
            self.throttle.learn(permit, {kind: Reading(limit, min(left, limit), left / 7)}, self.now)  # type: ignore[dict-item]

    @rule(permit=consumes(permits), tokens=st.integers(0, 10**6))
    def succeed(self, permit: Permit, tokens: int) -> None:
        self.open -= not permit.ended
        self.throttle.succeeded(permit, self.now, output_tokens=tokens)

    @rule(permit=permits, asked=st.none() | st.floats(0, 1e6))
    def complain(self, permit: Permit, asked: float | None) -> None:
        self.open -= not permit.ended
        self.throttle.refused(permit, self.now, reason="rate limit", retry_after=asked)

    @rule(permit=permits, sent=st.booleans())
    def drop(self, permit: Permit, sent: bool) -> None:
        self.open -= not permit.ended
        self.throttle.dropped(permit, self.now, sent=sent)

    @invariant()
    def in_bounds(self) -> None:
        assert self.throttle.in_flight == self.open >= 0
        assert 1 <= self.throttle.limit <= 8


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(deadline=None, max_examples=60, stateful_step_count=40)
