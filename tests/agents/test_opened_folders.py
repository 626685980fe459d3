"""Folders outside that a person opened to a command: read or written, and nothing that is secret or no file in them."""

import os
import shlex
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from agents.permission import Ruling, Wish
from agents.settings import Network
from agents.tools.asking import reach_of, read_needs
from agents.tools.sandbox import Sandbox, SandboxError, choose_sandbox
from agents.tools.shell import ShellRun
from agents.tools.tool import ToolContext, ToolError
from tests.fakes.sandboxes import WALLS


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "home"
    for place in (".ssh/id", "data/figures", "warroom/warroom.db"):
        (folder / place).parent.mkdir(parents=True)
        (folder / place).write_text(f"of {place}\n")
    (folder / "work").mkdir()
    return folder


@pytest.fixture(params=WALLS)
async def wall(request: pytest.FixtureRequest, home: Path) -> Sandbox:
    return await choose_sandbox(request.param, environ={**os.environ, "HOME": str(home)}, hidden=[home / "warroom"])


async def output(wall: Sandbox, home: Path, command: str, **options: Any) -> str:
    done = await wall.run(
        command, cwd=home / "work", timeout_s=20, output_cap=4_000, log_path=home.parent / "log", **options
    )
    return done.output


async def test_one_is_read_and_not_written(wall: Sandbox, home: Path) -> None:
    command = f"cat {home}/data/figures; echo x > {home}/data/figures; echo x > {home}/data/new"
    assert "of data/figures" not in await output(wall, home, command)
    assert "of data/figures" in await output(wall, home, command, readable=[home / "data"])
    assert (home / "data/figures").read_text() == "of data/figures\n"
    assert not (home / "data/new").exists()


async def test_what_is_secret_in_one_stays_hidden(wall: Sandbox, home: Path) -> None:
    command = f"cat {home}/data/figures {home}/.ssh/id {home}/warroom/warroom.db"
    for opened in ("readable", "writable"):
        said = await output(wall, home, command, **{opened: [home]})
        assert "of data/figures" in said
        assert "of .ssh" not in said
        assert "of warroom" not in said


async def test_what_nobody_may_open_is_refused(wall: Sandbox, home: Path) -> None:
    for place in (home / ".ssh", home / "warroom", Path("/proc/1"), Path("/sys/fs"), Path("/")):
        for opened in ("readable", "writable"):
            with pytest.raises(SandboxError, match="agent"):
                await output(wall, home, "true", **{opened: [place]})


async def test_a_socket_in_one_is_not_reached(wall: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home / "data")  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        listener.listen()
        talk = "import socket; socket.socket(socket.AF_UNIX).connect('s'); print('reached')"
        command = f"cd {home}/data && {shlex.quote(sys.executable)} -c {shlex.quote(talk)}"
        for opened in ("readable", "writable"):
            assert "reached" not in await output(wall, home, command, **{opened: [home / "data"]})


async def test_an_agent_is_not_even_asked_for_with_secrets(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(home))
    assert read_needs(f"read:{home}/data", home / "work") == (False, [f"{home}/data"], [])
    for place in (home / ".ssh", Path("/proc/self"), Path("/run")):
        with pytest.raises(ToolError, match="Go on without it"):
            read_needs(f"read:{place}", home / "work")


async def test_the_folder_a_person_allowed_is_the_one_that_is_opened(wall: Sandbox, home: Path) -> None:
    """While the person thinks, another command makes it a link to another folder."""

    async def swapped(wish: Wish) -> Ruling:
        (home / "data").rename(home / "was")
        (home / "data").symlink_to(home / "other")
        return Ruling(allowed=True)

    async def allowed(wish: Wish) -> Ruling:
        assert wish.reach.readable == (f"{home}/data",)
        return Ruling(allowed=True)

    (home / "other").mkdir()
    shell = ShellRun(wall, timeout_s=20, cap=4_000, network=Network.NONE, answerable=True)
    wanted = {"command": f"cat {home}/data/figures", "needs": f"read:{home}/data", "why": "figures"}
    for permit, works in ((allowed, True), (swapped, False)):
        context = ToolContext(root=home / "work", logs=home / "logs", on_output=lambda _: None, permit=permit)
        if works:
            assert "of data/figures" in (await shell.run(wanted, context)).content
        else:
            with pytest.raises(ToolError, match="another folder"):
                await shell.run(wanted, context)


async def test_more_than_a_person_is_shown_cannot_be_asked_for(home: Path) -> None:
    """The folder that matters would stand behind the cut."""
    many = [home / f"data/{'a' * 60}{number}" for number in range(6)]
    for folder in many:
        folder.mkdir()

    def reach(needs: str) -> None:
        reach_of("true", needs, root=home / "work", walled=True, network=Network.NONE, ask=())

    reach(f"write:{many[0]}")
    with pytest.raises(ToolError, match="fewer folders"):
        reach(",".join(f"write:{folder}" for folder in (*many, home)))
