"""A mission's calls to its model: reserved before, retried visibly, settled to the provider's own count after."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, nullcontext
from functools import partial
from math import ceil
from random import Random
from typing import Any, Literal

from agents.clock import Clock
from agents.events import (
    BudgetExhausted,
    Event,
    ModelDelta,
    ModelFailed,
    ModelStarted,
    ModelUsage,
)
from agents.missions.beginning import where_of
from agents.missions.conversation import Conversation
from agents.missions.repeating import watched
from agents.missions.veil import Veil
from agents.missions.waiting import Suspended, Waiting
from agents.models.chat import (
    ChatModel,
    ChatRequest,
    Finished,
    Held,
    Limited,
    Loading,
    Part,
    Restarted,
    TextDelta,
)
from agents.models.errors import ModelError
from agents.models.prices import FREE, Price, call_price, price_date
from agents.models.retry import stream_with_retries
from agents.models.tokens import estimate_request
from agents.redactor import SECRETS, RedactedStream
from agents.sanitize import one_line, sanitize
from agents.store import NewCall, OverBudget, Store
from agents.tasks import Mission, Usage

PAID_MARGIN = 2
"""Paid prompts are reserved as this many times our estimate. It was measured with Qwen's tokenizer and may be 10 % too
low even there; Claude counts more tokens for the same text, and its 5.5 models 30 % more than those before."""


async def _nothing(_: Finished) -> None:
    """For callers who have no question about a reply."""


class ModelCalls:
    """Talks to one model for one mission and keeps the mission's account."""

    def __init__(
        self,
        model: ChatModel,
        *,
        store: Store,
        mission: Mission,
        clock: Clock,
        random: Random,
        daily_cap_nano: int,
        task_cap_nano: int,
        warn_at: float,
        free: bool,
        on_activity: Callable[[str], Awaitable[None]],
        on_reply: Callable[[Finished], Awaitable[None]] = _nothing,
        suspended: Suspended = nullcontext,
        held: Suspended = nullcontext,
        redact: Literal["paid", "all", "off"] = "paid",
    ) -> None:
        """`on_reply` is awaited after every finished reply. While a call waits for what is not the model's fault (its
        server to load it, the time until the next try) it does so inside a `suspended()`; while it waits for its
        provider's rate limit, which is not working time either, inside a `held()`. `redact`: the models that are not
        shown any secret."""
        self.model = model
        self.usage = Usage()
        self.cost_nano: int | None = 0
        self.made = 0
        self.store = store
        self._mission = mission
        self._clock = clock
        self._random = random
        self._daily_cap = daily_cap_nano
        self._task_cap = task_cap_nano
        self._warn_at = warn_at
        self._on_activity = on_activity
        self._on_reply = on_reply
        self._suspended, self._held = suspended, held
        self._price = call_price(model.provider, model.model, free=free)
        self._veil = Veil() if redact == "all" or (redact == "paid" and self._price != FREE) else None
        self._open: tuple[int, int | None] | None = None
        """The call that is under way, and what is reserved for it."""

    @property
    def veiled(self) -> bool:
        """Secrets are taken out of what the model is sent."""
        return self._veil is not None

    async def call(self, request: ChatRequest, into: Conversation | None = None) -> Finished:
        """Send `request`; the finished reply, which becomes the next message of `into`, stored together with its cost.

        Raises ModelError (retries used up), OverBudget, UnknownPrice, and RepeatsItself when the model runs in circles:
        only where it costs nothing, as a reply that is broken off has no bill.
        """
        self.made += 1
        waiting, holding = Waiting(self._suspended), Waiting(self._held)

        async def reserve(request: ChatRequest, attempt: int) -> None:
            waiting.end()
            holding.end()
            await self._reserve(request, attempt)

        async def failed(error: ModelError, attempt: int, delay: float | None) -> None:
            await self._settle(error.usage, error=error)
            await self.store.append(self._failure(error, attempt, delay))
            if delay is not None:
                if error.throttled:
                    holding.begin()
                await self._on_activity(f"{error.kind.replace('_', ' ')}, again in {delay:.0f} s")
                waiting.begin()

        loading = ended = False
        request = self._veil(request) if self._veil else request
        said = RedactedStream(SECRETS)
        metered = _Metered(self.model, reserve)
        parts = stream_with_retries(metered, request, clock=self._clock, random=self._random, on_failure=failed)
        parts = watched(parts) if self._price == FREE else parts
        try:
            async with aclosing(parts):
                async for part in parts:
                    if not isinstance(part, Loading):
                        waiting.end()
                    await self._tell(part, said)
                    if isinstance(part, Held):
                        holding.begin()
                        await self._on_activity(_held(part))
                    elif isinstance(part, Loading):
                        waiting.begin()
                        loading = await self._say_loading(part, said=loading)
                    elif isinstance(part, Finished):
                        await self._settle(part.usage, finished=part, into=into)
                        ended = True
                        await self._on_reply(part)
                        return part
        except ModelError:
            ended = True
            raise
        finally:
            try:
                if not ended:
                    await self._abandon()
            finally:
                waiting.end()
                holding.end()
        raise AssertionError("a stream ends with Finished or raises")

    async def _reserve(self, request: ChatRequest, attempt: int) -> None:
        """Set the worst case of one try aside. Nothing is reserved while we wait: nothing was sent."""
        call = NewCall(
            task=self._mission.task,
            mission=self._mission.id,
            tier=self._mission.tier,
            model=self.model.model,
            provider=self.model.provider,
            reserved_nano=worst_case_nano(self._price, request),
            price_date=price_date(),
            attempt=attempt,
            owner=self._mission.owner,
        )
        try:
            number = await self.store.reserve_call(
                call,
                daily_cap_nano=self._daily_cap,
                task_cap_nano=self._task_cap,
                warn_at=self._warn_at,
                events=self._started,
            )
        except OverBudget as error:
            await self.store.append(
                BudgetExhausted(
                    **self._where(),
                    scope=error.scope,
                    needed_nano=error.needed_nano,
                    cap_nano=error.cap_nano,
                    message=str(error),
                )
            )
            raise
        self._open = (number, call.reserved_nano)

    def _started(self, call: int) -> tuple[Event, ...]:
        return (ModelStarted(**self._where(), model=self.model.model, call=call),)

    async def _abandon(self) -> None:
        """The try was broken off by us: nobody will say what it cost, so it counts as its worst case."""
        if self._open is not None:
            reserved, self._open = self._open[1], None
            self.cost_nano = None if reserved is None or self.cost_nano is None else self.cost_nano + reserved
        await self.store.settle_abandoned(self._mission.id)

    async def _settle(
        self,
        usage: Usage,
        *,
        finished: Finished | None = None,
        into: Conversation | None = None,
        error: ModelError | None = None,
    ) -> None:
        if self._open is None:
            return
        call, self._open = self._open[0], None
        cost = self._price.cost_nano(usage) if self._price else None
        self.usage += usage
        self.cost_nano = None if cost is None or self.cost_nano is None else self.cost_nano + cost
        events: list[Event] = []
        if finished is not None:
            events.append(
                ModelUsage(
                    **self._where(),
                    model=self.model.model,
                    call=call,
                    usage=usage,
                    cost_nano=cost,
                    seconds=finished.seconds,
                    tokens_per_second=finished.tokens_per_second,
                    stop_reason=finished.stop,
                )
            )
        said = finished or error
        await self.store.settle_call(
            call,
            usage=usage,
            cost_nano=cost,
            request_id=said.request_id if said else None,
            error=error.kind if error else None,
            reply=finished.message if finished and into else None,
            events=events,
        )
        if finished and into:
            into.hold(finished.message)

    async def _say_loading(self, part: Loading, *, said: bool) -> bool:
        call = self._open[0] if self._open else 0
        word = "loading" if self.model.provider == "ollama" else "waiting for"
        await self._on_activity(f"{word} {self.model.model}, {part.waited_s:.0f} s")
        if not said and self.model.provider == "ollama":
            started = ModelStarted(
                **self._where(), model=self.model.model, call=call, state="loading", note="no answer yet: loading"
            )
            await self.store.append(started)
        return True

    def _failure(self, error: ModelError, attempt: int, delay: float | None) -> ModelFailed:
        return ModelFailed(
            **self._where(),
            model=self.model.model,
            error=error.kind,
            message=one_line(str(error), 300),
            retry_in_s=delay,
            attempt=attempt,
        )

    async def _tell(self, part: Part, said: RedactedStream) -> None:
        """Tell more of the reply."""
        text = ""
        if isinstance(part, TextDelta):
            text = said.feed(part.text).shown
        elif isinstance(part, Restarted | Finished):
            text = said.flush().shown
        if isinstance(part, Restarted):
            text += "\n[the reply broke off; here it begins again]\n"
        if text:
            await self.store.append(ModelDelta(**self._where(), text=sanitize(text)))

    def _where(self) -> dict[str, Any]:
        return where_of(self._clock, self._mission)


