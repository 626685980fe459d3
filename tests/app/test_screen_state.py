"""What events change in the view, without any terminal."""

from datetime import timedelta

import pytest
from fake_command import START, FakeCommand, Ledger, in_review

from agents.events import (
    AgentCooling,
    AgentHealth,
    BudgetExhausted,
    BudgetReserved,
    BudgetSpent,
    CheckFinished,
    CheckStarted,
    Event,
    MissionFinished,
    MissionStarted,
    ModelDelta,
    ModelUsage,
    TaskAssessed,
    TaskFinished,
    TaskPlanned,
    TaskPosted,
    TaskQueued,
    TaskStatusChanged,
    TokenCounts,
    ToolFinished,
    ToolOutput,
    ToolStarted,
)
from agents.tasks import Agent, Arm, Health, Outcome, TaskStatus, Usage, Variant, Way
from app.screen.board import task_line
from app.screen.chart import chart
from app.screen.lanes import lane_counts, scene
from app.screen.log_book import OUTPUT_LINES, LogBook, Record
from app.screen.missions import mission_line
from app.screen.reduce import apply
from app.screen.state import TAIL, Part, TaskRow, War
from app.screen.words import bar, count, dollars, elapsed, exit_word, span

REPO = "/home/ada/shop"


@pytest.fixture
def war() -> War:
    view = War()
    view.repositories.add(REPO)
    view.opened = True
    return view


def posted(number: int, title: str = "Add a slug helper", **changes: object) -> TaskPosted:
    return TaskPosted.model_validate(
        {"at": START, "task": number, "title": title, "priority": 5, "repo": REPO} | changes
    )


def started(number: int, mission: int = 1, agent: str = "CodeX-7") -> MissionStarted:
    return MissionStarted(
        at=START,
        task=number,
        mission=mission,
        agent=agent,
        tier="local",
        number=1,
        model="qwen",
        way=Way.LOOP,
        variant=Variant.ONCE,
        branch="warroom/T1-1",
    )


def finished(number: int, outcome: Outcome, status: TaskStatus) -> TaskFinished:
    return TaskFinished(
        at=START,
        task=number,
        tier="haiku",
        outcome=outcome,
        status=status,
        complexity=6,
        missions=1,
        steps=4,
        cost_usd=0.0012,
        tokens=TokenCounts(),
        seconds=3,
        reason="the check passes",
    )


def test_a_task_goes_from_posted_to_review(war: War) -> None:
    plan = TaskPlanned(at=START, task=1, plan=(Arm(tier="local", model="qwen", way=Way.DIRECT),))
    for event in (posted(1), TaskAssessed(at=START, task=1, complexity=6, kind="function"), plan):
        assert apply(war, event) & Part.BOARD
    assert war.tasks[1] == TaskRow(1, "Add a slug helper", complexity=6, tier="local")
    apply(war, TaskQueued(at=START, task=1))
    assert war.tasks[1].status == "queued"
    touched = apply(war, started(1))
    assert touched & Part.MISSIONS
    assert touched & Part.RADAR
    assert war.tasks[1].status == "running"
    assert war.moving
    apply(war, finished(1, Outcome.PROVEN, TaskStatus.REVIEW))
    row = war.tasks[1]
    assert (row.status, row.outcome, row.tier, row.cost_nano) == ("review", "proven", "haiku", 1_200_000)
    assert war.need_person() == [row]
    assert not war.missions


def test_tasks_of_other_repositories_stay_off_this_board(war: War) -> None:
    assert apply(war, posted(7, repo="/somewhere/else")) is Part.NONE
    assert apply(war, TaskStatusChanged(at=START, task=7, status=TaskStatus.RUNNING)) is Part.NONE
    assert apply(war, started(7)) is Part.NONE
    assert not war.tasks
    assert not war.missions
    spent = BudgetSpent(at=START, task=7, call=1, amount_nano=5, today_nano=900, cap_nano=1000)
    assert apply(war, spent) & Part.CREDITS, "the money is everybody's"
    assert war.burn.spent_nano == 900


def test_unknown_event_types_change_nothing(war: War) -> None:
    assert apply(war, Event(type="weather.changed", at=START)) is Part.NONE


