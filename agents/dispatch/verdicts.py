"""What a person does with a result: accept it onto their branch, send it away, or have it done again."""

import contextlib
from pathlib import Path

from agents.dispatch.footing import check_of
from agents.events import TaskStatusChanged
from agents.missions.fences import quoted
from agents.missions.mission import Ground
from agents.refusals import Conflict, NotPossible
from agents.sanitize import one_line, sanitize
from agents.tasks import CheckResult, Task, TaskStatus
from agents.workspace import MergeConflict, UnsavedWork, WorkspaceError

SHOWN_DIFF = 6000
"""Characters of a result that no longer fits that the agent doing it again gets to see."""
_REJECTABLE = frozenset({TaskStatus.REVIEW, TaskStatus.NEEDS_HUMAN, TaskStatus.FAILED, TaskStatus.CANCELLED})


class Verdicts:
    """Accepts and rejects results of one repository."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._store, self._repository = ground.store, ground.repository

    async def accept(self, task: Task) -> Task:
        """Merge the result onto the person's branch. When the branch moved, the check runs on the merged tree first.

        Raises NotPossible, Conflict; on either the person's checkout is as it was.
        """
        commit = require_review(task)
        await self._require_below(task)
        try:
            preview = await self._repository.merge_preview(commit, task.target_branch)
            if preview.moved and task.base_check is not None:
                # Beside a check that a model wrote for the task, the repository's own.
                for command in dict.fromkeys((task.base_check.command, check_of(self._ground, task))):
                    if command is not None:
                        await self._check_merged(task, command, preview.commit)
            if require_review(await self._now(task)) != commit:
                raise NotPossible(f"{task.label} has another result by now: look at it, then accept again")
            await self._repository.apply_merge(preview)
        except MergeConflict as error:
            brief = f"It changed the same lines as others in {', '.join(one_line(name, 80) for name in error.files)}."
            raise Conflict(f"{task.label}: {error}", brief=brief) from error
        except WorkspaceError as error:
            raise Conflict(f"{task.label} was not merged: {error}") from error
        with contextlib.suppress(WorkspaceError):  # it is merged; a branch somebody has checked out stays
            await self._forget_branches(task, force=False)
        status = TaskStatusChanged(at=self._ground.clock.now(), task=task.id, status=TaskStatus.DONE, reason="accepted")
        return await self._store.save_task(
            task.id, [status], status=TaskStatus.DONE, reason="accepted", merged_commit=preview.commit
        )

    async def reject(self, task: Task) -> Task:
        """Throw the result away, branch and worktree; the task goes back to open. Raises NotPossible."""
        if task.status not in _REJECTABLE:
            raise NotPossible(f"{task.label} is {task.status}: there is no result to reject")

        def same(now: Task) -> None:
            if (now.status, now.commit) != (task.status, task.commit):
                raise NotPossible(f"{now.label} is {now.status} by now: look at it again")

        same(await self._now(task))
        try:
            await self._forget_branches(task, force=True)
        except WorkspaceError as error:
            raise NotPossible(f"{task.label} was not rejected: {error}") from error
        status = TaskStatusChanged(at=self._ground.clock.now(), task=task.id, status=TaskStatus.OPEN, reason="rejected")
        return await self._store.save_task(
            task.id,
            [status],
            provided=same,
            status=TaskStatus.OPEN,
            reason="rejected",
            outcome=None,
            commit=None,
            branch=None,
            files=(),
            result_check=None,
            review=None,
        )

    async def brief_of(self, task: Task, conflict: Conflict) -> str:
        """What an agent is told that does a result again which does not fit the branch any more."""
        diff = ""
        if task.base_commit and task.commit:
            diff = await self._repository.diff(task.base_commit, task.commit)
        return sanitize(
            "An earlier result was good but does not fit the branch as it is now. "
            f"{conflict.brief}\nDo the same again on the files as they are now, keeping what others changed. "
            f"The earlier result was:\n{quoted(diff[:SHOWN_DIFF], 'diff')}"
        )

    async def _now(self, task: Task) -> Task:
        now = await self._store.task(task.id)
        return now if now is not None else task

    async def _require_below(self, task: Task) -> None:
        """Results the task was built on come first, and they must be the ones that it was built on."""
        for number, commit in task.built_on.items():
            needed = await self._store.task(number)
            if needed is None or needed.status is not TaskStatus.DONE:
                raise NotPossible(f"{task.label} is built on the result of T{number}: accept that first")
            if needed.merged_commit is None or not await self._repository.contains(needed.merged_commit, commit):
                raise NotPossible(
                    f"{task.label} is built on a result of T{number} that was replaced since: "
                    f"`warroom retry {task.label}` does it again on what you accepted"
                )

    async def _check_merged(self, task: Task, command: str, commit: str) -> None:
        result = await self.check(task, command, commit)
        if not result.green:
            ended = "did not end in time" if result.exit_code is None else f"exits {result.exit_code}"
            raise Conflict(
                f"{task.label} was not merged: your branch has moved on, and on the merged tree the check {ended}. "
                f"`warroom retry {task.label}` does it again from your branch as it is now",
                brief=f"Merged with the branch, the check `{one_line(command, 300)}` {ended}:\n{quoted(result.output)}",
            )

    async def check(self, task: Task, command: str, commit: str) -> CheckResult:
        """Run a check on a merged commit. Raises SandboxError, WorkspaceError."""
        return await self._ground.prover.run(
            command,
            commit,
            on="merge",
            emit=self._store.append,
            where=lambda: {"at": self._ground.clock.now(), "task": task.id},
        )

    async def _forget_branches(self, task: Task, *, force: bool) -> None:
        """Remove what the task's missions left behind; without `force` not a worktree with uncommitted work in it."""
        for mission in await self._store.missions(task.id):
            if mission.worktree:
                with contextlib.suppress(UnsavedWork):
                    await self._repository.remove(Path(mission.worktree), branch=mission.branch, force=force)


def require_review(task: Task) -> str:
    """The commit in review. Raises NotPossible."""
    if task.status is not TaskStatus.REVIEW or not task.commit:
        raise NotPossible(f"{task.label} is {task.status}: only a task in review can be accepted")
    return task.commit
