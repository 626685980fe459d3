import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from random import Random

import pytest

from agents.clock import Clock, SystemClock
from agents.models.chat import ChatModel, ChatRequest, Finished, Message, Part, Restarted, TextDelta
from agents.models.claude import ClaudeModel
from agents.models.errors import ModelError, NotAllowed, Overloaded, RateLimited, StreamCut
from agents.models.retry import LONGEST_DELAY_S, LONGEST_OBEYED_S, delay_before, stream_with_retries
from agents.settings import TierSettings
from agents.tasks import Usage
from tests.fakes.anthropic_replies import CleanEnd, broken_off, error_event, failure, message, text
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.clocks import FastClock

ASKING = ChatRequest(system="Be brief.", messages=(Message(role="user", content="Hi"),))
BUSY = failure(529, "overloaded_error", "Overloaded")


class SleepBook:
    """A clock whose sleeps are written down and over at once, so that backing off takes no time; limits stay real."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.real = SystemClock()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.real.monotonic()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


class Diary:
    """What on_failure was told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, int, float | None, Usage]] = []

    async def __call__(self, error: ModelError, attempt: int, delay: float | None) -> None:
        self.lines.append((error.kind, attempt, delay, error.usage))

    @property
    def story(self) -> list[tuple[str, int, bool]]:
        return [(kind, attempt, delay is not None) for kind, attempt, delay, _ in self.lines]


def claude(server: AnthropicServer, clock: Clock | None = None) -> ClaudeModel:
    settings = TierSettings(provider="anthropic", model="claude-haiku-5-5", first_byte_s=1e4, between_chunks_s=1e4)
    return ClaudeModel(
        "claude-haiku-5-5", url=server.url, settings=settings, clock=clock or FastClock(100), api_key="k"
    )


async def run(
    model: ChatModel, diary: Diary, clock: Clock, into: list[Part] | None = None, attempts: int = 5
) -> list[Part]:
    parts: list[Part] = [] if into is None else into
    stream = stream_with_retries(model, ASKING, clock=clock, random=Random(7), on_failure=diary, attempts=attempts)
    async with aclosing(stream):
        async for part in stream:
            parts.append(part)
    return parts


async def test_a_busy_service_is_tried_again_until_it_answers_and_each_failure_is_told() -> None:
    diary, clock = Diary(), SleepBook()
    async with AnthropicServer(BUSY, failure(500, "api_error"), message(text("At last."))) as server:
        model = claude(server)
        parts = await run(model, diary, clock)
        await model.aclose()
        assert len(server.requests) == 3
    assert diary.story == [("overloaded", 1, True), ("overloaded", 2, True)]
    assert clock.slept == [delay for _, _, delay, _ in diary.lines]
    assert 0.25 <= clock.slept[0] <= 0.5 <= clock.slept[1] <= 1.0
    assert not any(isinstance(part, Restarted) for part in parts), "no text of a failed try had been shown"
    assert isinstance(parts[-1], Finished)
    assert parts[-1].message.content == "At last."


async def test_a_stream_that_breaks_starts_over_visibly_and_every_token_is_counted() -> None:
    diary, clock = Diary(), SleepBook()
    prompt = Usage(input=25)
    cuts = [broken_off(text("Hello wor"), last=last, usage=prompt) for last in (error_event(), CleanEnd())]
    async with AnthropicServer(*cuts, message(text("Hello world"), usage=prompt, output=3)) as server:
        model = claude(server)
        parts = await run(model, diary, clock)
        await model.aclose()
        last = parts[-1]
        assert isinstance(last, Finished)
        assert sum((usage for *_, usage in diary.lines), last.usage) == server.served
    assert diary.story == [("overloaded", 1, True), ("stream_cut", 2, True)]
    restarts = [at for at, part in enumerate(parts) if isinstance(part, Restarted)]
    assert [parts[at] for at in restarts] == [Restarted(attempt=2), Restarted(attempt=3)]
    shown = "".join(part.text for part in parts[restarts[-1] :] if isinstance(part, TextDelta))
    assert shown == last.message.content == "Hello world"


async def test_it_gives_up_after_so_many_tries_with_the_last_error() -> None:
    diary, clock = Diary(), SleepBook()
    broken = failure(500, "api_error", "Oh")
    async with AnthropicServer(broken, broken, broken, message(text("too late"))) as server:
        model = claude(server)
        with pytest.raises(Overloaded):
            await run(model, diary, clock, attempts=3)
        await model.aclose()
        assert len(server.requests) == 3
    assert diary.story == [("overloaded", 1, True), ("overloaded", 2, True), ("overloaded", 3, False)]
    assert len(clock.slept) == 2


async def test_what_passes_with_time_is_given_time_and_not_only_tries() -> None:
    diary, clock = Diary(), FastClock(300)
    async with AnthropicServer(*[BUSY] * 12, message(text("At last."))) as server:
        model = claude(server, clock)
        parts = await run(model, diary, clock)
        await model.aclose()
        assert len(server.requests) == 13
    assert isinstance(parts[-1], Finished)
    assert 100 < sum(delay for _, _, delay, _ in diary.lines if delay) < 300


