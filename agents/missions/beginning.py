"""A mission's row and its first event."""

from typing import TYPE_CHECKING, Any

from agents.clock import Clock
from agents.events import Event, MissionStarted
from agents.sanitize import one_line
from agents.tasks import Mission
from agents.workspace import Worktree

if TYPE_CHECKING:
    from agents.missions.mission import Ground
    from agents.missions.orders import Orders


async def begin_mission(ground: "Ground", orders: "Orders", worktree: Worktree) -> Mission:
    """Store that the mission runs in `worktree`, and say so."""

    def started(mission: Mission) -> tuple[Event, ...]:
        return (
            MissionStarted(
                **where_of(ground.clock, mission),
                number=mission.number,
                model=one_line(mission.model, 80),
                way=mission.way,
                variant=mission.variant,
                branch=worktree.branch,
                worktree=str(worktree.path),
                sandbox=ground.sandbox.name,
                why=orders.arm.why,
            ),
        )

    return await ground.store.insert_mission(
        task=orders.task.id,
        number=orders.number,
        agent=orders.agent,
        tier=orders.arm.tier,
        model=orders.arm.model,
        way=orders.arm.way,
        variant=orders.arm.variant,
        owner=ground.owner,
        branch=worktree.branch,
        worktree=str(worktree.path),
        start_commit=orders.start_commit,
        events=started,
    )


def where_of(clock: Clock, mission: Mission) -> dict[str, Any]:
    """The fields every event of the mission carries, stamped now."""
    return {
        "at": clock.now(),
        "task": mission.task,
        "mission": mission.id,
        "agent": mission.agent,
        "tier": mission.tier,
    }
