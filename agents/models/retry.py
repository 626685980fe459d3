"""Our own retries, visible: the clients' silent ones are switched off."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from random import Random

from agents.clock import Clock
from agents.models.chat import ChatModel, ChatRequest, Finished, Part, Restarted, TextDelta
from agents.models.errors import ModelError, StreamCut

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
LONGEST_OBEYED_S = 120.0
"""A provider may ask for more patience than this; it does not get it."""
PATIENCE_S = 300.0
"""A provider that has too much to do is given so much time in all, however many tries that takes."""

OnFailure = Callable[[ModelError, int, float | None], Awaitable[None]]


async def stream_with_retries(
    model: ChatModel,
    request: ChatRequest,
    *,
    clock: Clock,
    random: Random,
    on_failure: OnFailure,
    attempts: int = 5,
    patience_s: float = PATIENCE_S,
) -> AsyncGenerator[Part, None]:
    """Stream `request`, trying again up to `attempts` times in all where the error says that may help.

    A rate limit or an overload passes with time, not with tries: it is waited for until the delays add up to
    `patience_s` seconds, if `attempts` tries do not take longer.

    `on_failure(error, attempt, delay)` is awaited after every failed try, the last one too; `delay` is the number of
    seconds until the next try, None when there is none. Each try is a call of its own to the provider: the failed ones
    cost what `error.usage` says, `Finished.usage` is that of the last try alone. When text of a broken try was already
    yielded, a `Restarted` comes before the next try's parts. Raises the last ModelError.
    """
    attempt = 1
    waited_s = 0.0
    while True:
        spoken = False
        try:
            async with aclosing(_whole(model, request)) as parts:
                async for part in parts:
                    spoken = spoken or isinstance(part, TextDelta)
                    yield part
            return
        except ModelError as error:
            tried = attempt >= attempts and not (error.throttled and waited_s < patience_s)
            last = tried or not error.retryable
            delay = None if last else delay_before(attempt + 1, error.retry_after, random)
            await on_failure(error, attempt, delay)
            if delay is None:
                raise
        await clock.sleep(delay)
        waited_s += delay
        attempt += 1
        if spoken:
            yield Restarted(attempt=attempt)


def delay_before(attempt: int, retry_after: float | None, random: Random) -> float:
    """Seconds to wait before try number `attempt` (2 is the first repetition).

    At least what the provider asked for, up to LONGEST_OBEYED_S, and a little more by chance, so that a squad does not
    come back all at once; else doubling from FIRST_DELAY_S to LONGEST_DELAY_S, half of it by chance.
    """
    if retry_after is not None:
        asked = min(max(retry_after, 0.0), LONGEST_OBEYED_S)
        return min(asked + random.uniform(0.0, max(0.1, asked / 10)), LONGEST_OBEYED_S)
    ceiling = min(FIRST_DELAY_S * 2.0 ** min(attempt - 2, 20), LONGEST_DELAY_S)
    return ceiling * random.uniform(0.5, 1.0)


async def _whole(model: ChatModel, request: ChatRequest) -> AsyncGenerator[Part, None]:
    """The stream of one try; a stream that just ends is an error."""
    stream = model.stream(request)
    try:
        async for part in stream:
            yield part
            if isinstance(part, Finished):
                return
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
    raise StreamCut(f"The reply of {model.model} ended before it was finished. Try again.")
