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
    counted = [call for call in calls if mission is None or call.mission == mission]
    costs = [call.cost_nano if call.state is CallState.SETTLED else call.reserved_nano for call in counted]
    known = [cost for cost in costs if cost is not None]
    return Tally(
        steps=sum(call.attempt == 1 for call in counted),
        cost_nano=sum(known) if len(known) == len(costs) else None,
        usage=Usage(**{name: sum(getattr(call.usage, name) for call in counted) for name in Usage.model_fields}),
    )
