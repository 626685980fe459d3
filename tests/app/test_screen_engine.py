"""The command center on the real engine: simulated models, real worktrees, real checks."""

import asyncio
from pathlib import Path

import pytest
from screen_pilot import drawn, so, until, war_room

from agents.headquarters import Headquarters
from agents.settings import Settings
from agents.tasks import NewTask
from agents.workspace.git import git
from app.screen.engine import here, load, simulation
from app.screen.launch import command
from tests.fakes.ollama_server import FakeOllama, Stall


async def test_the_demo_from_the_bus_to_the_accepted_diff() -> None:
    load()
    app = war_room()
    async with simulation(seed=7, speed=200, tasks=2) as opened, app.run_test(size=(120, 40)) as pilot:
        app.engine_ready(opened.command, opened.warnings)
        begin = asyncio.create_task(opened.begin())
        await until(pilot, lambda: "SIMULATION" in drawn(app) and len(app.war.tasks) == 2)
        await begin
        await until(pilot, lambda: bool(app.war.with_status("review")), within_s=40)
        await until(pilot, lambda: not app.war.missions, within_s=40)
        assert app.war.log.total > 5
        row = app.war.with_status("review")[0]
        app.center.board.select(row.id)
        await pilot.press("v")
        await until(pilot, lambda: "result exit 0" in drawn(app))
        await pilot.press("a", "y")
        await until(pilot, lambda: app.war.tasks[row.id].status == "done")
        stored = await opened.command.task(row.id)
        assert stored.merged_commit is not None
        root = opened.command.repository.root
        head = await git("rev-parse", "main", cwd=root)
        assert head.strip() == stored.merged_commit


async def test_with_no_model_in_reach_it_is_the_simulation_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load()
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    folder = tmp_path / "shop"
    folder.mkdir()
    async with here(folder) as opened:
        assert opened.command.simulated
        assert opened.warnings[0].startswith("SIMULATION, because no model can be reached")
        assert opened.command.repository.root != folder
    assert list(folder.iterdir()) == []


async def test_a_board_is_shown_before_it_is_known_which_models_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load()
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    folder = tmp_path / "shop"
    folder.mkdir()
    async with Headquarters(Settings(), home=tmp_path / "home", folder=folder) as hq:
        await hq.post(NewTask(title="Add a slug helper"))
    async with FakeOllama() as silent:
        silent.overrides = dict.fromkeys(("/api/version", "/api/tags", "/api/show", "/api/ps"), (Stall(),))
        monkeypatch.setenv("OLLAMA_HOST", silent.url)
        app = war_room()
        running = asyncio.create_task(command(app, lambda: here(folder), headless=True))
        await so(lambda: bool(app.war.tasks))
        assert not app.war.offline, "the server has not said anything yet"
        await so(lambda: bool(app.war.offline))
        assert {unit.health for unit in app.war.units.values()} == {"offline"}
        assert "No model can be reached: Ollama did not answer" in app.center.status.text
        assert any("No model can be reached" in record.text for record in app.war.log)
        app.exit(0)
        assert await running == 0


async def test_what_cannot_be_opened_is_told_with_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    load()
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "warroom").mkdir(parents=True)
    (tmp_path / "config" / "warroom" / "config.toml").write_text("[budget]\ndayly_usd = 3\n")
    app = war_room()
    running = asyncio.create_task(command(app, lambda: here(tmp_path), headless=True))
    await app.painted.wait()
    await app.failed.wait()
    assert "Cannot open" in app.center.status.text
    assert "daily_usd" in app.center.status.text
    app.exit(0)
    assert await running == 2
    assert "daily_usd" in capsys.readouterr().err


async def test_leaving_before_the_engine_is_there_is_no_error(tmp_path: Path) -> None:
    app = war_room()
    running = asyncio.create_task(command(app, lambda: here(tmp_path), headless=True))
    await app.painted.wait()
    app.exit(0)
    assert await running == 0
