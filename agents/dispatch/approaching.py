"""A stronger model plans before a cheaper one writes: one arm of a plan, two missions."""

import asyncio
from collections.abc import Sequence

from agents.dispatch.council import Council
from agents.dispatch.footing import Footing
from agents.dispatch.gate import ours
from agents.missions.approach import approach_question
from agents.missions.orders import Report
from agents.refusals import HeadquartersError
from agents.tasks import Role, Task


async def approach(council: Council, task: Task, footing: Footing, reports: Sequence[Report]) -> str:
    """The plan for `task` on its `footing`, after `reports`; empty where no planner could give one: its mission, if
    there is one, says why. Raises Elsewhere, WorkspaceError."""
    ground = council.ground
    last = reports[-1].mission.check if reports else None
    commit = footing.base.commit
    try:
        adviser = await council.adviser(Role.PLAN, task)
        files = await ground.repository.files_at(commit)
        async with ground.repository.checkout(commit) as root:
            question = await asyncio.to_thread(
                approach_question,
                task,
                root,
                files,
                room=adviser.room,
                check=task.base_check if ground.settings.check.show else None,
                failure=last.output if last and ground.settings.check.show else "",
            )
        answer, _ = await council.advise(adviser, task, question, commit=commit, provided=ours(ground.owner))
    except HeadquartersError:
        return ""
    return answer.plan
