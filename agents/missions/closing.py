"""A mission's end as the ledger alone knows it: whoever ran it was cancelled, broke, died, or only gave an opinion."""

from agents.clock import Clock
from agents.events import MissionFinished
from agents.missions.beginning import where_of
from agents.sanitize import one_line
from agents.store import Store
from agents.store.tally import tally
from agents.tasks import Mission, Outcome


async def close_mission(
    store: Store,
    clock: Clock,
    mission: Mission,
    outcome: Outcome,
    reason: str,
    *,
    interrupted: bool = False,
    seconds: float | None = None,
) -> Mission:
    """Its open calls settled to their reservation, its row and its last event in order.

    `seconds`: how long it took; None: until now.
    """
    await store.settle_abandoned(mission.id)
    total = tally(await store.calls(mission.task), mission=mission.id)
    at = clock.now()
    if seconds is None:
        seconds = round((at - mission.started_at).total_seconds(), 3)
    finished = MissionFinished(
        **where_of(clock, mission),
        role=mission.role,
        outcome=outcome,
        reason=one_line(reason, 500),
        steps=total.steps,
        seconds=seconds,
    )
    changes = {"outcome": outcome, "reason": finished.reason, "interrupted": interrupted}
    changes |= {"finished_at": at, "seconds": seconds, **dict(total)}
    return await store.save_mission(mission.id, [finished], **changes)
