"""Money on the screen: what was saved is an estimate and says so, and a raised cap is there at once."""

import asyncio
from datetime import UTC

from fake_command import START, FakeCommand, FixedClock, Ledger

from agents.events import BudgetExhausted, BudgetRaised, TaskFinished, TokenCounts
from agents.tasks import Outcome, TaskStatus
from app.commands.narration import narrate
from app.screen.bridge import Bridge
from app.screen.credits import SideLine, credit_lines
from app.screen.reduce import apply
from app.screen.state import Part, War


def opened(ledger: Ledger) -> War:
    war = War()
    war.opened = True
    war.burn.read(ledger)
    return war


def shown(war: War, width: int) -> list[str]:
    return [line.plain for line in credit_lines(war, FixedClock(), width)]


def test_what_was_saved_is_said_to_be_an_estimate() -> None:
    war = opened(Ledger(saved_nano=3_100_000_000))
    assert "saved est. $3.10" in shown(war, 30)
    assert "saved est. $3.10" in SideLine(war, FixedClock()).line(0, 160).plain
    for nothing in (0, None):
        assert not any("saved" in line for line in shown(opened(Ledger(saved_nano=nothing)), 30))


def test_saved_and_reserved_share_a_line_where_there_is_room() -> None:
    war = opened(Ledger(saved_nano=3_100_000_000, reserved_nano=100_000_000))
    assert "saved est. $3.10  $0.10 reserved" in shown(war, 40)
    narrow = shown(war, 24)
    assert "saved est. $3.10" in narrow
    assert "$0.10 reserved" in narrow
    assert len(shown(war, 40)) == 5, "the pane has seven lines, two of them for the outlook and the simulation"


def test_a_raised_cap_ends_the_halt() -> None:
    war = opened(Ledger(spent_nano=5_000_000_000, cap_nano=5_000_000_000))
    assert war.burn.halted
    raised = BudgetRaised(at=START, task=4, scope="task", from_nano=1, cap_nano=9_000_000_000)
    apply(war, raised)
    assert war.burn.halted, "one task's cap is not the day's"
    raised = BudgetRaised(at=START, scope="day", from_nano=5_000_000_000, cap_nano=7_000_000_000)
    assert apply(war, raised) & Part.HEADER
    assert (war.burn.halted, war.burn.cap_nano) == (False, 7_000_000_000)
    assert shown(war, 40)[0].startswith("$5.00 / $7.00")
    assert "raised from $5.00 to $7.00" in "\n".join(record.text for record in war.log)
    apply(war, BudgetExhausted(at=START, scope="day", needed_nano=1, cap_nano=7_000_000_000))
    apply(war, BudgetRaised(at=START, scope="day", from_nano=2_000_000_000, cap_nano=3_000_000_000))
    assert (war.burn.halted, war.burn.cap_nano) == (True, 7_000_000_000), "raised where less is configured"


async def test_the_ledger_is_read_when_a_task_ends_or_a_cap_is_raised() -> None:
    command, war = FakeCommand(), War()
    drawn = asyncio.Event()

    def draw(parts: Part, cue: object) -> None:
        drawn.set()

    async def until_saved(nano: int) -> None:
        async with asyncio.timeout(10):
            while war.burn.saved_nano != nano:
                drawn.clear()
                await drawn.wait()

    task = command.put("Fix CSV")
    following = asyncio.create_task(Bridge(war, command, draw, FixedClock()).run())
    await until_saved(0)
    async with asyncio.timeout(10):
        while not war.opened:
            await drawn.wait()
    finished = TaskFinished(
        at=START,
        task=task.id,
        outcome=Outcome.PROVEN,
        status=TaskStatus.REVIEW,
        complexity=3,
        missions=1,
        steps=1,
        cost_usd=0.0,
        tokens=TokenCounts(),
        seconds=1,
        reason="so",
    )
    command.ledger.saved_nano = 7
    command.tell(finished)
    await until_saved(7)
    command.ledger.saved_nano = 8
    command.tell(BudgetRaised(at=START, scope="day", from_nano=1, cap_nano=2))
    await until_saved(8)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


def test_a_raise_is_narrated() -> None:
    day = BudgetRaised(at=START, scope="day", from_nano=5_000_000_000, cap_nano=7_000_000_000)
    told = narrate(day, UTC)
    assert told is not None
    assert told[0] == "12:00:00 war room budget: the cap of today was raised to $7.00"
    told = narrate(day.model_copy(update={"task": 4, "scope": "task"}), UTC)
    assert told is not None
    assert told[0] == "12:00:00 T4 budget: the cap of T4 was raised to $7.00"
