"""Rate limits on the wire: what a squad with one key does when the provider says slow down."""

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from random import Random

import pytest

from agents.clock import Clock, SystemClock
from agents.events import AgentHealth, ModelFailed, ModelStarted
from agents.headquarters import Headquarters
from agents.models.chat import ChatModel, ChatRequest, Finished, Held, Message, Part
from agents.models.claude import ClaudeModel
from agents.models.connect import connector
from agents.models.errors import ModelError, Overloaded, RateLimited, SpendLimit
from agents.models.limiter import Limiters
from agents.models.retry import stream_with_retries
from agents.settings import Settings, TierSettings
from agents.tasks import NewTask, Outcome, Task
from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK
from tests.fakes.anthropic_limits import RateLimits
from tests.fakes.anthropic_replies import Script, Wait, broken_off, error_event, failure, message, text, tool
from tests.fakes.anthropic_server import AnthropicServer, Recorded
from tests.fakes.clocks import FastClock

HAIKU = "claude-haiku-5-5"
ASKING = ChatRequest(system="Be brief.", messages=(Message(role="user", content="Hi"),))
PATIENT = {"first_byte_s": 1e5, "between_chunks_s": 1e5}
"""In the fast clock's seconds."""


@pytest.fixture(scope="module", autouse=True)
def imported_before_any_time_is_measured() -> None:
    importlib.import_module("anthropic.resources.messages")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")


def claude(
    server: AnthropicServer, clock: Clock, limiters: Limiters | None = None, *, api_key: str = "k"
) -> ClaudeModel:
    settings = TierSettings(provider="anthropic", model=HAIKU, **PATIENT)
    return ClaudeModel(HAIKU, url=server.url, settings=settings, clock=clock, api_key=api_key, limiters=limiters)


async def parts_of(stream: AsyncIterator[Part]) -> list[Part]:
    return [part async for part in stream]


async def refused(model: ChatModel) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await parts_of(model.stream(ASKING))
    return caught.value


class Squad:
    """Agents with a model each, a key in common, and their own random numbers."""

    def __init__(self, server: AnthropicServer, clock: FastClock, size: int) -> None:
        self.clock = clock
        self.limiters = Limiters(clock, Random(1))
        self.models = [claude(server, clock, self.limiters) for _ in range(size)]
        self.failures: list[tuple[str, int, float | None]] = []
        self.replies = 0

    async def work(self, calls: int) -> None:
        await asyncio.gather(*(self._agent(number, model, calls) for number, model in enumerate(self.models)))
        await asyncio.gather(*(model.aclose() for model in self.models))

    async def _agent(self, number: int, model: ClaudeModel, calls: int) -> None:
        random = Random(number)

        async def on_failure(error: ModelError, attempt: int, delay: float | None) -> None:
            self.failures.append((error.kind, attempt, delay))

        for _ in range(calls):
            stream = stream_with_retries(model, ASKING, clock=self.clock, random=random, on_failure=on_failure)
            async for part in stream:
                self.replies += isinstance(part, Finished)


@pytest.mark.parametrize("steady", [True, False])
@pytest.mark.parametrize("headers", [True, False])
async def test_sixteen_agents_with_one_key_all_get_their_replies(steady: bool, headers: bool) -> None:
    """48 calls where 20 a minute are allowed: nobody gives up, and who is told what is left hardly asks too much."""
    clock = FastClock(100)
    limits = RateLimits(clock, requests=20, steady=steady, headers=headers)
    async with AnthropicServer(limits=limits) as server:
        squad = Squad(server, clock, 16)
        await squad.work(3)
        assert len(server.requests) == 48 + len(limits.refused)
    assert squad.replies == 48
    assert {kind for kind, _, _ in squad.failures} <= {"rate_limited"}
    assert all(delay is not None for _, _, delay in squad.failures)
    if headers and steady:
        assert len(limits.refused) <= 8, "what is left was known before it was used up"


