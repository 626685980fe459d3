"""Leaving with missions under way: a person chooses what becomes of them."""

import pytest
from fake_command import FakeCommand
from screen_pilot import WIDE, drawn, move_out, opened, seen, until
from textual.pilot import Pilot

from app.screen.application import WarRoom


async def leaving(app: WarRoom, pilot: Pilot[int], command: FakeCommand, *, alone: bool) -> None:
    app.can_work_alone = alone
    move_out(command, 1)
    await seen(pilot, "moves out")
    await pilot.press("q")
    await seen(pilot, "Leave the War Room?", "1 mission is in the field", "stop and save", "abort", "stay")


@pytest.mark.parametrize(
    ("key", "alone", "cancelled"), [("k", True, 0), ("s", False, 0), ("y", False, 0), ("x", False, 1)]
)
async def test_every_way_out(key: str, alone: bool, cancelled: int) -> None:
    command = FakeCommand()
    command.put("First [/b]")
    async with opened(command, WIDE) as (app, pilot):
        await leaving(app, pilot, command, alone=True)
        await pilot.press(key)
        await until(pilot, lambda: app.return_code is not None)
    assert (app.return_code, app.works_alone) == (0, alone)
    assert command.orders == [("cancel", 1)] * cancelled


async def test_staying_is_the_default_and_enter_and_ctrl_c_do_nothing() -> None:
    command = FakeCommand()
    command.put("First")
    async with opened(command, WIDE) as (app, pilot):
        await leaving(app, pilot, command, alone=False)
        assert "keep running" not in drawn(app), "the engine cannot do without a screen here"
        await pilot.press("enter", "k", "ctrl+c")
        assert "Leave the War Room?" in drawn(app)
        await pilot.press("n")
        await until(pilot, lambda: app.screen is app.center)
        assert command.orders == []
        assert app.is_running
