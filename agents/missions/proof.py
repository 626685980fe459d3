"""The proof: the check is run in clean checkouts, on the base and on the result, and its exit codes decide.

No word of a model enters here."""

import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from agents.events import CheckFinished, CheckStarted, Event
from agents.missions.failure import HANGS, explaining_environment, failure_digest
from agents.missions.parsing import parse_fault
from agents.redactor import SECRETS
from agents.sanitize import one_line
from agents.settings import Network
from agents.tasks import CheckResult, Frozen, Outcome
from agents.tools.sandbox import Sandbox, ShellResult
from agents.workspace import Repository

Emit = Callable[[Event], Awaitable[None]]
HANG_S = 5.0
"""How long a check that did not end is run again, to see where it hangs."""
_RAISED = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception)\b", re.MULTILINE)
"""The last line of a Python traceback."""
DIGEST_LIMIT = 3000
"""Characters of a red check's output that a model gets to see."""


REPOSITORYS = "the repository's check"
"""Whose a check is that the task does not bring with it."""


class Judgement(Frozen):
    """What the harness says of a result, and why, in one sentence."""

    outcome: Outcome
    reason: str
    warnings: tuple[str, ...] = ()


def judge(
    *,
    own: bool,
    base: CheckResult | None,
    result: CheckResult | None,
    broken: tuple[str, ...] = (),
    whose: str = REPOSITORYS,
) -> Judgement:
    """The outcome by exit codes alone.

    `own`: the check is the task's own, so red before and green after is a proof; a repository's check only verifies.
    `whose` check it is then, in words. `broken`: files of the result that do not parse, where there is no check.
    """
    if result is None:
        if broken:
            return Judgement(outcome=Outcome.FAILED, reason=f"does not parse: {'; '.join(broken)}")
        return Judgement(
            outcome=Outcome.UNVERIFIED, reason="there was no check to run: only that the files parse is known"
        )
    if not result.green:
        ended = _ended(result.exit_code)
        before = " (it was red on the base too)" if base is not None and not base.green and not own else ""
        return Judgement(outcome=Outcome.FAILED, reason=f"the check {ended}{before}")
    if base is not None and base.green:
        warning = ("the check was already green on the base: it proves nothing about this change",) if own else ()
        return Judgement(
            outcome=Outcome.VERIFIED, reason="the check is green, as it was before the change", warnings=warning
        )
    if base is not None and base.exit_code is None:
        reason = "the check is green; that it did not end in time on the base proves nothing"
        return Judgement(outcome=Outcome.VERIFIED, reason=reason)
    if own:
        return Judgement(
            outcome=Outcome.PROVEN, reason="the check was red before and is green after, in a clean checkout"
        )
    return Judgement(outcome=Outcome.VERIFIED, reason=f"{whose} was red before and is green after")


def _ended(exit_code: int | None) -> str:
    if exit_code is None:
        return "did not end in time"
    why = {126: " (a command in it could not be executed)", 127: " (its command was not found)"}
    return f"exited {exit_code}{why.get(exit_code, '')}"


class Prover:
    """Runs one check on commits of one repository, each in a clean checkout inside the sandbox."""

    def __init__(
        self,
        repository: Repository,
        sandbox: Sandbox,
        *,
        timeout_s: float,
        logs: Path,
        output_cap: int,
        network: Network,
    ) -> None:
        self._repository = repository
        self._sandbox = sandbox
        self._timeout_s = timeout_s
        self._logs = logs
        self._output_cap = output_cap
        self._network = network

    async def run(
        self,
        command: str,
        commit: str,
        *,
        on: Literal["base", "result", "merge"],
        emit: Emit,
        where: Callable[[], Mapping[str, Any]],
    ) -> CheckResult:
        """Run `command` on a clean checkout of `commit`. A red result's output is made readable for a model."""
        shown = one_line(command, 300)
        await emit(CheckStarted(**where(), command=shown, commit=commit, on=on))
        task = where().get("task", 0)
        log = self._logs / f"check-T{task}-{on}-{commit[:12]}.log"
        async with self._repository.checkout(commit) as folder:
            shell = await self._shell(command, folder, log)
            # Taken out before anything is cut: what a check prints is told, stored and handed on.
            output = SECRETS.redact(shell.output)
            if shell.exit_code != 0:
                output = await self._explained(command, folder, shell, log.with_suffix(".explained.log"))
        result = CheckResult(
            command=command,
            commit=commit,
            exit_code=shell.exit_code,
            output=output,
            log_path=shell.log_path,
            seconds=round(shell.seconds, 3),
        )
        await emit(
            CheckFinished(
                **where(),
                command=shown,
                commit=commit,
                on=on,
                exit_code=result.exit_code,
                seconds=result.seconds,
                output=output[-DIGEST_LIMIT:],
            )
        )
        return result

    async def passes(self, command: str, commit: str, *, name: str, limit_s: float) -> bool:
        """Whether `command` is green on a clean checkout of `commit` within `limit_s` seconds. Nothing is told; the
        log is called `name`."""
        async with self._repository.checkout(commit) as folder:
            shell = await self._shell(command, folder, self._logs / f"{name}.log", limit_s=limit_s)
        return shell.exit_code == 0

    async def _shell(
        self,
        command: str,
        folder: Path,
        log: Path,
        env: Mapping[str, str] | None = None,
        limit_s: float | None = None,
    ) -> ShellResult:
        return await self._sandbox.run(
            command,
            cwd=folder,
            timeout_s=min(self._timeout_s, limit_s or self._timeout_s),
            output_cap=self._output_cap,
            log_path=log,
            network=self._network,
            env=env,
        )

    async def _explained(self, command: str, folder: Path, red: ShellResult, log: Path) -> str:
        """The red output, from a second run in which Python tells more: what its asserts compared, what else is wrong,
        or where a check hangs."""

        def digest(shell: ShellResult) -> str:
            # Paths as the repository has them: a small model reads 60 tokens less for each line of a traceback.
            output = SECRETS.redact(shell.output).replace(f"{folder}/", "")
            return failure_digest(command, output, red.exit_code, DIGEST_LIMIT)

        hung = red.exit_code is None
        if not hung and not _RAISED.search(red.output):
            return digest(red)
        # A copy in the checkout: War Room itself may be installed where the sandbox shows nothing, as below /tmp.
        hang_s = min(HANG_S, self._timeout_s) if hung else None
        with explaining_environment(folder, rest=self._sandbox.warning is None, hang_s=hang_s) as env:
            again = await self._shell(
                command, folder, log, env=env, limit_s=HANG_S * 4 + (0 if hung else 3 * red.seconds)
            )
        told = HANGS in again.output if hung else again.exit_code == red.exit_code
        return digest(again if told else red)


def unparsable(root: Path, files: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `files` that do not parse, each with its reason: all that can be said without a check."""
    faults = ((name, parse_fault(root / name)) for name in files)
    return tuple(one_line(f"{name}: {fault}") for name, fault in faults if fault)
