"""The gate behind every part of a work order: the repository's own check must be as green as it was."""

from agents.dispatch.order_table import Table
from agents.store.work_orders import Orchestration
from agents.tasks import CheckResult
from agents.workspace.checks import find_check


async def gate(table: Table, state: Orchestration, commit: str) -> CheckResult | None:
    """The repository's own check on `commit`, where it is red that was not red before; None: nothing stands against
    it. The acceptance check is not there while the gate runs: it is red until the last part."""
    command = await gate_command(table)
    if command is None:
        return None
    without = dict.fromkeys(table.protected(state.check))
    if without:
        commit = await table.ground.repository.with_files(commit, without)
    result = await table.prove(command, commit, on="result")
    if result.green:
        return None
    base = table.task.base_check
    if base is None or base.command != command or base.commit != state.base:
        base = await table.prove(command, state.base, on="base")
    return result if base.green else None


async def gate_command(table: Table) -> str | None:
    """The repository's own check, where it is another one than the task's."""
    if table.task.check is None:
        return table.footing.command
    command = table.ground.settings.check.command
    if command is None:
        async with table.ground.repository.checkout(table.footing.base.commit) as root:
            command = find_check(root)
    return None if command == table.task.check else command


def ended_in_words(result: CheckResult) -> str:
    """How it ended: exits 1, does not end in time."""
    return "does not end in time" if result.exit_code is None else f"exits {result.exit_code}"