async def test_tokens_are_a_limit_of_their_own() -> None:
    clock = FastClock(100)
    limits = RateLimits(clock, input_tokens=150)
    async with AnthropicServer(limits=limits) as server:
        squad = Squad(server, clock, 4)
        await squad.work(3)
    assert squad.replies == 12


@pytest.mark.parametrize("at", [0.0, 5.0])
async def test_an_overload_of_a_minute_is_lived_through(at: float) -> None:
    """No word on how long it takes, and five tries of one agent alone would be over after eight seconds."""
    clock = FastClock(100)
    limits = RateLimits(clock, headers=False, outages=[(at, at + 60)])
    answer = message(text("Understood."))
    async with AnthropicServer(otherwise=lambda request: answer, limits=limits) as server:
        squad = Squad(server, clock, 16)
        while not squad.failures:
            await squad.work(1)
    assert squad.replies % 16 == 0
    assert {kind for kind, _, _ in squad.failures} <= {"overloaded"}
    assert all(delay is not None for _, _, delay in squad.failures)


async def test_a_burst_of_refusals_halves_what_goes_at_once_and_nobody_knocks_while_asked_to_wait() -> None:
    clock = FastClock(50)
    arrived: list[float] = []
    gate = asyncio.Event()
    no = failure(429, "rate_limit_error", headers={"retry-after": "30"})
    together = Script(steps=no.steps, status=429, headers=no.headers, before=(Wait(gate),))

    def answer(request: Recorded) -> Script:
        arrived.append(clock.monotonic())
        if len(arrived) == 16:
            gate.set()
        return together if len(arrived) <= 16 else message(text("Understood."))

    async with AnthropicServer(otherwise=answer) as server:
        squad = Squad(server, clock, 16)
        await squad.work(1)
        assert squad.replies == 16
        assert server.most_at_once == 16
    assert len(squad.failures) == 16
    assert all(attempt == 1 for _, attempt, _ in squad.failures), "one burst, one refusal each"
    back = arrived[16:]
    assert back[0] - arrived[15] >= 30
    assert len(set(back)) == 16


async def test_after_a_burst_half_as_many_are_let_through() -> None:
    clock = FastClock(50)
    gate, eight_more, release = asyncio.Event(), asyncio.Event(), asyncio.Event()
    no = failure(529, "overloaded_error")
    together = Script(steps=no.steps, status=529, headers=no.headers, before=(Wait(gate),))

    def answer(request: Recorded) -> Script:
        if len(server.requests) == 16:
            gate.set()
        if len(server.requests) <= 16:
            return together
        if len(server.requests) == 24:
            eight_more.set()
        return message(text("Understood."), before=(Wait(release),) if len(server.requests) <= 24 else ())

    async with AnthropicServer(otherwise=answer) as server:
        squad = Squad(server, clock, 16)
        work = asyncio.ensure_future(squad.work(1))
        await eight_more.wait()
        await clock.sleep(20)
        assert (len(server.requests), server.answering) == (24, 8), "eight are under way and eight wait"
        release.set()
        await work
    assert squad.replies == 16


@pytest.mark.parametrize(
    ("script", "kind", "throttled"),
    [
        (failure(429, "rate_limit_error"), RateLimited, True),
        (failure(529, "overloaded_error"), Overloaded, True),
        (failure(503, "api_error"), Overloaded, True),
        (failure(500, "api_error"), Overloaded, False),
        (failure(502, "api_error"), Overloaded, False),
        (broken_off(text("I will"), last=error_event()), Overloaded, True),
        (broken_off(text("I will"), last=error_event("rate_limit_error")), RateLimited, True),
        (failure(429, "rate_limit_error", code="enforced_spend_limit_reached"), SpendLimit, False),
        (failure(401, "authentication_error"), None, False),
    ],
)
async def test_only_a_complaint_of_too_much_slows_the_others_down(
    script: Script, kind: type[ModelError] | None, throttled: bool
) -> None:
    clock = FastClock(50)
    limiters = Limiters(clock, Random(1))
    async with AnthropicServer(script, script) as server:
        one, other = claude(server, clock, limiters), claude(server, clock, limiters)
        first = await refused(one)
        assert kind is None or type(first) is kind
        assert first.throttled is throttled
        await refused(other)
        third = claude(server, clock, limiters)
        began = clock.monotonic()
        parts = await parts_of(third.stream(ASKING))
        for model in (one, other, third):
            await model.aclose()
    assert isinstance(parts[-1], Finished)
    if throttled:
        assert clock.monotonic() - began >= 0.5, "the second burst in a row"
    else:
        assert not any(isinstance(part, Held) for part in parts)


