"""The parts of a work order, written one after the other by the arm's own tier, each from where the last one left off.

Behind every part stands the gate, the repository's own check; behind the last one the acceptance check too. What fails
is tried again with its output; then the planner reads it, once a part, and mends its order or hands the part on."""

from dataclasses import dataclass
from typing import NoReturn

from agents.dispatch.choosing import adviser_for, next_up
from agents.dispatch.council import Adviser
from agents.dispatch.handing_over import DIFF_LIMIT
from agents.dispatch.order_brief import Brief, brief_of, start_of_part, whose
from agents.dispatch.order_gate import ended_in_words, gate
from agents.dispatch.order_table import Table
from agents.dispatch.slots import Slot
from agents.events import OrderMended, OrderPart
from agents.missions.attempt import HandOver
from agents.missions.order_mending import Mending, mending_question
from agents.missions.orders import Ordered, Orders, Report
from agents.models.chat import ChatModel
from agents.refusals import NoAdvice
from agents.routing.choices import way_for
from agents.sanitize import one_line
from agents.store.work_orders import Orchestration, PartState
from agents.tasks import Arm, Role


class GivenUp(Exception):
    """The attempt ends here without a result; the message says why, for people. `report`: the last that was tried."""

    def __init__(self, message: str, report: Report | None = None) -> None:
        super().__init__(message)
        self.report = report


class Halted(Exception):
    """Money or the surroundings ended it, not the work: it goes on later from here."""

    def __init__(self, report: Report) -> None:
        super().__init__(report.stopped or report.judgement.reason)
        self.report = report


@dataclass(frozen=True)
class Try:
    """How one try at a part ended."""

    report: Report
    commit: str | None
    failure: str
    """Empty: written, and green. Else what an agent reads."""
    why: str = ""
    """The same in one sentence, for people."""


async def write_parts(table: Table, state: Orchestration) -> Orchestration:
    """Every part that is not written yet; the order as it is stored then. Raises GivenUp, Halted, NoFunds."""
    for place in range(len(state.parts)):
        if state.parts[place].commit is None:
            state = await _part(table, state, place)
    return state


async def _part(table: Table, state: Orchestration, place: int) -> Orchestration:
    failed: Try | None = None
    tries = 0
    while True:
        brief = brief_of(table, state, place)
        done = await attempt(table, state, brief, failed, tries=tries + 1)
        tries += 1
        if not done.failure:
            return await _written(table, state, place, done)
        failed = done
        if tries < table.ground.settings.orchestrate.tries and not done.report.hopeless:
            continue
        state, afresh = await _other_way(table, state, place, done)
        failed, tries = None if afresh else done, 0


async def attempt(table: Table, state: Orchestration, brief: Brief, failed: Try | None, *, tries: int) -> Try:
    """One agent's try at what `brief` says, after one that `failed`. Raises Halted."""
    arm = _arm_of(table, brief.tier)

    async def made(slot: Slot, model: ChatModel) -> Orders:
        return await _orders(table, state, brief, failed, tries=tries, arm=arm, slot=slot, model=model)

    report = await table.send(arm, made)
    if report.environment or report.over_budget:
        raise Halted(report)
    mission, commit = report.mission, report.mission.commit
    if not report.judgement.outcome.accepted or commit is None:
        output = mission.check.output if mission.check else ""
        return Try(report, commit, output or report.judgement.reason, report.judgement.reason)
    red = await gate(table, state, commit)
    if red is None:
        return Try(report, commit, "")
    await table.ground.repository.archive(mission.branch)
    why = f"the repository's check {ended_in_words(red)} after {brief.name}"
    return Try(report, commit, red.output or why, why)


async def _orders(
    table: Table,
    state: Orchestration,
    brief: Brief,
    failed: Try | None,
    *,
    tries: int,
    arm: Arm,
    slot: Slot,
    model: ChatModel,
) -> Orders:
    check, settings = state.check, table.ground.settings
    again = failed is not None and failed.commit is not None
    start = failed.commit if failed is not None and failed.commit else brief.start
    written = check is not None and check.written
    return Orders(
        task=brief.task,
        arm=arm,
        number=len(await table.store.missions(table.task.id)) + 1,
        attempt=tries,
        agent=slot.callsign,
        model=model,
        grade=table.ready.grades.get(arm.tier),
        base_commit=state.base,
        start_commit=await table.with_check(start, check),
        check=check.command if check is not None and brief.last else None,
        own_check=not written or settings.orchestrate.adopt_check,
        base_check=check.base if check is not None else None,
        hand_over=await _hand_over(table, state, failed, kept=again),
        steering=table.steering,
        expected=table.expected,
        ordered=Ordered(
            part=brief.name,
            protected=table.protected(check),
            kept=settings.orchestrate.keep_check or settings.orchestrate.adopt_check,
            whose=whose(state),
            title=table.task.title,
        ),
    )


