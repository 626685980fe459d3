"""The acceptance check of a work order, written and tried before anybody writes code: red on the base, and satisfied by
no stub. What came of the stubs is this repository's false accept rate, as far as stubs can tell it."""

import asyncio
from collections.abc import Mapping

from agents.dispatch.choosing import check_writer
from agents.dispatch.order_table import Table
from agents.events import OrderCheck
from agents.missions.acceptance import check_question, parses, place_of, pytest_of
from agents.missions.mission import being_cancelled
from agents.missions.promised import promised
from agents.missions.stubs import UNCHANGED, stubs_of
from agents.refusals import NoAdvice
from agents.sanitize import one_line
from agents.store.work_orders import AcceptanceCheck, Orchestration
from agents.tasks import CheckResult, Mission
from agents.workspace.checks import find_check

TRIES = 2
"""Checks that are written before the arm is given up."""
STUB_S = 10.0
"""How long a stub may take at least, in seconds; else three times as long as the base took."""
OWN_S = 60.0
"""How long the stubs of a person's own check may take, in seconds."""
_AT_ONCE = 2
_NOT_RUN = {126: "a command in it cannot be executed", 127: "a command in it was not found"}
_PYTEST = {4: "pytest does not accept it", 5: "pytest finds no test in it"}


async def settle_check(table: Table, state: Orchestration) -> Orchestration:
    """The order with its check, stored and told. Raises NoAdvice when none that holds could be written."""
    if table.task.check is not None:
        return await _own(table, state)
    refused, kept = "", state.check  # one that was written for an older base is good enough, if it is good there
    for _ in range(TRIES):
        check, mission, refused = await _written(table, state, refused, kept)
        kept = None
        if not refused:
            return await _keep(table, state, check, mission)
        state = state.model_copy(update={"check": None})
        await table.store.save_work_order(state, [_told(table, check, mission, refused)])
    raise NoAdvice(f"{table.task.label} has no acceptance check: {refused}")


async def _own(table: Table, state: Orchestration) -> Orchestration:
    """The task's own is used as it is; stubs that satisfy it are told."""
    base = table.task.base_check
    check = AcceptanceCheck(command=table.task.check or "", base=base)
    passed = await _passed(table, state, check)
    return await _keep(table, state, check.model_copy(update=_strength(passed)), None)


async def _written(
    table: Table, state: Orchestration, refused: str, kept: AcceptanceCheck | None
) -> tuple[AcceptanceCheck, Mission | None, str]:
    """A check by a model that writes no code here, or the one that was `kept`, with the mission it was written in; and
    why it is no good, or nothing. `refused`: what was wrong with the one before."""
    check, mission = (kept, None) if kept is not None else await _asked(table, state, refused)
    commit = await table.with_check(state.base, check)
    if (command := parses(check.path)) and not await _works(table, command, commit, name="parses"):
        return check, mission, f"{check.path} cannot be read: {command} fails"
    red = await table.prove(check.command, commit, on="base")
    check = check.model_copy(update={"base": red})
    if fault := _no_red(red):
        return check, mission, fault
    passed = await _passed(table, state, check)
    check = check.model_copy(update=_strength(passed))
    said = f"it is satisfied by {check.passed[0]}: that must fail" if check.passed else ""
    return check, mission, said


async def _asked(table: Table, state: Orchestration, refused: str) -> tuple[AcceptanceCheck, Mission]:
    """A check as it was written, not tried yet. Raises NoAdvice, NoAdviser, NoFunds."""
    task, ground, base = table.task, table.ground, state.base
    files = await ground.repository.files_at(base)
    adviser = check_writer(task, ground.settings, table.ready.available, writers=table.writers(state), first=state.tier)
    async with ground.repository.checkout(base) as root:
        pytest = pytest_of(ground.settings.check.command or find_check(root), files)
        if pytest and not await _works(table, f"{pytest} --version", base, name="pytest"):
            pytest = ""  # it is not installed: every stub would seem refused
        place = place_of(task, state.order, files, pytest=pytest)
        question = await asyncio.to_thread(
            check_question, task, state.order, place, root, files, room=adviser.room, refused=refused
        )
    content, mission = await table.ask(adviser, question, commit=base)
    who = {"tier": mission.tier, "model": mission.model}
    check = AcceptanceCheck(command=place.command, path=place.path, content=content, **who)
    # Trying it takes its time: who is broken off there has paid for it already.
    await table.store.save_work_order(state.model_copy(update={"check": check}))
    return check, mission