def test_events_without_the_ids_they_should_have_do_no_harm(war: War) -> None:
    apply(war, posted(1))
    bare = (
        MissionFinished(at=START, outcome=Outcome.FAILED, reason="", steps=0, seconds=0),
        AgentHealth(at=START, health=Health.STUCK),
        AgentCooling(at=START, seconds=1),
        AgentCooling(at=START, agent="Viper-2", seconds=float("inf")),
        AgentCooling(at=START, agent="Viper-2", seconds=float("nan")),
        ModelDelta(at=START, text="x"),
        ToolOutput(at=START, call=1, text="x\n"),
        started(1).model_copy(update={"mission": None}),
    )
    for event in bare:
        apply(war, event)
    assert not war.missions


def test_health_follows_the_mission_and_the_agent(war: War) -> None:
    apply(war, posted(1))
    apply(war, started(1))
    stuck = AgentHealth(
        at=START,
        task=1,
        mission=1,
        agent="CodeX-7",
        tier="local",
        health=Health.STUCK,
        step=4,
        max_steps=25,
        note="loop",
    )
    apply(war, stuck)
    assert (war.missions[1].health, war.missions[1].step, war.missions[1].note) == ("stuck", 4, "loop")
    assert (war.units["CodeX-7"].health, war.units["CodeX-7"].task) == ("stuck", 1)
    line = mission_line(war.missions[1], "Add a slug helper", 110, START + timedelta(seconds=31)).plain
    assert "■ CodeX-7" in line
    assert "STUCK" in line
    assert "step 4/25" in line
    assert line.rstrip().endswith("0:31")
    apply(war, AgentCooling(at=START, agent="CodeX-7", tier="local", seconds=3))
    unit = war.units["CodeX-7"]
    assert (unit.health, unit.task) == ("cooling", None)
    assert unit.cooling_until == START + timedelta(seconds=3)


def health(agent: str, health: Health, task: int | None = 1) -> AgentHealth:
    return AgentHealth(at=START, task=task, agent=agent, tier="remote", health=health)


def test_agents_of_other_war_rooms_are_there_while_they_work(war: War) -> None:
    war.load([], [Agent(callsign="CodeX-7", tier="local")], [])
    apply(war, posted(1))
    apply(war, health("Remote-1", Health.WORKING))
    apply(war, health("CodeX-7", Health.WORKING, 99))
    assert {unit.callsign: unit.task for unit in war.units.values()} == {"CodeX-7": 99, "Remote-1": 1}
    apply(war, AgentCooling(at=START, agent="Remote-1", tier="remote", seconds=3))
    assert war.units["Remote-1"].health == "cooling"
    apply(war, health("Remote-1", Health.READY, None))
    apply(war, health("CodeX-7", Health.READY, None))
    assert {unit.callsign: unit.health for unit in war.units.values()} == {"CodeX-7": "ready"}


@pytest.mark.parametrize("task", [1, 99])
def test_the_agent_of_a_dead_process_is_free_when_its_mission_is_ended_for_it(task: int, war: War) -> None:
    war.load([], [Agent(callsign="CodeX-7", tier="local")], [])
    apply(war, posted(1))
    for agent in ("CodeX-7", "Remote-1"):
        apply(war, health(agent, Health.WORKING, task))
        ended = MissionFinished(
            at=START,
            task=task,
            mission=7,
            agent=agent,
            outcome=Outcome.FAILED,
            reason="interrupted",
            steps=0,
            seconds=0,
        )
        assert apply(war, ended) & Part.ROSTER
    assert [(unit.callsign, unit.health) for unit in war.units.values()] == [("CodeX-7", "ready")]
    assert war.log.total == (2 if task == 1 else 0), "what happens in other repositories is not told here"


def test_a_task_that_is_tried_again_has_no_outcome(war: War) -> None:
    apply(war, posted(1))
    apply(war, finished(1, Outcome.FAILED, TaskStatus.NEEDS_HUMAN))
    apply(war, TaskStatusChanged(at=START, task=1, status=TaskStatus.OPEN, reason="rejected"))
    assert war.tasks[1].outcome == ""
    apply(war, finished(1, Outcome.FAILED, TaskStatus.OPEN))
    assert war.tasks[1].outcome == "", "its surroundings failed, not the task"