async def _hand_over(table: Table, state: Orchestration, failed: Try | None, *, kept: bool) -> HandOver | None:
    if failed is None:
        return None
    diff = await _diff(table, state, state.base, failed.commit)
    shown = table.ground.settings.check.show
    return HandOver(
        diff=diff[:DIFF_LIMIT] if kept else "",
        failure=failed.failure if shown else "",
        note="" if shown and failed.failure else failed.why,
    )


async def _written(table: Table, state: Orchestration, place: int, done: Try) -> Orchestration:
    """The part is written: the branch with the parts before it is not needed any more."""
    mission = done.report.mission
    await archive_before(table, state, keep=mission.branch)
    part = state.parts[place].model_copy(update={"mission": mission.id, "commit": done.commit})
    parts = (*state.parts[:place], part, *state.parts[place + 1 :])
    last = place == len(parts) - 1
    changes = {"parts": parts, "result": mission.id if last else None}
    state = state.model_copy(update=changes | {"warnings": _merged(state.warnings, done.report)})
    told = OrderPart(
        **table.where(mission),
        part=place + 1,
        parts=len(parts),
        title=state.order.parts[place].title,
        written=True,
        model=one_line(mission.model, 80),
        reason=one_line(done.report.judgement.reason, 300),
    )
    await table.store.save_work_order(state, [told])
    return state


async def archive_before(table: Table, state: Orchestration, *, keep: str) -> None:
    """Keep what earlier missions of the attempt wrote out of the person's list of branches."""
    for one in await table.missions(state):
        if one.branch and one.branch != keep:
            await table.ground.repository.archive(one.branch)


def _merged(warnings: tuple[str, ...], report: Report) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*warnings, *report.judgement.warnings)))


async def _other_way(table: Table, state: Orchestration, place: int, failed: Try) -> tuple[Orchestration, bool]:
    """What becomes of a part that failed, stored and told; True: it begins afresh. Raises GivenUp."""
    part, why = state.parts[place], failed.why
    if not part.mended:
        said = await _asked(table, state, place, failed)
        part, why = part.model_copy(update={"mended": True}), said.why
        if said.action == "mend":
            part = part.model_copy(update={"brief": said.brief, "files": said.files or part.files})
            return await _mended(table, state, place, part, why), True
    tier = None if part.tier else _next_up(table, state)
    if tier is None:
        await _give_up(table, state, place, failed)
    return await _mended(table, state, place, part.model_copy(update={"tier": tier}), why), False


async def _asked(table: Table, state: Orchestration, place: int, failed: Try) -> Mending:
    adviser = _planner(table, state)
    question = mending_question(
        table.task,
        state.present,
        place,
        diff=await _diff(table, state, start_of_part(state, place), failed.commit),
        output=failed.failure,
        room=adviser.room,
    )
    try:
        said, _ = await table.ask(adviser, question, commit=state.base)
    except NoAdvice as error:
        raise GivenUp(f"part {place + 1} of {len(state.parts)} failed: {failed.why}; {error}", failed.report) from error
    return said


async def _diff(table: Table, state: Orchestration, start: str, commit: str | None) -> str:
    """What was written from `start` to `commit`, without the check, which is in both."""
    if commit is None:
        return ""
    both = [await table.with_check(one, state.check) for one in (start, commit)]
    return await table.ground.repository.diff(*both)


async def _give_up(table: Table, state: Orchestration, place: int, failed: Try) -> NoReturn:
    name = f"part {place + 1} of {len(state.parts)}"
    mission = failed.report.mission
    await table.store.append(
        OrderPart(
            **table.where(mission),
            part=place + 1,
            parts=len(state.parts),
            title=state.order.parts[place].title,
            written=False,
            model=one_line(mission.model, 80),
            reason=one_line(failed.why, 300),
        )
    )
    raise GivenUp(f"{name} failed: {failed.why}", failed.report)


async def _mended(table: Table, state: Orchestration, place: int, part: PartState, why: str) -> Orchestration:
    parts = (*state.parts[:place], part, *state.parts[place + 1 :])
    state = state.model_copy(update={"parts": parts})
    told = OrderMended(**table.where(None), part=place + 1, to_tier=part.tier or None, reason=one_line(why, 300))
    await table.store.save_work_order(state, [told])
    return state


def _planner(table: Table, state: Orchestration) -> Adviser:
    tiers = table.ground.settings.tiers
    if state.tier in tiers and state.tier in table.ready.available:
        return Adviser(state.tier, tiers[state.tier])
    return adviser_for(table.task, (Role.PLAN,), table.ground.settings, table.ready.available)


def _next_up(table: Table, state: Orchestration) -> str | None:
    never = {state.check.model} if state.check is not None and state.check.written else set()
    return next_up(table.arm, table.ground.settings, table.ready.available, never=never)


def _arm_of(table: Table, tier: str) -> Arm:
    """The arm, in the hands of `tier`."""
    if tier == table.arm.tier:
        return table.arm
    settings = table.ground.settings.tiers[tier]
    way = way_for(settings, table.task.kind, table.ready.grades.get(tier), small=tier in table.ready.small)
    return table.arm.model_copy(update={"tier": tier, "model": settings.model, "way": way})