async def test_all_tiers_with_a_key_wait_together_and_another_key_does_not() -> None:
    clock = FastClock(20)
    connect = connector(clock, Random(1))
    no = failure(429, "rate_limit_error", headers={"retry-after": "40"})
    async with AnthropicServer(no) as server:
        haiku = TierSettings(provider="anthropic", model=HAIKU, **PATIENT)
        opus = haiku.model_copy(update={"model": "claude-opus-5-5"})
        one, other = connect("haiku", haiku, server.url), connect("opus", opus, server.url)
        stranger = claude(server, clock, api_key="another")
        await refused(one)
        assert not any(isinstance(part, Held) for part in await parts_of(stranger.stream(ASKING)))
        began = clock.monotonic()
        parts = await parts_of(other.stream(ASKING))
        held = [part for part in parts if isinstance(part, Held)]
        assert held[0].reason == "rate limit"
        assert 20 < (held[0].seconds or 0) <= 44
        assert isinstance(parts[-1], Finished)
        assert clock.monotonic() - began > 20
        for model in (one, other, stranger):
            await model.aclose()


async def test_closing_or_cancelling_a_call_that_waits_sends_nothing_and_gives_its_place_free() -> None:
    clock = SystemClock()
    limiters = Limiters(clock, Random(1))
    no = failure(429, "rate_limit_error", headers={"retry-after": "600"})
    async with AnthropicServer(no) as server:
        one, other = claude(server, clock, limiters), claude(server, clock, limiters)
        await refused(one)
        async with aclosing(one.stream(ASKING)) as stream:
            assert isinstance(await anext(stream), Held)
        waiting = asyncio.ensure_future(parts_of(other.stream(ASKING)))
        await asyncio.sleep(0.01)
        waiting.cancel()
        async with asyncio.timeout(1):
            await asyncio.gather(waiting, return_exceptions=True)
        assert len(server.requests) == 1
        limiter = one._limiter
        assert (limiter.waiting, limiter.throttle.in_flight) == (0, 0)
        for model in (one, other):
            await model.aclose()


async def test_when_the_preparation_fails_nothing_is_sent_and_nothing_is_taken() -> None:
    async def broke() -> None:
        raise LookupError("no money")

    async with AnthropicServer() as server:
        model = claude(server, SystemClock())
        with pytest.raises(LookupError):
            await parts_of(model.stream_in_turn(ASKING, broke))
        assert server.requests == []
        assert model._limiter.throttle.in_flight == 0
        await model.aclose()


async def test_what_the_provider_has_cached_does_not_count_as_input() -> None:
    """A long prompt, nearly all of it read from the cache the second time, fits what is left."""
    clock = SystemClock()
    long = ChatRequest(system="word " * 4000, messages=(Message(role="user", content="Hi"),))
    limits = RateLimits(clock, input_tokens=5500)
    async with AnthropicServer(limits=limits) as server:
        model = claude(server, clock)
        await parts_of(model.stream(long))
        more = long.model_copy(
            update={
                "messages": (*long.messages, Message(role="assistant", content="A"), Message(role="user", content="B"))
            }
        )
        async with asyncio.timeout(5):
            parts = await parts_of(model.stream(more))
        assert not any(isinstance(part, Held) for part in parts)
        await model.aclose()
    assert limits.refused == []


# ---- through the whole engine ---------------------------------------------------------------------------------------


