"""The ledger against the model servers' own books.

They agree, exactly, when
  - every request that a server saw has one row of the ledger, and no two have the same;
  - a settled row holds the tokens that its server reported for its request, and costs what they cost;
  - a request whose reply a kill cut off, or kept from being settled, has an abandoned row that counts as its whole
    reservation, and that is no less than what the server charges;
  - every other abandoned row is of a call that was reserved and, killed in between, never sent.
Every request has token counts of its own, by which rows and requests are matched.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from agents.models.prices import price_of
from agents.store import Call, CallState
from agents.tasks import Usage
from tests.fakes.paid_and_free import PaidAndFree, Served

MODEL = "claude-haiku-5-5"


def compared(numbers: Mapping[int, int], calls: Sequence[Call], servers: PaidAndFree) -> Iterator[str]:
    """What does not agree. `numbers`: by the id of a task, the number by which the servers know it."""
    seen, booked = servers.requests(), Counter(served.provider for served in servers.served)
    if seen != booked:
        yield f"the wire saw {seen}, the servers' books hold {booked}"
    by_usage = {served.usage: served for served in servers.served}
    matched: set[int] = set()
    for call in calls:
        if call.state is CallState.ABANDONED:
            if call.cost_nano != call.reserved_nano or call.usage != Usage():
                yield f"call {call.id} was abandoned at {call.cost_nano}, not at its reservation {call.reserved_nano}"
            continue
        served = by_usage.get(call.usage)
        if call.state is not CallState.SETTLED or call.error is not None or served is None:
            yield f"call {call.id} is {call.state}, {call.error}, {call.usage}: no request was served so"
        elif served.number in matched or (served.task, served.provider) != (numbers[call.task], call.provider):
            yield f"call {call.id} of T{call.task} to {call.provider} has the tokens of request {served}"
        else:
            matched.add(served.number)
            if call.cost_nano != cost(served):
                yield f"call {call.id} cost {call.cost_nano}, not {cost(served)}"
    lost = [served for served in servers.served if served.number not in matched]
    yield from _cut_off(numbers, lost, [call for call in calls if call.state is CallState.ABANDONED])


def _cut_off(numbers: Mapping[int, int], lost: Sequence[Served], abandoned: Sequence[Call]) -> Iterator[str]:
    """Task by task, as its calls follow one another: each request that was not settled has a row that stands for it."""
    for task, number in numbers.items():
        for provider in ("ollama", "anthropic"):
            requests = [one for one in lost if (one.task, one.provider) == (number, provider)]
            rows = [one for one in abandoned if (one.task, one.provider) == (task, provider)]
            if len(requests) > len(rows):
                yield f"T{task}: {len(requests)} requests to {provider} were not settled, {len(rows)} rows are for them"
            if sum(map(cost, requests)) > sum(row.cost_nano or 0 for row in rows):
                yield f"T{task}: what {provider} was not settled for cost more than was reserved"


def cost(served: Served) -> int:
    """What the server charges for a reply that it sent to its end, in nano-dollars."""
    return price(served.usage) if served.provider == "anthropic" else 0


def price(usage: Usage) -> int:
    """The paid model's, in nano-dollars."""
    known = price_of("anthropic", MODEL)
    assert known is not None
    return known.cost_nano(usage)
