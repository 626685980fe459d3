"""What an empty board teaches, and what the new task dialog tells while a person types."""

import asyncio
from pathlib import Path

import pytest
from fake_command import FakeCommand
from screen_pilot import NORMAL, WIDE, drawn, opened, seen, until
from textual.widgets import Input

from agents.settings import Settings
from app.commands.diagnosis import Finding
from app.screen.columns import joined
from app.screen.estimate import Estimate, Estimator, Wording, estimate_lines
from app.screen.first_run import welcome
from app.screen.new_task import NewTaskDialog

HOSTILE = "[/foo] \x1b]52;c;eA==\x07 [@click=app.quit]x[/]"


async def test_an_empty_board_says_what_to_press_and_what_is_missing() -> None:
    command = FakeCommand(settings=Settings(keys={"new": "ctrl+n"}))
    async with opened(command, NORMAL) as (app, pilot):
        await seen(pilot, "1  Press ctrl+n", "2  Press d", "3  Press a")
        app.examined(
            [
                Finding(
                    name="tier local", status="warn", detail=f"no server {HOSTILE}", fix="Start it (`ollama serve`)."
                ),
                Finding(
                    name="models", status="fail", detail="no tier can be used", fix="Start Ollama and pull a model"
                ),
            ]
        )
        await pilot.press("z")
        await seen(pilot, "▲ tier local: no server [/foo]", "Start it (`ollama serve`).", "✖ models")
        assert "\x1b" not in drawn(app)
        command.put("First")


@pytest.mark.parametrize("plain", [False, True])
def test_the_first_lines_fit_and_are_ascii_where_asked(plain: bool) -> None:
    lines = welcome({}, None, ascii_only=True, plain=plain)
    text = "\n".join(line.plain for line in lines)
    assert ("bounties" in text) is not plain
    assert all(line.cell_length <= 96 for line in lines)
    assert "Looking for models" in text


async def test_the_assessment_is_told_while_a_person_types() -> None:
    asked: list[Wording] = []
    gate = asyncio.Event()

    async def estimated(wording: Wording) -> Estimate:
        asked.append(wording)
        await gate.wait()
        return Estimate(len(asked) + 2, "feature", (f"names {HOSTILE}",), (), "no tier can be reached")

    async with opened(FakeCommand(), WIDE) as (app, pilot):
        app.orders.estimated = estimated
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NewTaskDialog))
        await pilot.press(*"Add")
        await until(pilot, lambda: bool(asked))
        await pilot.press(*"ition")
        assert app.screen.query_one("#title", Input).value == "Addition", "no key waits for it"
        assert len(asked) == 1, "one at a time"
        gate.set()
        await until(pilot, lambda: asked[-1].title == "Addition")
        await seen(pilot, " feature  names [/foo]", "no tier can be reached")


async def test_an_estimate_is_made_from_the_words_and_the_repository(tmp_path: Path) -> None:
    (tmp_path / "slug.py").write_text("def slugify(text):\n    return text\n")
    (tmp_path / "Makefile").write_text("test:\n\ttrue\n")
    estimator = Estimator(Settings(), tmp_path, offline=lambda: {"local"})
    found = await estimator(Wording("Fix the quoting in slug.py", check="make test"))
    assert 1 <= found.complexity <= 10
    assert found.plan
    assert "local" not in {arm.tier for arm in found.plan}
    looks, tries = estimate_lines(found, {"haiku", "sonnet", "opus"})
    assert looks.plain.startswith(f"C{found.complexity} ")
    assert tries.plain.startswith(f"would try {found.plan[0].tier} .")
    pinned = await estimator(Wording("Fix the quoting in slug.py", tier="sonnet"))
    assert {arm.tier for arm in pinned.plan} == {"sonnet"}
    assert joined(*estimate_lines(pinned, ())).plain
