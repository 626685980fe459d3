"""Reviews of orchestrated work: approved, or corrected by file and line, in at most two rounds. A reviewer that only
repeats itself is stopped. What it says moves no outcome: it only decides whether another arm is tried first."""

import asyncio

from agents.dispatch.choosing import adviser_for
from agents.dispatch.order_brief import Brief, part_in_words
from agents.dispatch.order_parts import Try, archive_before, attempt
from agents.dispatch.order_table import Table
from agents.events import OrderReviewed
from agents.missions.order_review import goes_round, in_words, order_review_question
from agents.refusals import NoAdvice, NoAdviser, NoFunds
from agents.sanitize import one_line
from agents.store.work_orders import Orchestration, OrderedPart, Round
from agents.tasks import CheckResult, Mission, Role

ROUNDS = 2
"""Rounds of corrections; the reading after the last one has to approve."""


class Disapproved(Exception):
    """The reviewer does not approve of a result that the checks accept; the message says why, for people."""


async def review_rounds(table: Table, state: Orchestration) -> Orchestration:
    """Until the reviewer approves, or nobody can be asked; the order as it is stored then.

    Raises Disapproved, with `state` stored; Halted.
    """
    while True:
        state = await _now(table, state)
        result, last = await _result(table, state), state.rounds[-1] if state.rounds else None
        if last is None or last.commit != result.commit:
            try:
                state = await _read(table, state, result)
            except (NoAdviser, NoAdvice, NoFunds) as error:
                said = f"it was not reviewed: {one_line(str(error), 300)}"
                state = state.model_copy(update={"warnings": (*state.warnings, said)})
                await table.store.save_work_order(state)
                return state
            continue
        if last.approves:
            return state
        if goes_round(last.findings, state.rounds[:-1]):
            raise Disapproved(f"{last.tier} asks for the same corrections again: {last.summary}")
        if len(state.rounds) > ROUNDS:
            raise Disapproved(f"{last.tier} does not approve after {ROUNDS} rounds of corrections: {last.summary}")
        await _correct(table, state, result, last)


async def _now(table: Table, state: Orchestration) -> Orchestration:
    return await table.store.work_order(table.task.id) or state


async def _result(table: Table, state: Orchestration) -> Mission:
    return next(one for one in await table.missions(state) if one.id == state.result)


async def _read(table: Table, state: Orchestration, result: Mission) -> Orchestration:
    """One reading, stored and told. Raises NoAdviser, NoAdvice, NoFunds."""
    ground, commit = table.ground, result.commit or state.base
    settings = ground.settings
    adviser = adviser_for(table.task, (Role.REVIEW,), settings, table.ready.available, never=table.writers(state))
    diff = await ground.repository.diff(state.base, commit)
    files = await ground.repository.files_changed(state.base, commit)
    question = await asyncio.to_thread(
        order_review_question,
        table.task,
        state,
        result.check or CheckResult(command="", commit=commit, exit_code=0),
        diff=diff,
        files=files,
        before=state.rounds,
        room=adviser.room,
    )
    verdict, mission = await table.ask(adviser, question, commit=commit)
    told = OrderReviewed(
        **table.where(mission),
        round=len(state.rounds) + 1,
        model=one_line(mission.model, 80),
        approves=verdict.approves,
        summary=verdict.summary,
        corrections=0 if verdict.approves else len(verdict.findings),
    )
    this = Round(
        mission=mission.id,
        tier=mission.tier,
        model=one_line(mission.model, 80),
        commit=commit,
        approves=verdict.approves,
        summary=verdict.summary,
        findings=verdict.findings,
        cost_nano=mission.cost_nano,
        at=mission.finished_at or mission.started_at,
    )
    state = state.model_copy(update={"rounds": (*state.rounds, this)})
    await table.store.save_work_order(state, [told])
    return state


async def _correct(table: Table, state: Orchestration, result: Mission, said: Round) -> None:
    """Have the corrections made by the arm's own tier; the result is another then. Raises Disapproved, Halted."""
    named = tuple(dict.fromkeys(one.path for one in said.findings if one.path)) or state.order.files
    work = OrderedPart(
        title="Correct what a reviewer found",
        brief="\n".join(
            ["The work is done but for these corrections. Change nothing else.", *map(in_words, said.findings)]
        ),
        files=tuple(name for name in named if name not in table.protected(state.check)) or state.order.files,
    )
    brief = Brief(
        name=f"round {len(state.rounds)} of corrections",
        task=table.task.model_copy(update={"title": work.title, "brief": part_in_words(state, work)}),
        tier=table.arm.tier,
        start=result.commit or state.base,
        last=True,
    )
    failed: Try | None = None
    for number in range(table.ground.settings.orchestrate.tries):
        failed = await attempt(table, state, brief, failed, tries=number + 1)
        if not failed.failure:
            await archive_before(table, state, keep=failed.report.mission.branch)
            await table.store.save_work_order(state.model_copy(update={"result": failed.report.mission.id}))
            return
    why = failed.why if failed is not None else ""
    raise Disapproved(f"the corrections of {said.tier} could not be made: {why}")
