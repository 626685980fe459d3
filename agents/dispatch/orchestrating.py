"""The orchestrated arm: a planner orders, another model writes the check, the arm's own tier writes part after part, a
reviewer reads. The harness alone says what came of it.

A result is *proven* only where the check is the person's own. One that a model wrote verifies, and says so with its
strength, as nobody who answers for the task has read it; with `orchestrate.adopt_check` it counts as their own.

Everything paid for is stored as soon as it is there. A dispatch that was broken off, by a crash or a spent budget, goes
on with the order, the check and the parts it has."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from agents.dispatch.choosing import adviser_for
from agents.dispatch.order_check import settle_check
from agents.dispatch.order_parts import GivenUp, Halted, archive_before, write_parts
from agents.dispatch.order_rounds import Disapproved, review_rounds
from agents.dispatch.order_table import Table
from agents.events import OrderWritten
from agents.missions.orders import Report
from agents.missions.proof import Judgement
from agents.missions.work_order import order_question
from agents.refusals import NoAdvice, NoFunds
from agents.sanitize import one_line
from agents.store import Proving, Store
from agents.store.tally import tally
from agents.store.work_orders import Orchestration, PartState
from agents.tasks import Mission, Outcome, Review, Role, Task, Variant


async def orchestrate(table: Table) -> Report:
    """What came of the attempt, as one report whose mission stands for all of it.

    Raises NoAdviser when nobody can be asked for an order or a check now; WorkspaceError, SandboxError, Elsewhere.
    """
    state = await _begun(table)
    if state is not None and state.ended:
        return await _reported(table, state)
    try:
        if state is None:
            state = await _ordered(table)
        if state.check is None or state.check.base is None:
            state = await settle_check(table, state)
        state = await write_parts(table, state)
        state = await review_rounds(table, state)
    except Halted as halted:
        return halted.report
    except NoFunds as error:
        return await _out_of_money(table, error)
    except (NoAdvice, GivenUp) as error:
        return await _ended(table, "failed", Outcome.FAILED, str(error))
    except Disapproved as error:
        return await _ended(table, "disapproved", Outcome.FAILED, str(error))
    return await _done(table, state)


def asked(task: Task) -> str:
    """A digest of what an order for `task` answers."""
    said = "\0".join((task.text, task.check or "", task.comment))
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()


async def _begun(table: Table) -> Orchestration | None:
    """The attempt that this dispatch goes on with, or has ended already; None: there is none, or for other words.

    Where the person's branch has moved since, order and check stand, and what was written on the old base does not.
    """
    task, base = table.task, table.footing.base.commit
    state = await table.store.work_order(task.id)
    if state is None or state.asked != asked(task):
        return None
    if state.ended:
        return state if state.dispatch == task.first_mission else None
    changes: dict[str, object] = {"dispatch": task.first_mission}
    if state.base != base:
        fresh = tuple(PartState() for _ in state.order.parts)
        untried = state.check and state.check.model_copy(update={"base": None})
        changes |= {"base": base, "check": untried, "parts": fresh, "rounds": (), "result": None, "warnings": ()}
    state = state.model_copy(update=changes)
    await table.store.save_work_order(state)
    return state


async def _ordered(table: Table) -> Orchestration:
    """A new order, stored and told. Raises NoAdviser, NoAdvice, NoFunds."""
    task, ground, base = table.task, table.ground, table.footing.base.commit
    adviser = adviser_for(
        task,
        (Role.PLAN,),
        ground.settings,
        table.ready.available,
        never={table.arm.model},
        missing=table.ready.missing,
    )
    files = await ground.repository.files_at(base)
    async with ground.repository.checkout(base) as root:
        question = await asyncio.to_thread(
            order_question,
            task,
            root,
            files,
            room=adviser.room,
            check=task.base_check if task.check and ground.settings.check.show else None,
            failure=table.failure,
        )
    order, mission = await table.ask(adviser, question, commit=base)
    state = Orchestration(
        task=task.id,
        asked=asked(task),
        dispatch=task.first_mission,
        base=base,
        tier=mission.tier,
        model=one_line(mission.model, 80),
        since=mission.number,
        order=order,
        parts=tuple(PartState() for _ in order.parts),
    )
    told = OrderWritten(**table.where(mission), summary=order.summary, parts=len(order.parts), files=order.files)
    await table.store.save_work_order(state, [told])
    return state


async def _done(table: Table, state: Orchestration) -> Report:
    result = next(one for one in await table.missions(state) if one.id == state.result)
    return await _ended(table, "done", result.outcome or Outcome.UNVERIFIED, result.reason)


async def _ended(table: Table, how: Literal["done", "disapproved", "failed"], outcome: Outcome, reason: str) -> Report:
    """Store how the attempt ended, and teach the odds by it: the whole arm was tried, whoever failed in it."""
    state = await table.store.work_order(table.task.id)
    if state is not None and state.asked != asked(table.task):
        state = None
    missions = await _missions_of(table, state)
    kept = how != "failed"
    if state is not None and not kept:
        await archive_before(table, state, keep="")
    if state is not None:
        state = state.model_copy(update={"ended": how, "outcome": outcome, "reason": one_line(reason, 500)})
    whole = await _whole(table, state, missions, outcome, reason)
    if table.ground.proving is not Proving.APART:
        await table.store.judge_orchestrated(whole, table.expected, state)
    elif state is not None:
        await table.store.save_work_order(state)
    warnings = state.warnings if state is not None and how == "done" else ()
    judgement = Judgement(outcome=outcome, reason=one_line(reason, 500), warnings=warnings)
    return Report(mission=whole, judgement=judgement, files=whole.files)


async def _reported(table: Table, state: Orchestration) -> Report:
    """How an attempt ended that is over already."""
    outcome = state.outcome or Outcome.FAILED
    whole = await _whole(table, state, await table.missions(state), outcome, state.reason)
    warnings = state.warnings if state.ended == "done" else ()
    judgement = Judgement(outcome=outcome, reason=state.reason, warnings=warnings)
    return Report(mission=whole, judgement=judgement, files=whole.files)


async def _out_of_money(table: Table, error: NoFunds) -> Report:
    """It goes on from here when there is money again."""
    missions = await _missions_of(table, await table.store.work_order(table.task.id))
    reason = one_line(str(error), 300)
    judgement = Judgement(outcome=Outcome.FAILED, reason=reason)
    return Report(mission=missions[-1], judgement=judgement, stopped=reason, over_budget=True)


async def _missions_of(table: Table, state: Orchestration | None) -> list[Mission]:
    """Of the attempt; without an order, of the dispatch."""
    if state is not None and state.asked == asked(table.task):
        return await table.missions(state)
    first = table.task.first_mission
    found = await table.store.missions(table.task.id)
    return [one for one in found if one.variant is Variant.ORCHESTRATED and one.number >= first]


async def _whole(
    table: Table, state: Orchestration | None, missions: Sequence[Mission], outcome: Outcome, reason: str
) -> Mission:
    """The attempt as if it were one mission: the work of the arm's tier, at the price of everybody in it."""
    written = [one for one in missions if one.role is Role.CODE and one.commit]
    result = next((one for one in missions if state is not None and one.id == state.result), None)
    last = result or (written[-1] if written else missions[-1])
    ids = {one.id for one in missions}
    total = tally(call for call in await table.store.calls(table.task.id) if call.mission in ids)
    return last.model_copy(
        update={
            "tier": table.arm.tier,
            "model": table.arm.model,
            "way": table.arm.way,
            "variant": table.arm.variant,
            "outcome": outcome,
            "reason": one_line(reason, 500),
            "seconds": round(sum(one.seconds for one in missions), 3),
            **dict(total),
        }
    )


