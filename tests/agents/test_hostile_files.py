"""Worktrees full of traps: pipes, devices, huge and deep and oddly named files, links swapped while they are read.
Every tool answers, in bounded memory, and nothing outside is touched."""

import asyncio
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from agents.missions.context import project_context
from agents.missions.parsing import parse_fault
from agents.secret_files import secrets_of_folder
from agents.settings import Settings
from agents.tools.sandbox import PlainSandbox
from agents.tools.text_files import read_text, write_text
from agents.tools.tool import ToolError
from agents.tools.toolbox import Toolbox, build_toolbox
from agents.workspace.checks import find_check


def toolbox(repo: Path, tmp_path: Path) -> Toolbox:
    return build_toolbox(
        root=repo, logs=tmp_path / "logs", sandbox=PlainSandbox("test"), settings=Settings(), on_output=lambda _: None
    )


@pytest.fixture
def traps(repo: Path) -> Path:
    """Whatever can lie in a folder and is no file."""
    for name in (
        "pipe.py",
        "Makefile",
        "AGENTS.md",
        ".env",
        "setup.cfg",
        "pyproject.toml",
        "package.json",
        "README.rst",
    ):
        os.mkfifo(repo / name)
    (repo / "zero.py").symlink_to("/dev/zero")
    (repo / "full.txt").symlink_to("/dev/full")
    listener = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(repo)
    try:
        listener.bind("talk.sock")
    finally:
        os.chdir(here)
        listener.close()
    with (repo / "huge.txt").open("wb") as huge:
        huge.truncate(1_000_000_000)
    return repo


@pytest.mark.parametrize("tool", ["file_read", "file_write", "file_edit"])
@pytest.mark.parametrize("name", ["pipe.py", "zero.py", "full.txt", "talk.sock", "huge.txt"])
async def test_no_tool_reads_or_writes_what_is_no_file(traps: Path, tmp_path: Path, tool: str, name: str) -> None:
    arguments = {"path": name, "content": "x", "old": "a", "new": "b"}
    wanted = {"file_read": ("path",), "file_write": ("path", "content"), "file_edit": ("path", "old", "new")}[tool]
    async with asyncio.timeout(20):
        outcome = await toolbox(traps, tmp_path).call(tool, {key: arguments[key] for key in wanted})
    if (tool, name) == ("file_write", "huge.txt"):
        assert outcome.ok, "a large file is a file: it is replaced, and was not read"
        return
    assert not outcome.ok
    assert any(
        word in outcome.content for word in ("device", "leads out", "too large", "not a regular", "No such device")
    )


async def test_search_list_and_our_own_readings_pass_by_traps(traps: Path, tmp_path: Path) -> None:
    tools = toolbox(traps, tmp_path)
    async with asyncio.timeout(30):
        assert "README.md" in (await tools.call("code_search", {"pattern": "shop"})).content
        assert "README.md" in (await tools.call("file_list", {})).content
        assert await asyncio.to_thread(find_check, traps) is None
        assert await asyncio.to_thread(secrets_of_folder, traps) == set()
        assert parse_fault(traps / "pipe.py") == parse_fault(traps / "zero.py") == ""
        assert "shop" in await asyncio.to_thread(project_context, traps, ("README.md",), token_budget=2000)


@pytest.fixture
def deep(repo: Path) -> Iterator[Path]:
    """A repository with a folder deeper than a path may be long."""
    descriptor = os.open(repo, os.O_RDONLY)
    for _ in range(2500):
        os.mkdir("d", dir_fd=descriptor)
        inner = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    yield repo
    subprocess.run(["rm", "-rf", str(repo / "d")], check=True)  # shutil.rmtree cannot


async def test_odd_names_and_deep_folders(deep: Path, tmp_path: Path) -> None:
    repo = deep
    odd = ["a\nb.txt", "\x1b[31mred.txt", "x" * 255, "-rf", "--help", "$(touch pwned)", "\u202ecod.py", " lead"]
    for name in odd:
        (repo / name).write_text("needle\n")
    Path(os.fsdecode(os.fsencode(repo) + b"/bad-\xff.txt")).write_text("needle\n")
    tools = toolbox(repo, tmp_path)
    async with asyncio.timeout(30):
        for name, arguments in (("file_list", {}), ("code_search", {"pattern": "needle"})):
            outcome = await tools.call(name, arguments)
            assert outcome.ok
            assert "\x1b" not in outcome.content
            assert "\u202e" not in outcome.content
            assert outcome.content.count("\n") <= len(odd) + 4
        assert (await tools.call("file_read", {"path": "x" * 255})).ok
        assert (await tools.call("file_read", {"path": "-rf"})).ok
        assert not (await tools.call("file_read", {"path": "/".join(["d"] * 3000)})).ok
        assert not (await tools.call("file_write", {"path": "x" * 256, "content": "x"})).ok
    assert not (repo / "pwned").exists()


@contextmanager
def swapping(folder: Path, outside: Path) -> Iterator[None]:
    """`folder` is a folder and a link to `outside` in turn, as fast as can be."""
    done = threading.Event()
    aside, link = folder.with_name("aside"), folder.with_name("link")
    link.symlink_to(outside)

    def swap() -> None:
        while not done.is_set():
            for first, second in ((folder, aside), (link, folder), (folder, link), (aside, folder)):
                with suppress(OSError):
                    first.rename(second)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize(
    "act", [lambda root, path: read_text(root, path), lambda root, path: write_text(root, path, "x")]
)
def test_a_folder_swapped_for_a_link_leads_nowhere(
    repo: Path, tmp_path: Path, act: Callable[[Path, Path], object]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("OUTSIDE")
    (repo / "inner").mkdir()
    (repo / "inner" / "secret.txt").write_text("inside")
    with swapping(repo / "inner", outside):
        for _ in range(400):
            with suppress(ToolError):
                assert act(repo, repo / "inner" / "secret.txt") != "OUTSIDE"
    assert (outside / "secret.txt").read_text() == "OUTSIDE"
    assert [path.name for path in outside.iterdir()] == ["secret.txt"]
