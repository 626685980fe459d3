"""The radar: every task is on it at every size, moves shortly when it changes lanes, and then stands still."""

import pytest
from fake_command import START, FakeCommand
from hypothesis import given, settings
from hypothesis import strategies as st
from screen_pilot import WIDE, drawn, move_out, opened, until

from agents.events import TaskStatusChanged
from agents.tasks import TaskStatus
from app.screen.chart import Motion, chart
from app.screen.lanes import LANES, lane_counts, scene
from app.screen.radar import STEPS
from app.screen.state import MissionRow, TaskRow, UnitRow, War

STATUSES = [str(status) for status in TaskStatus]


def war_of(*statuses: str, agents: int = 0) -> War:
    """A task in each of the statuses; the first `agents` running ones have an agent."""
    war = War()
    war.load([], [], [])
    for number, status in enumerate(statuses, 1):
        war.put_row(TaskRow(number, f"Title 数据 {number}", status))
    for number, row in enumerate(war.with_status("running")[:agents], 1):
        war.missions[number] = MissionRow(
            number, row.id, 1, f"Unit-{number}", "local", "m", START, checking=number % 2 == 0
        )
    return war


def plain(war: War, width: int, height: int, *, ascii_only: bool = False) -> list[str]:
    return [line.plain for line in chart(scene(war), width, height, ascii_only=ascii_only).lines]


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(0, 60), min_size=len(STATUSES), max_size=len(STATUSES)),
    agents=st.integers(0, 20),
    width=st.integers(1, 170),
    height=st.integers(0, 50),
    ascii_only=st.booleans(),
)
def test_every_war_fits_every_size(counts: list[int], agents: int, width: int, height: int, ascii_only: bool) -> None:
    war = war_of(*(status for status, n in zip(STATUSES, counts, strict=True) for _ in range(n)), agents=agents)
    for number in range(agents):
        war.put_unit(UnitRow(f"Idle-{number}", "local", ("ready", "cooling", "offline")[number % 3]))
    picture = chart(scene(war), width, height, ascii_only=ascii_only)
    assert len(picture.lines) == (height if width >= 4 else 0)
    for line in picture.lines:
        assert line.cell_length == width
    assert all(x < width and y < height for x, y in picture.places.values())
    if ascii_only:
        text = "".join(line.plain for line in picture.lines)
        assert text.translate(str.maketrans("", "", "数据…")).isascii(), "a title's own letters, and where it is cut"


@pytest.mark.parametrize(("width", "height"), [(30, 8), (41, 16)])
def test_few_tasks_are_dots_each_in_its_lane(width: int, height: int) -> None:
    war = war_of("open", "open", "queued", "running", "running", "review", "done", "failed", agents=1)
    picture = chart(scene(war), width, height)
    assert set(picture.places) == set(war.tasks)
    assert picture.scale == 1
    text = [line.plain for line in picture.lines]
    assert any("▲┄┄◐ T4" in line for line in text)
    assert any("◆ T6" in line for line in text), "who waits for you is named where there is room"
    xs = [picture.places[task][0] for task in (1, 4, 6, 7)]
    assert xs == sorted(xs)


def test_many_tasks_stay_legible() -> None:
    war = war_of(
        *["open"] * 470, *["blocked"] * 3, *["running"] * 8, *["review"] * 4, *["done"] * 9, *["failed"] * 6, agents=8
    )
    for width, height in ((30, 8), (41, 16)):
        picture = chart(scene(war), width, height)
        text = "\n".join(line.plain for line in picture.lines)
        counts = lane_counts(war)
        assert sum(counts.values()) == 500
        assert all(str(counts[lane]) in text for lane in LANES)
        assert text.count("▪") == 1, "a rare state has its own row in the crowd"
        assert "⣿" in text
        braille = sum(bin(ord(glyph) - 0x2800).count("1") for glyph in text if 0x2800 <= ord(glyph) < 0x2900)
        assert braille == -(-470 // picture.scale) + -(-3 // picture.scale)


def test_in_full_screen_tasks_and_agents_are_named() -> None:
    war = war_of("open", "running", "running", agents=2)
    war.roster.add("Hawk-4")
    war.put_unit(UnitRow("Hawk-4", "sonnet"))
    text = "\n".join(plain(war, 158, 40))
    for named in ("T1 Title 数据 1", "▲ Unit-1 ┄", "T2 Title", "▲ Hawk-4", "ready"):
        assert named in text
    checked = next(line for line in text.split("\n") if "Unit-2" in line)
    assert checked.index("◇ T3") > checked.index("┊"), "the line reaches into the lane where it is checked"
    assert "+470 more" in "\n".join(plain(war_of(*["open"] * 508), 158, 40))


def test_a_task_on_its_way_leaves_a_trail() -> None:
    war = war_of("review", agents=0)
    steps = [
        chart(scene(war), 41, 8, motions={1: Motion((0, 1), progress)}).lines[1].plain
        for progress in (1 / 3, 2 / 3, 1.0)
    ]
    reached = [line.index("◆") for line in steps]
    assert reached == sorted(set(reached))
    assert "·" in steps[0]


async def test_it_moves_shortly_and_then_stands_still() -> None:
    command = FakeCommand()
    command.put("First")
    async with opened(command, WIDE) as (app, pilot):
        app.animation_level = "full"
        radar = app.center.radar
        await until(pilot, lambda: "∘" in drawn(app) and radar.still)
        drawings: list[str] = []
        draw = radar._draw

        def noted(now: object) -> None:
            draw(now)  # type: ignore[arg-type]
            drawings.append("\n".join(line.plain for line in radar._picture.lines))

        radar._draw = noted  # type: ignore[method-assign, assignment]
        move_out(command, 1)
        await until(pilot, lambda: not radar.still)
        await until(pilot, lambda: radar.still)
        assert len(set(drawings)) == STEPS + 1, "a way, more of it, there, and the trail is gone"
        assert "▲┄┄◐ T1" in drawings[-1]
        app.animation_level = "none"
        drawings.clear()
        command.tell(TaskStatusChanged(at=START, task=1, status=TaskStatus.REVIEW))
        await until(pilot, lambda: bool(drawings))
        assert radar.still, "without animation it is there at once"