def test_the_radar_moves_a_task_over_its_lanes(war: War) -> None:
    def lane() -> str:
        return next(name for name, number in lane_counts(war).items() if number)

    apply(war, posted(1))
    assert lane() == "BOARD"
    apply(war, started(1))
    assert lane() == "FIELD"
    assert "▲┄┄◐ T1" in "\n".join(line.plain for line in chart(scene(war), 40, 12).lines)
    assert "A--* T1" in "\n".join(line.plain for line in chart(scene(war), 40, 12, ascii_only=True).lines)
    apply(war, CheckStarted(at=START, task=1, mission=1, command="pytest", commit="a", on="result"))
    assert lane() == "CHECK"
    apply(
        war,
        CheckFinished(at=START, task=1, mission=1, command="pytest", commit="a", on="result", exit_code=0, seconds=1),
    )
    apply(war, finished(1, Outcome.PROVEN, TaskStatus.REVIEW))
    assert lane() == "CHECK", "a result waits there for the person"
    apply(war, TaskStatusChanged(at=START, task=1, status=TaskStatus.DONE))
    assert lane() == "DONE"


def test_the_ascii_radar_and_board_are_ascii(war: War) -> None:
    for number, status in enumerate(TaskStatus, 1):
        apply(war, posted(number))
        apply(war, TaskStatusChanged(at=START, task=number, status=status))
    drawn = "\n".join(line.plain for line in chart(scene(war), 40, 12, ascii_only=True).lines)
    rows = "\n".join(task_line(row, 100, here=True, ascii_only=True).plain for row in war.board())
    assert (drawn + rows).isascii()


def test_the_board_puts_what_lives_first(war: War) -> None:
    for number, priority in ((1, 5), (2, 9), (3, 5), (4, 9)):
        apply(war, posted(number, priority=priority))
    apply(war, TaskStatusChanged(at=START, task=2, status=TaskStatus.DONE))
    apply(war, TaskStatusChanged(at=START, task=1, status=TaskStatus.FAILED))
    assert [row.id for row in war.board()] == [4, 3, 2, 1]


def test_money_reserved_then_spent(war: War) -> None:
    war.burn.read(Ledger(spent_nano=100, cap_nano=1000))
    apply(war, BudgetReserved(at=START, call=1, amount_nano=50))
    assert war.burn.reserved_nano == 50
    apply(war, BudgetSpent(at=START, call=1, amount_nano=20, today_nano=120, cap_nano=1000))
    assert (war.burn.reserved_nano, war.burn.spent_nano) == (0, 120)
    apply(war, BudgetExhausted(at=START, scope="task", needed_nano=1, cap_nano=1))
    assert not war.burn.halted, "one task's cap does not stop the day"
    apply(war, BudgetExhausted(at=START, scope="day", needed_nano=1, cap_nano=1))
    assert war.burn.halted


def test_rates_are_those_of_the_last_ten_minutes(war: War) -> None:
    apply(war, posted(1))
    apply(war, started(1))

    def use(minute: int, cost: int | None) -> None:
        at = START + timedelta(minutes=minute)
        usage = Usage(input=900, output=100)
        apply(war, ModelUsage(at=at, task=1, mission=1, model="m", call=1, usage=usage, cost_nano=cost, seconds=1))

    use(0, 1_000_000_000)
    use(20, 10_000_000)
    use(22, 10_000_000)
    now = START + timedelta(minutes=24)
    assert war.burn.nano_per_hour(now) == 300_000_000
    assert war.burn.tokens_per_minute(now) == 500
    spark = war.burn.spark(now, 10)
    assert len(spark) == 10
    assert spark.count("█") == 2
    assert war.missions[1].cost_nano == 1_020_000_000
    use(23, None)
    assert war.missions[1].cost_nano is None
    assert war.burn.unknown_calls == 1


def call(number: int = 1, mission: int = 1, agent: str = "CodeX-7") -> tuple[ToolStarted, ToolFinished]:
    begun = ToolStarted(
        at=START, task=1, mission=mission, agent=agent, call=number, tool="shell_run", summary="pytest -q"
    )
    ended = ToolFinished(
        at=START,
        task=1,
        mission=mission,
        agent=agent,
        call=number,
        tool="shell_run",
        ok=False,
        summary="exit 1",
        seconds=1.3,
        exit_code=1,
    )
    return begun, ended


def texts(log: LogBook) -> list[str]:
    return [f"{record.mark} {record.text}" for record in log]


