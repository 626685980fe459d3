"""Money on the screen: what was saved is an estimate and says so, and a raised cap is there at once."""

import asyncio
from datetime import UTC, timedelta

from fake_command import START, FakeCommand, FixedClock, Ledger
from screen_pilot import WIDE, until
from screen_pilot import opened as screen

from agents.events import BudgetExhausted, BudgetRaised, BudgetSpent, TaskFinished, TokenCounts
from agents.tasks import Outcome, TaskStatus
from app.commands.narration import narrate
from app.screen.bridge import Bridge
from app.screen.credits import TICKS, SideLine, credit_lines, side_line
from app.screen.reduce import apply
from app.screen.state import Part, War


def opened(ledger: Ledger) -> War:
    war = War()
    war.opened = True
    war.burn.read(ledger)
    return war


def shown(war: War, width: int) -> list[str]:
    return [line.plain for line in credit_lines(war, FixedClock(), width, zone=UTC)]


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


def test_when_the_cap_is_hit_is_foretold_for_today_only() -> None:
    war = opened(Ledger(spent_nano=4_000_000_000, cap_nano=5_000_000_000))
    assert war.burn.halts_at(START) is None
    war.burn.measure(START - timedelta(minutes=1), 900, 10_000_000)
    assert war.burn.nano_per_hour(START) == 600_000_000
    assert war.burn.halts_at(START) == START + timedelta(minutes=100)
    assert "halts ~13:40, in 1 h 40 min" in shown(war, 40)
    assert war.burn.halts_at(START.replace(hour=23)) is None, "the money of the next day is fresh"
    assert "the cap lasts the day" not in shown(opened(Ledger()), 40), "nothing is spent at all"
    war.burn.read(Ledger(spent_nano=5_000_000_000, cap_nano=5_000_000_000))
    assert war.burn.halts_at(START) is None
    lines = shown(war, 40)
    assert lines[0].startswith("$5.00 / $5.00")
    assert lines[0].endswith("HALTED")
    assert "ctrl+b raises today's cap" in lines


def test_with_more_rows_the_bars_are_taller() -> None:
    war = opened(Ledger())
    for minute, tokens in ((8.5, 100), (5, 400), (1, 800)):
        war.burn.measure(START - timedelta(minutes=minute), tokens, 0)
    assert war.burn.spark(START, 10) == "▁▂▁▁▁▅▁▁▁█"
    assert war.burn.bars(START, 10, 2) == ["     ▁   █", "▁▃▁▁▁█▁▁▁█"]
    assert war.burn.bars(START, 10, 2, ascii_only=True) == ["     _   #", "_-___#___#"]
    assert [len(credit_lines(war, FixedClock(), 40, height=rows)) for rows in (0, 4, 9, 30)] == [4, 4, 9, 11]


def test_one_line_of_radar_and_credits_is_never_cut() -> None:
    war = opened(Ledger(saved_nano=3_100_000_000))
    war.burn.measure(START, 900, 10_000_000)
    for width in range(48, 140):
        line = side_line(war, FixedClock(), width).plain
        assert len(line) <= width
        assert "…" not in line
    assert side_line(war, FixedClock(), 140).plain.endswith("tok/min  saved est. $3.10")


async def test_the_counter_runs_in_and_stops() -> None:
    command = FakeCommand()
    command.put("First")
    async with screen(command, WIDE) as (app, pilot):
        app.animation_level = "full"
        seen_figures: list[str] = []
        draw = app.center.credits._draw

        def noted() -> None:
            draw()
            seen_figures.append(app.center.credits.line(0, 40).plain.split(" ")[0])

        app.center.credits._draw = noted  # type: ignore[method-assign]
        command.ledger.spent_nano = 920_000_000
        command.tell(BudgetSpent(at=START, call=1, amount_nano=1, today_nano=920_000_000, cap_nano=5_000_000_000))
        await until(pilot, lambda: "$0.92" in seen_figures)
        await until(pilot, lambda: app.center.credits.still)
        amounts = [float(figure[1:]) for figure in seen_figures]
        assert amounts == sorted(amounts)
        assert len(set(amounts)) == TICKS + 1
        app.animation_level = "none"
        command.tell(BudgetSpent(at=START, call=2, amount_nano=1, today_nano=930_000_000, cap_nano=5_000_000_000))
        command.ledger.spent_nano = 930_000_000
        await until(pilot, lambda: seen_figures[-1] == "$0.93")
        assert app.center.credits.still


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
