"""A walk through sizes, down to one cell and back: nothing crashes, nothing is cut, nobody loses their place."""

from fake_command import FakeCommand, in_review
from screen_pilot import FIELD, drawn, move_out, opened, strips, until

from agents.events import ToolFinished

WALK = ((100, 30), (60, 20), (59, 19), (1, 1), (3, 200), (200, 2), (220, 60), (80, 24), (160, 48))


async def test_a_walk_through_sizes_keeps_selection_and_scroll() -> None:
    command = FakeCommand()
    for number in range(1, 81):
        command.put(f"Bounty {number}")
    in_review(command)
    async with opened(command, (160, 48)) as (app, pilot):
        center, log = app.center, app.center.log_pane
        move_out(command, 1)
        done = {"task": 1, "tool": "file_read", "ok": True, "seconds": 0.0, **FIELD}
        for number in range(300):
            command.tell(ToolFinished.model_validate({**done, "call": number, "summary": f"line {number}"}))
        await until(pilot, lambda: len(app.war.log) > 300)
        log.action_page(-5)
        center.board.move_to(50)
        selected, top = center.board.selected_id, log.scroll_offset.y
        assert not log.follow
        for width, height in WALK:
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            lines = strips(app)
            assert len(lines) == height
            assert all(line.cell_length == width for line in lines)
            if width >= 60 and height >= 20:
                text = drawn(app)
                assert "WAR ROOM" in text
                assert "NEEDS YOU" in text
                assert f"▸ T{selected}" in text
        assert center.board.selected_id == selected
        assert (log.scroll_offset.y, log.follow) == (top, False)


async def test_every_pane_alone_survives_one_cell() -> None:
    command = FakeCommand()
    command.put("First")
    async with opened(command, (60, 20)) as (app, pilot):
        move_out(command, 1)
        for name in ("board", "missions", "log", "radar", "credits", "barracks"):
            app.center.action_pane(name)
            await pilot.resize_terminal(1, 1)
            await pilot.resize_terminal(60, 20)
            await until(pilot, lambda: "WAR ROOM" in drawn(app))