def test_a_call_is_one_line_when_nothing_came_between(war: War) -> None:
    apply(war, posted(1))
    for event in call():
        apply(war, event)
    assert texts(war.log) == ["✗ exit 1"]


def test_streamed_output_stands_between_a_call_and_its_result(war: War) -> None:
    apply(war, posted(1))
    begun, ended = call()
    apply(war, begun)
    for piece in ("coll", "ected 3\n\x1b[31m..", "F\nend"):
        apply(war, ToolOutput(at=START, task=1, mission=1, agent="CodeX-7", call=1, text=piece))
    apply(war, ended)
    assert texts(war.log) == ["· pytest -q", "│ collected 3", "│ ..F", "│ end", "✗ exit 1"]


def test_calls_of_several_agents_do_not_mix(war: War) -> None:
    apply(war, posted(1))
    first, first_end = call(1, 1)
    second, second_end = call(1, 2, "Viper-2")
    for event in (first, second, first_end, second_end):
        apply(war, event)
    assert [(record.who, record.mark) for record in war.log] == [
        ("CodeX-7", "·"),
        ("Viper-2", "·"),
        ("CodeX-7", "✗"),
        ("Viper-2", "✗"),
    ]


def test_endless_output_is_bounded(war: War) -> None:
    apply(war, posted(1))
    begun, ended = call()
    apply(war, begun)
    for _ in range(20):
        apply(war, ToolOutput(at=START, task=1, mission=1, agent="CodeX-7", call=1, text="y\n" * 5_000))
    apply(war, ToolOutput(at=START, task=1, mission=1, agent="CodeX-7", call=1, text="z" * 1_000_000))
    apply(war, ended)
    assert len(war.log) == OUTPUT_LINES + 3
    assert any("more lines" in text for text in texts(war.log))


def test_the_book_forgets_its_oldest_and_counts_them_all() -> None:
    log = LogBook(capacity=10)
    for number in range(25):
        log.write(Record(START, "x", " ", "", str(number)))
    assert (len(log), log.total) == (10, 25)
    assert [record.text for record in log.newest(3)] == ["22", "23", "24"]


def test_what_a_model_says_is_kept_by_its_tail(war: War) -> None:
    apply(war, posted(1))
    for number in range(60):
        apply(war, ModelDelta(at=START, task=1, mission=number, text="word " * 5_000))
    assert all(len(tail) <= TAIL for tail in war.tails.values())
    assert len(war.tails) <= 16


async def test_stored_state_becomes_rows(war: War) -> None:
    command = FakeCommand()
    in_review(command, "Fix \x1b[31mCSV\x1b[0m\nquoting")
    war.load(await command.tasks(), command.agents(), [])
    assert war.tasks[1].title == "Fix CSV quoting"
    assert set(war.units) == {"CodeX-7", "Viper-2"}


def test_wide_letters_take_two_cells_and_rows_still_end_together() -> None:
    rows = [TaskRow(1, "数据库迁移" * 20), TaskRow(2, "plain"), TaskRow(3, "🚀 launch " * 30, status="needs_human")]
    for width in (20, 40, 56, 66, 76, 120):
        assert {task_line(row, width, here=True).cell_length for row in rows} <= set(range(width - 1, width + 1))


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (None, "n/a"),
        (0, "$0.00"),
        (1, "<$0.0001"),
        (1_200_000, "$0.0012"),
        (420_000_000, "$0.42"),
        (5_000_000_000, "$5.00"),
        (12_345_600_000, "$12.35"),
    ],
)
def test_dollars(nano: int | None, text: str) -> None:
    assert dollars(nano) == text


def test_figures() -> None:
    assert [elapsed(31), elapsed(725), elapsed(3_729), elapsed(-5)] == ["0:31", "12:05", "1:02:09", "0:00"]
    assert [span(0.012), span(1.3), span(125)] == ["12 ms", "1.3 s", "2:05"]
    assert [count(640), count(11_800), count(2_100_000)] == ["640", "11.8K", "2.1M"]
    assert [bar(0, 4), bar(0.01, 4), bar(0.5, 4), bar(7, 4), bar(0.5, 4, ascii_only=True)] == [
        "▱▱▱▱",
        "▰▱▱▱",
        "▰▰▱▱",
        "▰▰▰▰",
        "##--",
    ]
    assert [exit_word(0), exit_word(2), exit_word(None)] == ["exit 0", "exit 2", "timed out"]
