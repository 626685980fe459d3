"""What a line says of where a task or a mission stands: silence, reasons, cost so far."""

from datetime import timedelta

from fake_command import START, FakeCommand, Ledger
from screen_pilot import FIELD

from agents.events import (
    AgentHealth,
    BudgetExhausted,
    ModelStarted,
    ModelUsage,
    TaskPosted,
    TaskStatusChanged,
    ToolStarted,
)
from agents.tasks import Health, TaskStatus, Usage
from app.screen.board import task_line
from app.screen.chart import chart
from app.screen.lanes import scene
from app.screen.missions import SILENT_S, mission_line
from app.screen.reduce import apply
from app.screen.state import MissionRow, TaskRow, War


def in_the_field() -> War:
    command = FakeCommand()
    command.put("Fix CSV quoting", TaskStatus.RUNNING)
    war = War()
    war.load(command.board.values(), command.roster, [])
    war.missions[1] = MissionRow(1, 1, 1, "CodeX-7", "local", "qwen", START)
    return war


def shown(war: War, after_s: float) -> str:
    return mission_line(war.missions[1], "Fix CSV quoting", 118, START + timedelta(seconds=after_s)).plain


def used(cost_nano: int | None) -> ModelUsage:
    return ModelUsage(task=1, call=1, model="qwen", usage=Usage(input=9), cost_nano=cost_nano, seconds=1, **FIELD)


def test_a_mission_that_gives_no_sign_of_life_says_for_how_long() -> None:
    war = in_the_field()
    apply(war, ModelStarted(task=1, call=1, model="qwen:7b", **FIELD))
    assert "asks qwen:7b" in shown(war, SILENT_S - 1)
    assert "silent" not in shown(war, SILENT_S - 1)
    assert f"T1 silent 0:{SILENT_S + 5}  Fix CSV" in shown(war, SILENT_S + 5)
    later = FIELD | {"at": START + timedelta(seconds=SILENT_S)}
    apply(war, ToolStarted(task=1, call=1, tool="shell_run", summary="pytest", **later))
    assert "silent" not in shown(war, SILENT_S + 5)


def test_the_step_stays_when_a_sign_of_life_names_none() -> None:
    war = in_the_field()
    apply(war, AgentHealth(task=1, health=Health.WORKING, step=4, max_steps=25, **FIELD))
    apply(war, AgentHealth(task=1, health=Health.STUCK, note="loop ×3", **FIELD))
    assert "step 4/25" in shown(war, 0)
    assert "STUCK" in shown(war, 0)


def test_the_steps_are_seen_at_120_columns() -> None:
    war = in_the_field()
    apply(war, AgentHealth(task=1, health=Health.WORKING, step=4, max_steps=25, **FIELD))
    assert "step 4/25" in mission_line(war.missions[1], "Fix CSV quoting", 74, START).plain


def test_what_a_task_cost_so_far_is_counted_and_unknown_stays_unknown() -> None:
    war = in_the_field()
    assert "free" not in task_line(war.tasks[1], 90, here=False).plain, "nothing was done yet"
    apply(war, used(2_000_000))
    apply(war, used(3_000_000))
    assert (war.tasks[1].cost_nano, war.missions[1].cost_nano) == (5_000_000, 5_000_000)
    assert "$0.0050" in task_line(war.tasks[1], 90, here=False).plain
    apply(war, used(None))
    apply(war, used(1))
    assert war.tasks[1].cost_nano is None
    assert "n/a" in task_line(war.tasks[1], 90, here=False).plain


def test_free_is_said_only_where_nothing_is_paid() -> None:
    row = TaskRow(1, "Fix CSV", "needs_human", tier="haiku")
    assert "$0.00" in task_line(row, 90, here=False, paid=True).plain
    assert "free" in task_line(row, 90, here=False).plain
    mission = MissionRow(1, 1, 1, "Viper-2", "haiku", "claude", START)
    assert "free" not in mission_line(mission, "Fix CSV", 118, START, paid=True).plain


def test_a_halt_outlasts_the_next_look_at_the_ledger_and_ends_with_its_day_or_cap() -> None:
    def halted_after(next_look: Ledger) -> bool:
        war = War()
        war.opened = True
        war.burn.read(Ledger(spent_nano=400, cap_nano=500))
        apply(war, BudgetExhausted(at=START, scope="day", needed_nano=200, cap_nano=500))
        war.burn.read(next_look)
        return war.burn.halted

    assert halted_after(Ledger(spent_nano=400, cap_nano=500)), "below the cap, but nothing fits any more"
    assert not halted_after(Ledger(spent_nano=0, cap_nano=500)), "a new day"
    assert not halted_after(Ledger(spent_nano=400, cap_nano=900)), "the cap was raised"


def test_why_a_task_needs_somebody_stands_beside_it() -> None:
    for status, said in (("open", True), ("failed", True), ("needs_human", True), ("review", False), ("done", False)):
        row = TaskRow(1, "Fix CSV", status, reason="Ollama does not answer")
        assert ("Fix CSV  Ollama does" in task_line(row, 90, here=False).plain) is said


def test_the_board_is_sorted_anew_whenever_a_row_changes() -> None:
    war = War()
    war.load([], [], [])
    for number in (1, 2, 3):
        apply(war, TaskPosted(at=START, task=number, title=f"Task {number}", priority=number))
    assert [row.id for row in war.board()] == [3, 2, 1]
    apply(war, TaskStatusChanged(at=START, task=3, status=TaskStatus.DONE))
    assert [row.id for row in war.board()] == [2, 1, 3]
    apply(war, TaskPosted(at=START, task=1, title="Task 1", priority=9))
    assert [row.id for row in war.board()] == [1, 2, 3]


def test_long_ids_and_many_tasks_keep_the_columns_apart() -> None:
    narrow, wide = (TaskRow(number, "Fix CSV") for number in (7, 12_345))
    width = len("T12345 ")
    at = {task_line(row, 90, here=False, label_width=width).plain.index("C1") for row in (narrow, wide)}
    assert len(at) == 1
    war = War()
    war.load([], [], [])
    for number in range(1, 1_201):
        war.put_row(TaskRow(number, "Fix CSV"))
    lines = [line.plain.split() for line in chart(scene(war), 33, 12).lines]
    assert lines[0] == ["BOARD", "┊FIELD", "┊CHECK", "┊DONE"]
    assert lines[1] == ["1200", "┊0", "┊0", "┊0"]