async def standing(store: Store, task: Task, reports: Sequence[Report]) -> tuple[tuple[Report, ...], Mapping[str, Any]]:
    """`reports` with a result that only a reviewer objects to, where nothing better came after it: the harness found it
    good, and the person decides. And what an orchestrated result changes of the task's row beside what every one does.
    """
    state = await store.work_order(task.id)
    last = reports[-1] if reports else None
    if state is None or last is None or state.dispatch != task.first_mission or not state.ended:
        return tuple(reports), {}
    missions = {one.id: one for one in await store.missions(task.id)}
    result = missions.get(state.result or 0)
    if state.ended == "disapproved" and result is not None and result.outcome is not None:
        if last.judgement.outcome.accepted or last.environment or last.over_budget:
            return tuple(reports), {}
        said = f"a reviewer does not approve of it: {state.reason}"
        judgement = Judgement(outcome=result.outcome, reason=result.reason, warnings=(*state.warnings, said))
        whole = result.model_copy(update={"tier": last.mission.tier if len(reports) == 1 else result.tier})
        reports = (*reports, Report(mission=whole, judgement=judgement, files=result.files))
    elif state.ended != "done" or result is None or last.mission.id != result.id:
        return tuple(reports), {}
    check = state.check
    kept = check is not None and check.path in result.files
    return tuple(reports), {
        "review": _review(state, result),
        **({"base_check": check.base} if check is not None and kept else {}),
    }


def _review(state: Orchestration, result: Mission) -> Review | None:
    """The last reading of what is the result now."""
    last = state.rounds[-1] if state.rounds else None
    if last is None or last.commit != result.commit:
        return None
    return Review(
        commit=last.commit,
        tier=last.tier,
        model=last.model,
        approves=last.approves,
        summary=last.summary,
        findings=last.findings,
        cost_nano=last.cost_nano,
        at=last.at,
    )