async def _works(table: Table, command: str, commit: str, *, name: str) -> bool:
    return await table.ground.prover.passes(command, commit, name=f"{name}-{table.task.label}", limit_s=STUB_S)


def _no_red(base: CheckResult) -> str:
    """Why the way the check ended on the base is no proper red; empty when it is."""
    if base.green:
        return "it is green on the files as they are: it must fail until the work is done"
    if base.exit_code is None:
        return "it does not end on the files as they are"
    known = _NOT_RUN | (_PYTEST if "pytest" in base.command else {})
    return known.get(base.exit_code, "")


async def _passed(table: Table, state: Orchestration, check: AcceptanceCheck) -> Mapping[str, bool]:
    """By the name of each stub that was tried, whether it satisfied the check.

    A model's is tried until one does, which is enough to refuse it. The person's own is used as it is, and is tried as
    far as that takes no more than OWN_S.
    """
    ground, base = table.ground, state.base
    now = await table.texts(base, state.order.files)
    used = promised(check.content, check.path, state.order.files) if check.written else ()
    stubs = dict(await asyncio.to_thread(stubs_of, state.order, now, used))
    seconds, found = check.base.seconds if check.base else 0.0, dict[str, bool]()
    if check.base is not None:  # that stub ran already
        found[UNCHANGED] = check.base.green
        del stubs[UNCHANGED]
    names = list(stubs) if check.written else list(stubs)[: round(_AT_ONCE * OWN_S / max(seconds, 0.1))]
    turns, limit_s = asyncio.Semaphore(_AT_ONCE), max(STUB_S, 3 * seconds)

    async def tried(number: int, name: str) -> None:
        async with turns:
            if check.written and any(found.values()):
                return
            over = {**stubs[name], **table.protected(check)}
            commit = await ground.repository.with_files(base, over)
            log = f"stub-{table.task.label}-{number}"
            found[name] = await ground.prover.passes(check.command, commit, name=log, limit_s=limit_s)

    try:
        async with asyncio.TaskGroup() as group:
            for number, name in enumerate(names):
                group.create_task(tried(number, name))
    except BaseExceptionGroup as errors:
        if being_cancelled():
            raise asyncio.CancelledError from errors
        raise errors.exceptions[0] from errors
    return {name: found[name] for name in (UNCHANGED, *names) if name in found}


def _strength(passed: Mapping[str, bool]) -> dict[str, object]:
    accepted = tuple(name for name, green in passed.items() if green)
    return {"tried": len(passed), "refused": len(passed) - len(accepted), "passed": accepted}


async def _keep(table: Table, state: Orchestration, check: AcceptanceCheck, mission: Mission | None) -> Orchestration:
    warnings = state.warnings
    if check.passed:
        warnings += (f"the task's own check is satisfied by {', '.join(check.passed)}: it proves little",)
    state = state.model_copy(update={"check": check, "warnings": warnings})
    await table.store.save_work_order(state, [_told(table, check, mission, "")])
    await table.store.add_strength(table.task.repo, tried=check.tried, accepted=len(check.passed))
    return state


def _told(table: Table, check: AcceptanceCheck, mission: Mission | None, refused: str) -> OrderCheck:
    return OrderCheck(
        **table.where(mission),
        command=one_line(check.command, 300),
        path=check.path,
        model=one_line(check.model, 80),
        tried=check.tried,
        refused=check.refused,
        accepted=not refused,
        reason=refused,
    )