class _Metered:
    """A model each of whose tries is paid for before it starts."""

    def __init__(self, model: ChatModel, reserve: Callable[[ChatRequest, int], Awaitable[None]]) -> None:
        self._model = model
        self._reserve = reserve
        self._tries = 0

    @property
    def model(self) -> str:
        return self._model.model

    @property
    def provider(self) -> str:
        return self._model.provider

    @property
    def window(self) -> int:
        return self._model.window

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Part, None]:
        self._tries += 1
        reserve = partial(self._reserve, request, self._tries)
        parts: AsyncIterator[Part]
        if isinstance(self._model, Limited):
            parts = self._model.stream_in_turn(request, reserve)
        else:
            await reserve()
            parts = self._model.stream(request)
        try:
            async for part in parts:
                yield part
        finally:
            close = getattr(parts, "aclose", None)
            if close is not None:
                await close()

    async def aclose(self) -> None:
        await self._model.aclose()


def worst_case_nano(price: Price | None, request: ChatRequest) -> int | None:
    """The most `request` can cost at `price`, in nano-dollars; None when the price is not known."""
    if price is None:
        return None
    if price == FREE:
        return 0
    return price.worst_case_nano(estimate_request(request) * PAID_MARGIN, request.max_tokens)


def _held(part: Held) -> str:
    """What a person reads while a call waits for its turn."""
    if part.seconds is None:
        return f"{part.reason}: waits for its turn, {part.waited_s:.0f} s so far"
    return f"{part.reason}: waits {ceil(part.seconds)} s"
