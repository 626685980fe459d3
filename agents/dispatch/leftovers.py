"""Branches that a kill left in the person's list: what a failed or broken off mission had committed is archived."""

import contextlib
import re

from agents.store import Store
from agents.tasks import TaskStatus
from agents.workspace import Repository, WorkspaceError

_BRANCH = re.compile(r"warroom[/-]T(\d+)-\d+(?:-\d+)?")


async def archive_leftovers(store: Store, repository: Repository) -> None:
    """Archive the branches of missions that ended without a result and have no worktree any more.

    A mission archives its branch after its end was stored, so a kill may come in between.
    """
    repo = str(repository.root)
    results = {task.branch for task in await store.tasks(repo=repo, statuses={TaskStatus.REVIEW})}
    for branch in await repository.idle_branches():
        found = _BRANCH.fullmatch(branch)
        if found is None or branch in results:
            continue
        task = await store.task(int(found[1]))
        for mission in await store.missions(int(found[1])) if task is not None and task.repo == repo else ():
            over = mission.finished_at is not None and not (mission.outcome and mission.outcome.accepted)
            if mission.branch == branch and over:
                with contextlib.suppress(WorkspaceError):  # the next start tries again
                    await repository.archive(branch)
