"""What orchestrated work cost: what the cloud was paid for advice, what local models wrote, and an estimate of what all
of it would have cost in the cloud."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Literal

from agents.models.prices import FREE, call_price
from agents.routing.saved import Savings, would_have_gone_to
from agents.settings import Settings
from agents.store import Store
from agents.store.paging import each
from agents.store.records import Call
from agents.store.tally import Tally, tally
from agents.tasks import Frozen, Mission, Outcome, Role

Step = Literal["plan", "check", "write", "review"]
STEPS: tuple[Step, ...] = ("plan", "check", "write", "review")


class Share(Frozen):
    """What one step used up, of the cloud's models or of free ones."""

    step: Step
    free: bool
    seconds: float
    used: Tally


class Bill(Frozen):
    """Of all orchestrated attempts at one task."""

    task: int
    shares: tuple[Share, ...]
    estimate_nano: int | None
    """An estimate: the same tokens, those of free models at the price of the tier `instead`. None: nobody knows."""
    instead: str
    """The paid tier the task would have gone to; empty: there is none."""

    def of(self, *, free: bool) -> tuple[Share, ...]:
        """The shares of free models, or those that are paid for."""
        return tuple(share for share in self.shares if share.free is free)

    @property
    def cloud_nano(self) -> int | None:
        """What was paid; None when the cost of a call is unknown."""
        return _together(share.used.cost_nano for share in self.of(free=False))

    @property
    def local_share(self) -> float | None:
        """Of the tokens that were written, how many free models wrote, 0 to 1; None: nothing was written."""
        local, cloud = (sum(one.used.usage.output for one in self.of(free=free)) for free in (True, False))
        return local / (local + cloud) if local + cloud else None


async def bills(store: Store, settings: Settings, since: datetime | None = None) -> list[Bill]:
    """One for every task that was orchestrated, in order, of calls from `since` on. Raises StoreError."""
    missions = {mission.id: mission for mission in await store.orchestrated_missions()}
    calls: dict[int, list[Call]] = {}
    if missions:
        async for call in each(partial(store.calls_after, since=since), lambda call: call.id):
            if call.mission in missions and (since is None or call.at >= since):
                calls.setdefault(call.task, []).append(call)
    found: list[Bill] = []
    savings = Savings(settings)
    for number in sorted(calls):
        task = await store.task(number)
        if task is not None:
            own = [mission for mission in missions.values() if mission.task == number]
            shares = _shares(own, calls[number], settings)
            known = [share.used.cost_nano for share in shares if not share.free]
            known += [savings.of(share.used.usage, task.complexity) for share in shares if share.free]
            instead = would_have_gone_to(settings, task.complexity) or ""
            found.append(Bill(task=number, shares=shares, estimate_nano=_together(known), instead=instead))
    return found


def _shares(missions: Sequence[Mission], calls: Sequence[Call], settings: Settings) -> tuple[Share, ...]:
    steps, paid = steps_of(missions), {call.mission for call in calls if not _is_free(call, settings)}
    seconds = {mission.id: mission.seconds for mission in missions}
    shares: list[Share] = []
    for step in STEPS:
        for free in (False, True):
            ids = {number for number, name in steps.items() if name == step and (number not in paid) is free}
            used = [call for call in calls if call.mission in ids]
            if used:
                took = round(sum(seconds[number] for number in ids), 3)
                shares.append(Share(step=step, free=free, seconds=took, used=tally(used)))
    return tuple(shares)


def steps_of(missions: Sequence[Mission]) -> Mapping[int, Step]:
    """What each mission was for. An order comes first, then the check, and only then is anything written: a planner
    that is asked later mends its order, unless that is followed by a check: then it is another order. An order that
    was not answered is asked for again."""
    found: dict[int, Step] = {}
    stage: Step = "plan"
    line = sorted(missions, key=lambda one: one.number)
    for mission, after in zip(line, [*line[1:], None], strict=True):
        if mission.role is not Role.PLAN:
            found[mission.id] = "review" if mission.role is Role.REVIEW else "write"
            stage = "write"
            continue
        answered = mission.outcome is Outcome.UNVERIFIED
        if stage == "write" and answered and after is not None and after.role is Role.PLAN:
            stage = "plan"
        found[mission.id] = stage if stage != "write" else "plan"
        stage = "check" if stage == "plan" and answered else stage
    return found


def _is_free(call: Call, settings: Settings) -> bool:
    """By the tier as it is set up now; one that is gone, by what it cost."""
    tier = settings.tiers.get(call.tier)
    if tier is None or tier.model != call.model:
        return call.cost_nano == 0
    return call_price(tier.provider, tier.model, free=tier.free) == FREE


def _together(nanos: Iterable[int | None]) -> int | None:
    found = list(nanos)
    known = [nano for nano in found if nano is not None]
    return sum(known) if len(known) == len(found) else None
