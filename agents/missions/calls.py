"""A mission's calls to its model: reserved before, retried visibly, settled to the provider's own count after."""

from collections.abc import Awaitable, Callable
from random import Random

from agents.clock import Clock
from agents.events import (
    BudgetExhausted,
    BudgetSpent,
    BudgetWarning,
    Event,
    ModelDelta,
    ModelFailed,
    ModelStarted,
    ModelUsage,
)
from agents.models.chat import ChatModel, ChatRequest, Finished, Loading, Restarted, TextDelta
from agents.models.errors import ModelError
from agents.models.prices import FREE, Price, price_date, price_of
from agents.models.retry import stream_with_retries
from agents.models.tokens import estimate_request
from agents.sanitize import one_line, sanitize
from agents.store import NewCall, OverBudget, Store
from agents.tasks import Mission, Usage


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
    ) -> None:
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
        self._price: Price | None = FREE if free else price_of(*_priced_as(model))

    async def call(self, request: ChatRequest) -> Finished:
        """Send `request`; the finished reply. Raises ModelError (retries used up), OverBudget, UnknownPrice."""
        self.made += 1
        open_call = await self._reserve(request, attempt=1)

        async def failed(error: ModelError, attempt: int, delay: float | None) -> None:
            nonlocal open_call
            await self._settle(open_call, error.usage, error=error)
            await self.store.append(self._failure(error, attempt, delay))
            if delay is not None:
                await self._on_activity(f"{error.kind.replace('_', ' ')}, again in {delay:.0f} s")
                open_call = await self._reserve(request, attempt=attempt + 1)

        loading = False
        settled = False
        try:
            parts = stream_with_retries(self.model, request, clock=self._clock, random=self._random, on_failure=failed)
            async for part in parts:
                if isinstance(part, TextDelta):
                    await self.store.append(self._delta(part.text))
                elif isinstance(part, Loading):
                    loading = await self._say_loading(part, open_call, said=loading)
                elif isinstance(part, Restarted):
                    await self.store.append(self._delta("\n[the reply broke off; here it begins again]\n"))
                elif isinstance(part, Finished):
                    settled = True
                    await self._settle(open_call, part.usage, finished=part)
                    return part
        except ModelError:
            settled = True
            raise
        finally:
            if not settled:
                await self.store.settle_abandoned(self._mission.id)
        raise AssertionError("a stream ends with Finished or raises")

    async def _reserve(self, request: ChatRequest, *, attempt: int) -> int:
        prompt = estimate_request(request)
        worst = self._price.worst_case_nano(prompt, request.max_tokens) if self._price else None
        call = NewCall(
            task=self._mission.task,
            mission=self._mission.id,
            tier=self._mission.tier,
            model=self.model.model,
            provider=self.model.provider,
            reserved_nano=worst,
            price_date=price_date(),
            attempt=attempt,
        )
        try:
            number = await self.store.reserve_call(call, daily_cap_nano=self._daily_cap, task_cap_nano=self._task_cap)
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
        await self.store.append(ModelStarted(**self._where(), model=self.model.model, call=number))
        return number

    async def _settle(
        self, call: int, usage: Usage, *, finished: Finished | None = None, error: ModelError | None = None
    ) -> None:
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
        day = await self.store.settle_call(
            call,
            usage=usage,
            cost_nano=cost,
            request_id=finished.request_id if finished else None,
            error=error.kind if error else None,
            events=events,
        )
        if cost:
            spent = BudgetSpent(
                **self._where(), call=call, amount_nano=cost, today_nano=day.spent_nano, cap_nano=self._daily_cap
            )
            await self.store.append(spent, *self._warning(day.spent_nano, cost))

    def _warning(self, today: int, cost: int) -> tuple[Event, ...]:
        line = int(self._warn_at * self._daily_cap)
        if today - cost < line <= today:
            return (BudgetWarning(**self._where(), today_nano=today, cap_nano=self._daily_cap),)
        return ()

    async def _say_loading(self, part: Loading, call: int, *, said: bool) -> bool:
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

    def _delta(self, text: str) -> ModelDelta:
        return ModelDelta(**self._where(), text=sanitize(text))

    def _where(self) -> dict[str, object]:
        mission = self._mission
        return {
            "at": self._clock.now(),
            "task": mission.task,
            "mission": mission.id,
            "agent": mission.agent,
            "tier": mission.tier,
        }


def _priced_as(model: ChatModel) -> tuple[str, str]:
    """A simulated Claude spends simulated dollars at the real one's price; the screen says SIMULATION."""
    name = model.model.removeprefix("SIMULATION ")
    paid = model.provider == "simulation" and name.startswith("claude")
    return ("anthropic" if paid else model.provider), name
