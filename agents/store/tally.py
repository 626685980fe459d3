"""What calls add up to. The ledger knows it whatever became of the missions: cancelled, crashed, done once more."""

from collections.abc import Iterable

from agents.store.records import Call, CallState
from agents.tasks import Frozen, Usage


class Tally(Frozen):
    """What some calls used up, all together."""

    steps: int = 0
    """Calls, each counted once however often it was tried again."""
    cost_nano: int | None = 0
    """Nano-dollars; None when the cost of one of them is unknown."""
    usage: Usage = Usage()


def tally(calls: Iterable[Call], *, mission: int | None = None) -> Tally:
    """Of `calls`, or only of those of one mission. What is open or abandoned counts as its whole reservation."""
    total = Tally()
    for call in calls:
        if mission is not None and call.mission != mission:
            continue
        cost = call.reserved_nano if call.state is not CallState.SETTLED else call.cost_nano
        total = Tally(
            steps=total.steps + (call.attempt == 1),
            cost_nano=None if cost is None or total.cost_nano is None else total.cost_nano + cost,
            usage=total.usage + call.usage,
        )
    return total
