"""Every attempt of the tables, for real, in every wall; and without one, to see that it would have done something."""

import asyncio
import itertools
import os
import re
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.tools.files import FileRead
from agents.tools.listing import FileList
from agents.tools.sandbox import Sandbox, choose_sandbox
from agents.tools.search import CodeSearch
from agents.tools.shell_result import ShellResult
from agents.tools.tool import ToolContext, ToolError
from tests.agents.escape import TOPICS
from tests.agents.escape.attempt import LIMITS, Attempt
from tests.agents.escape.scene import MARK, Scene, build, living
from tests.fakes.sandboxes import WALLS

_naps = itertools.count(1)
ATTEMPTS = [
    pytest.param(attempt, id=f"{topic.key}-{number}")
    for topic in TOPICS
    for number, attempt in enumerate(topic.attempts)
]
WITH_TEETH = [each for each in ATTEMPTS if each.values[0].teeth and not each.values[0].harness]
_BOUND_S = 30
"""Within which whatever an agent leaves behind has to be looked at."""


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    root = tmp_path_factory.mktemp("scene").resolve()
    with living(root, asyncio.run(build(root))) as scene:
        yield scene


@pytest.fixture(scope="session")
def sandboxes(scene: Scene) -> dict[str, Sandbox]:
    home = scene.words["home"]
    environ = {
        **os.environ,
        "HOME": home,
        "PATH": f"{home}/.cargo/bin:{Path(scene.words['python']).parent}:{os.environ['PATH']}",
        "ANTHROPIC_API_KEY": "PLANTED-key",
        "MY_PASSWORD": "PLANTED-password",
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={scene.words['bus']}",
        "SSH_AUTH_SOCK": scene.words["agent"],
    }

    async def up() -> dict[str, Sandbox]:
        kinds: list[Any] = [wall.values[0] for wall in WALLS if not any(mark.args[0] for mark in wall.marks)]
        hidden = [Path(scene.words["warroom"])]
        return {
            kind: await choose_sandbox(kind, hidden=hidden, environ=environ, limits=LIMITS) for kind in [*kinds, "none"]
        }

    return asyncio.run(up())


@pytest.fixture
async def tidied(scene: Scene) -> AsyncIterator[Scene]:
    yield scene
    await scene.tidy()


async def harness_works(scene: Scene) -> list[str]:
    """All that War Room does in a worktree while and after an agent works there; what of the agent's ran, in words."""
    place = scene.repository.place(scene.worktree)
    context = ToolContext(root=scene.worktree.path, logs=scene.root, on_output=lambda _: None, place=place)
    async with asyncio.timeout(_BOUND_S):
        for tool, arguments in (
            (FileList(4_000), {}),
            (CodeSearch(4_000), {"pattern": "PLANTED"}),
            (FileRead(4_000), {"path": "README.md"}),
        ):
            try:
                outcome = await tool.run(arguments, context)
                if "PLANTED" in outcome.content.replace('"PLANTED"', ""):
                    return ["a tool showed a secret"]
            except ToolError:
                continue
        place.misplaced()
        await scene.repository.tree(scene.worktree.path)
        await scene.repository.has_unsaved_work(scene.worktree.path)
        commit = await scene.repository.commit(scene.worktree, "Work", {})
        if commit is not None:
            shown = await scene.repository.diff(scene.worktree.start_commit, commit.commit)
            await scene.repository.merge_preview(commit.commit, "main")
            async with scene.repository.checkout(commit.commit):
                pass
            if "PLANTED" in shown:
                return ["a secret is in the commit"]
    return [f"{path} was written" for path in scene.root.rglob(MARK)]


async def try_out(scene: Scene, attempt: Attempt, sandbox: Sandbox) -> tuple[ShellResult, list[str]]:
    """Run it; what harm it did."""
    nap = f"60.{os.getpid():08}{next(_naps):04}"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free = probe.getsockname()[1]
    scene.words |= {"nap": nap, "free": str(free)}
    visitor = asyncio.create_task(visit(free))
    try:
        result = await scene.run(sandbox, attempt.command, timeout_s=attempt.timeout_s, network=attempt.network)
    finally:
        visitor.cancel()
    harm = scene.harm(result)
    if attempt.harness:
        scene.restore()
        try:
            harm += await harness_works(scene)
        finally:
            for mark in scene.root.rglob(MARK):
                mark.unlink()
            scene.accept()
    if "@nap@" in attempt.command and (pids := await left_alive(nap)):
        harm.append(f"still alive: {pids}")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
    return result, harm


async def visit(port: int) -> None:
    """Somebody from outside who connects to a port as soon as it is open."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
        except OSError:
            await asyncio.sleep(0.02)


async def left_alive(nap: str) -> list[int]:
    """Processes of the command; SIGKILL is sent at once but takes a moment to be carried out."""
    for _ in range(100):
        found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _says(entry, nap)]
        if not found:
            return []
        await asyncio.sleep(0.02)
    return found


def _says(process: Path, token: str) -> bool:
    try:
        return token.encode() in (process / "cmdline").read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("kind", WALLS)
async def test_the_wall_holds(tidied: Scene, sandboxes: dict[str, Sandbox], kind: str, attempt: Attempt) -> None:
    sandbox = sandboxes[kind]
    result, harm = await try_out(tidied, attempt, sandbox)
    if kind == "landlock" and attempt.landlock and any(attempt.landlock in gap for gap in sandbox.gaps):
        assert harm, "Landlock holds this here, and its gaps say that it does not"
    else:
        assert not harm, result.output


_BEYOND = re.compile(r"/etc|/usr|/var/(?!run)|/dev/shm|--system|systemd|--? ?-1\b|\breboot")


@pytest.mark.parametrize("attempt", WITH_TEETH)
async def test_without_a_wall_it_does_harm(tidied: Scene, sandboxes: dict[str, Sandbox], attempt: Attempt) -> None:
    assert not _BEYOND.search(attempt.command), "without a wall this would change the machine the tests run on"
    result, harm = await try_out(tidied, attempt, sandboxes["none"])
    assert harm, result.output
