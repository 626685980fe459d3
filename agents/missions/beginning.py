"""A mission's row and its first event; what the project tells those who work on such a task."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agents.clock import Clock
from agents.events import Event, MissionStarted
from agents.missions.conventions.choosing import Conventions, conventions_for
from agents.models.prices import FREE, call_price
from agents.sanitize import one_line
from agents.tasks import Mission
from agents.workspace import Worktree

if TYPE_CHECKING:
    from agents.missions.mission import Ground
    from agents.missions.orders import Orders


@dataclass(frozen=True)
class Begun:
    """A mission that is stored as running."""

    mission: Mission
    files: tuple[str, ...]
    """Of its start commit, relative."""
    conventions: str
    """What the project tells it, fenced."""


async def begin_mission(ground: "Ground", orders: "Orders", worktree: Worktree) -> Begun:
    """Store that the mission runs in `worktree`, and say so."""
    files = await ground.repository.files_at(orders.start_commit)
    told = await _conventions(ground, orders, worktree, files)

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
                conventions=told.used,
            ),
        )

    mission = await ground.store.insert_mission(
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
        conventions=told.used,
        events=started,
    )
    return Begun(mission, files, told.text)


async def _conventions(ground: "Ground", orders: "Orders", worktree: Worktree, files: tuple[str, ...]) -> Conventions:
    """A free model gets less than one that is paid: it is the smaller one."""
    tier, task = ground.settings.tiers[orders.arm.tier], orders.task
    if not ground.settings.mission.context:
        return Conventions()
    return await asyncio.to_thread(
        conventions_for,
        worktree.path,
        files,
        task.text,
        task.kind,
        window=orders.model.window,
        local=call_price(tier.provider, tier.model, free=tier.free) == FREE,
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