def settings_for(url: str, *, slots: int) -> Settings:
    haiku = {
        "provider": "anthropic",
        "model": HAIKU,
        "num_ctx": 200_000,
        "endpoints": [{"url": url, "slots": slots}],
        **PATIENT,
    }
    settings = Settings(tiers={"haiku": TierSettings.model_validate(haiku)})
    budget = settings.budget.model_copy(update={"daily_usd": 1000.0})
    return settings.model_copy(update={"budget": budget})


def next_step(request: Recorded) -> Script:
    """Writes the file, then says so."""
    turns = sum(one["role"] == "assistant" for one in request.body["messages"])
    if turns:
        return message(tool("finish", {"summary": "done"}, f"toolu_{turns}"), stop="tool_use")
    return message(tool("file_write", {"path": "slug.py", "content": GOOD_SLUG}, "toolu_0"), stop="tool_use")


@pytest.mark.timeout(180)
async def test_a_squad_of_sixteen_is_slowed_down_and_none_of_its_tasks_fails(repo: Path, home: Path) -> None:
    clock = FastClock(60)
    limits = RateLimits(clock, requests=12, steady=False, headers=False, outages=[(0, 30)])
    async with (
        AnthropicServer(otherwise=next_step, limits=limits) as server,
        Headquarters(settings_for(server.url, slots=16), home=home, folder=repo, clock=clock) as hq,
    ):
        tasks = [await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK)) for _ in range(16)]
        for task in tasks:
            await hq.dispatch(task.id)
        done: list[Task] = [await hq.wait(task.id) for task in tasks]
        calls = [call for task in done for call in await hq.store.calls(task.id)]
        credits = await hq.credits()
    assert [task.reason for task in done if task.halted] == []
    assert [(task.outcome, task.missions, task.halted) for task in done] == [(Outcome.PROVEN, 1, None)] * 16
    assert limits.refused
    assert len(calls) == len(server.requests) == 32 + len(limits.refused)
    assert sum(call.usage.output for call in calls) == server.served.output
    assert credits.reserved_nano == 0


async def test_waiting_for_the_provider_does_not_use_up_a_missions_time(repo: Path, home: Path) -> None:
    clock = FastClock(10)
    limits = RateLimits(clock, requests=1)
    async with (
        AnthropicServer(otherwise=next_step, limits=limits) as server,
        Headquarters(settings_for(server.url, slots=1), home=home, folder=repo, clock=clock) as hq,
    ):
        task = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK, timeout_s=5))
        began = asyncio.get_running_loop().time()
        await hq.dispatch(task.id)
        task = await hq.wait(task.id)
        assert asyncio.get_running_loop().time() - began > 5
    assert (task.outcome, task.steps) == (Outcome.PROVEN, 2)
    assert task.warnings == () or not any("limit" in warning for warning in task.warnings)


async def test_a_held_call_is_shown_and_reserves_nothing_and_its_cancelling_costs_nothing(
    repo: Path, home: Path
) -> None:
    clock = SystemClock()
    limits = RateLimits(clock, requests=1)
    async with (
        AnthropicServer(otherwise=next_step, limits=limits) as server,
        Headquarters(settings_for(server.url, slots=1), home=home, folder=repo) as hq,
    ):
        task = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK))
        started = 0
        with hq.events() as events:
            await hq.dispatch(task.id)
            async for event in events:
                started += isinstance(event, ModelStarted)
                assert not isinstance(event, ModelFailed)
                if isinstance(event, AgentHealth) and (event.note or "").startswith("rate limit: waits "):
                    break
        seconds = int((event.note or "").split()[-2])
        assert 30 <= seconds <= 62
        assert started == len(server.requests) == 1, "the second call is not even begun"
        before = await hq.credits()
        assert before.reserved_nano == 0
        assert before.spent_nano > 0
        async with asyncio.timeout(5):
            await hq.cancel(task.id)
        assert await hq.credits() == before
        assert [call.attempt for call in await hq.store.calls(task.id)] == [1]
