"""Board and log as a person works with them: filter, order, selection, output one level down, copying."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from fake_command import START, FakeCommand, in_review
from hypothesis import given
from hypothesis import strategies as st
from screen_pilot import FIELD, NORMAL, WIDE, drawn, opened, seen, until
from textual.content import Content

from agents.events import TaskStatusChanged, ToolFinished, ToolOutput, ToolStarted
from agents.tasks import Arm, TaskStatus, Way
from app.screen.clipboard import into_tmux, osc52
from app.screen.folding import fold
from app.screen.heights import Heights
from app.screen.output_screen import OutputScreen
from app.screen.pager import NoPager, pager, whole
from app.screen.roll import Roll
from app.screen.state import TaskRow


def three(command: FakeCommand) -> None:
    arm = Arm(tier="haiku", model="h", way=Way.LOOP, p=0.84, cost_usd=0.002)
    command.put("Add a slug helper", priority=8)
    command.put("Paginate orders", complexity=7, plan=(arm,))
    command.put("Split billing", complexity=9, priority=2)


def call(command: FakeCommand, number: int, tool: str = "shell_run", *, ok: bool = True, said: str = "") -> None:
    command.tell(ToolStarted(task=1, call=number, tool=tool, summary=f"do {number}", **FIELD))
    if said:
        command.tell(ToolOutput(task=1, call=number, text=said, **FIELD))
    command.tell(ToolFinished(task=1, call=number, tool=tool, ok=ok, summary=f"did {number}", seconds=1, **FIELD))


async def test_the_board_is_filtered_as_one_types_and_sorted() -> None:
    command = FakeCommand()
    three(command)
    async with opened(command, WIDE) as (app, pilot):
        await seen(pilot, "haiku", ".84 ~$0.0020")
        await pilot.press("slash", *"pag")
        await seen(pilot, "1 of 3 fit")
        assert "Split billing" not in drawn(app)
        await pilot.press("escape")
        await seen(pilot, "Split billing")
        await pilot.press("slash", *"nothing", "enter")
        await seen(pilot, "No task fits the filter. Esc clears it.")
        await pilot.press("escape", "C")
        await seen(pilot, "by complexity ▲")
        board = app.center.board
        assert [board._roll.at(place) for place in range(3)] == [3, 2, 1]
        await pilot.press("C", "C")
        assert [board._roll.at(place) for place in range(3)] == [1, 2, 3]


async def test_one_key_is_about_all_that_are_selected() -> None:
    command = FakeCommand()
    three(command)
    in_review(command)
    async with opened(command, WIDE) as (app, pilot):
        await pilot.press("g", "space", "j", "V")
        await seen(pilot, "3 selected")
        await pilot.press("asterisk", "d")
        await seen(pilot, "3 tasks dispatched. 1 not: T4 is in review")
        assert [order for order in command.orders if order[0] == "dispatch"] == [
            ("dispatch", 1),
            ("dispatch", 2),
            ("dispatch", 3),
        ]
        assert list(app.center.board.marks) == [4], "what could not be done stays selected"
        await pilot.press("escape", "g", "plus")
        await until(pilot, lambda: any(order[0] == "edit" for order in command.orders))


async def test_ten_thousand_rows_are_kept_in_order_without_sorting_them() -> None:
    command = FakeCommand()
    for number in range(1_000):
        command.put(f"Task {number}", priority=number % 10 + 1)
    async with opened(command, NORMAL) as (app, pilot):
        await pilot.press("G", "k", "enter", "escape")
        here = app.center.board.selected_id
        command.tell(TaskStatusChanged(at=START, task=5, status=TaskStatus.DONE))
        await until(pilot, lambda: app.center.board._roll.index(5) == 999)
        assert app.center.board.selected_id == here


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(1, 5), st.booleans())), st.booleans())
def test_a_roll_is_what_sorting_would_give(puts: list[tuple[int, int, bool]], backwards: bool) -> None:
    roll = Roll(lambda row: (row.priority,), lambda row: row.paused, backwards=backwards)
    rows: dict[int, TaskRow] = {}
    for number, priority, wanted in puts:
        rows[number] = TaskRow(number, "x", priority=priority, paused=wanted)
        roll.put(rows[number])
    there = sorted((row for row in rows.values() if row.paused), key=lambda row: (row.priority, row.id))
    expected = [row.id for row in (reversed(there) if backwards else there)]
    assert list(roll) == expected
    assert [roll.index(number) for number in expected] == list(range(len(expected)))


@given(st.lists(st.integers(1, 5), max_size=30), st.integers(0, 40))
def test_heights_find_the_record_of_every_line(sizes: list[int], fallen: int) -> None:
    heights = Heights(sizes)
    heights.fall(fallen)
    left = sizes[fallen:]
    assert heights.lines == sum(left)
    places = [(entry, part) for entry, size in enumerate(left) for part in range(size)]
    assert [heights.find(line) for line in range(heights.lines)] == places


@given(st.text(max_size=200), st.integers(2, 40))
def test_a_folded_line_loses_no_letter_and_fits(text: str, width: int) -> None:
    line = Content("".join(char for char in text if char.isprintable()))
    pieces = fold(line, width)
    assert all(piece.cell_length <= width for piece in pieces)
    assert "".join(piece.plain for piece in pieces).replace(" ", "") == line.plain.replace(" ", "").strip()


async def test_the_log_is_filtered_searched_paused_and_opened() -> None:
    command = FakeCommand()
    command.put("First")
    async with opened(command, WIDE) as (app, pilot):
        call(command, 1, "file_read")
        call(command, 2, ok=False, said="collected 3\n1 failed\n")
        await seen(pilot, "did 2  › 1 failed")
        await pilot.press("3", "ampersand", *"result:failed", "enter")
        await until(pilot, lambda: "file_read" not in drawn(app))
        await pilot.press("escape")
        await seen(pilot, "file_read")
        await pilot.press("space")
        call(command, 3)
        await seen(pilot, "paused, 1 more")
        await pilot.press("space")
        await seen(pilot, "did 3")
        await pilot.press("slash", *"did", "space", "2", "enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, OutputScreen))
        await seen(pilot, "collected 3", "1 failed", "OUTPUT  2 lines")
        await pilot.press("escape")
        assert app.screen is app.center
        await pilot.press("escape", "T", "W")
        await seen(pilot, "did 3")


async def test_copied_text_is_in_a_file_that_is_told(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path))
    command = FakeCommand()
    three(command)
    async with opened(command, WIDE) as (_, pilot):
        await pilot.press("y")
        await seen(pilot, "copied:", "clipboard.txt")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed: apt install tmux")
async def test_in_tmux_copied_text_is_in_its_buffer(tmp_path: Path) -> None:
    environ = {**os.environ, "TMUX": "", "TMUX_TMPDIR": str(tmp_path)}

    def tmux(*words: str) -> str:
        run = subprocess.run(
            ["tmux", "-f", "/dev/null", *words], env=environ, capture_output=True, text=True, check=True
        )
        return run.stdout

    tmux("new-session", "-d", "sleep 60")
    try:
        inside = {**environ, "TMUX": tmux("display-message", "-p", "#{socket_path},#{pid},0").strip()}
        assert await into_tmux("two\nlines ✓", inside)
        assert tmux("show-buffer") == "two\nlines ✓"
    finally:
        tmux("kill-server")
    assert not await into_tmux("nobody is there", inside)


def test_the_sequence_passes_through_tmux_and_screen() -> None:
    assert osc52("a-b", {}) == "\x1b]52;c;YS1i\x07"
    assert osc52("a-b", {"TMUX": "x"}) == "\x1bPtmux;\x1b\x1b]52;c;YS1i\x07\x1b\\"
    assert osc52("a-b", {"STY": "x"}).startswith("\x1bP\x1b]52")


def test_a_pager_that_is_none_is_said_and_a_log_file_is_made_harmless(tmp_path: object) -> None:
    for wrong in ("no-such-pager -R", "'"):
        with pytest.raises(NoPager, match="PAGER is"):
            pager({"PAGER": wrong, "PATH": "/bin:/usr/bin"})
    log = f"{tmp_path}/shell-1.log"
    with open(log, "wb") as file:
        file.write(b"\x1b]52;c;aGk=\x07red\xff\x9b31m\n")
    assert "\x1b" not in whole("", log)
    assert whole("kept", f"{tmp_path}/none") == "kept"