async def test_its_patience_has_an_end_and_the_last_error_is_told() -> None:
    diary, clock = Diary(), FastClock(300)
    limited = failure(429, "rate_limit_error", headers={"retry-after": "100"})
    async with AnthropicServer(otherwise=lambda request: limited) as server:
        model = claude(server, clock)
        with pytest.raises(RateLimited):
            await run(model, diary, clock, attempts=2)
        await model.aclose()
        assert len(server.requests) == 4
    assert [delay is not None for _, _, delay, _ in diary.lines] == [True, True, True, False]
    assert 300 <= sum(delay for _, _, delay, _ in diary.lines if delay) <= 330


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (failure(401, "authentication_error"), "not_allowed"),
        (failure(429, "rate_limit_error", code="enforced_spend_limit_reached"), "spend_limit"),
        (failure(400, "invalid_request_error"), "bad_request"),
        (failure(400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"), "context_overflow"),
    ],
)
async def test_what_does_not_pass_by_waiting_is_not_tried_again(script: object, kind: str) -> None:
    diary, clock = Diary(), SleepBook()
    async with AnthropicServer(script) as server:
        model = claude(server)
        with pytest.raises(ModelError):
            await run(model, diary, clock)
        await model.aclose()
        assert len(server.requests) == 1
    assert diary.story == [(kind, 1, False)]
    assert clock.slept == []


async def test_the_providers_wish_is_granted() -> None:
    diary, clock = Diary(), SleepBook()
    async with AnthropicServer(failure(429, "rate_limit_error", headers={"retry-after": "11"})) as server:
        model = claude(server)
        await run(model, diary, clock)
        await model.aclose()
    assert 11 <= clock.slept[0] <= 12.2


async def test_an_hour_of_patience_is_too_much_to_ask_and_cancelling_does_not_wait() -> None:
    told = asyncio.Event()
    delays: list[float | None] = []

    async def on_failure(error: ModelError, attempt: int, delay: float | None) -> None:
        assert isinstance(error, RateLimited)
        delays.append(delay)
        told.set()

    async with AnthropicServer(failure(429, "rate_limit_error", headers={"retry-after": "3600"})) as server:
        model = claude(server, SystemClock())
        stream = stream_with_retries(model, ASKING, clock=SystemClock(), random=Random(1), on_failure=on_failure)
        task = asyncio.ensure_future(anext(stream))
        await told.wait()
        async with asyncio.timeout(1):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await model.aclose()
        assert len(server.requests) == 1
    assert delays == [LONGEST_OBEYED_S]


def test_delays_double_up_to_a_ceiling_and_no_two_squads_agree() -> None:
    for attempt in range(2, 40):
        delays = [delay_before(attempt, None, Random(seed)) for seed in range(50)]
        ceiling = min(0.5 * 2 ** (attempt - 2), LONGEST_DELAY_S)
        assert all(ceiling / 2 <= delay <= ceiling for delay in delays)
        assert len(set(delays)) > 40
    assert delay_before(2, None, Random(3)) == delay_before(2, None, Random(3))
    assert 0 <= delay_before(2, -5.0, Random(3)) < 1


class Forgetful:
    """An adapter that breaks its promise: its stream just ends."""

    model = "m"
    provider = "simulation"
    window = 1000

    def __init__(self) -> None:
        self.closed = 0

    async def stream(self, request: ChatRequest) -> AsyncIterator[Part]:
        try:
            yield TextDelta(text=request.system)
        finally:
            self.closed += 1

    async def aclose(self) -> None:
        return


async def test_a_stream_that_just_ends_is_a_cut() -> None:
    diary, parts, model = Diary(), [], Forgetful()
    with pytest.raises(StreamCut):
        await run(model, diary, SleepBook(), into=parts, attempts=2)
    assert parts == [TextDelta(text="Be brief."), Restarted(attempt=2), TextDelta(text="Be brief.")]
    assert model.closed == 2


async def test_closing_early_closes_the_model_and_is_no_failure() -> None:
    diary, model = Diary(), Forgetful()
    stream = stream_with_retries(model, ASKING, clock=SleepBook(), random=Random(1), on_failure=diary)
    async with aclosing(stream):
        await anext(stream)
    assert model.closed == 1
    assert diary.lines == []


async def test_an_error_in_the_telling_ends_it() -> None:
    async def ledger_is_full(error: ModelError, attempt: int, delay: float | None) -> None:
        raise NotAllowed("no more budget")

    stream = stream_with_retries(Forgetful(), ASKING, clock=SleepBook(), random=Random(1), on_failure=ledger_is_full)
    assert await anext(stream) == TextDelta(text="Be brief.")
    with pytest.raises(NotAllowed, match="no more budget"):
        await anext(stream)
