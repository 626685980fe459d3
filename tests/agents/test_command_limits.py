"""What one command may use of the machine, in every sandbox. Whatever is started here ends by itself as well."""

import asyncio
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from agents.settings import Limits, SandboxKind
from agents.tools import processes
from agents.tools.sandbox import Sandbox, ShellResult, choose_sandbox
from agents.tools.shell_result import Stopped
from agents.tools.walls.control_group import control_group
from tests.fakes.sandboxes import EVERY_SANDBOX, WALLS, needs_landlock

PYTHON = shlex.quote(sys.executable)
SMALL = Limits(memory_mb=256, processes=32, file_mb=4, disk_mb=64, cpu_s=1)
CHILDREN = "for i in $(seq 200); do sleep 7 & done 2>/dev/null; wait"
ORPHANS = "for i in $(seq 200); do (sleep 7 &); done 2>/dev/null; sleep 7"
BOMB = f"""{PYTHON} -c '
import os, signal, time
if os.fork() == 0:
    for _ in range(9):
        signal.alarm(9)
        os.fork()
        try:
            os.setsid()
        except OSError:
            continue
signal.alarm(9)
time.sleep(8)
' 2>/dev/null"""
"""At most 512 processes, each in a session of its own, doubling as fast as they can."""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (folder := tmp_path.resolve() / "work").mkdir()
    return folder


async def opened(kind: SandboxKind, limits: Limits = SMALL) -> Sandbox:
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return await choose_sandbox(kind, environ=environ, limits=limits)


async def run(sandbox: Sandbox, command: str, work: Path) -> ShellResult:
    return await sandbox.run(command, cwd=work, timeout_s=30, output_cap=4_000, log_path=work.parent / "log")


@pytest.mark.parametrize("kind", EVERY_SANDBOX)
@pytest.mark.parametrize("command", [CHILDREN, ORPHANS, BOMB], ids=["children", "orphans", "bomb"])
async def test_too_many_processes(kind: Any, command: str, work: Path) -> None:
    result = await run(await opened(kind), command, work)
    assert (result.stopped, result.exit_code) == (Stopped.PROCESSES, 137)
    assert result.output.endswith(
        "[stopped: more than 32 processes or 128 threads; [sandbox] processes is the limit]\n"
    )


@needs_landlock
async def test_the_launcher_counts_by_itself(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "TICK_S", 60.0)
    result = await run(await opened("landlock"), BOMB, work)
    assert result.stopped is Stopped.PROCESSES


async def test_it_is_ended_where_the_machine_has_no_thread_to_give(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(asyncio, "to_thread", refuse)
    assert (await run(await opened("none"), BOMB, work)).stopped is Stopped.PROCESSES


@pytest.mark.parametrize("kind", EVERY_SANDBOX)
async def test_too_much_memory(kind: Any, work: Path) -> None:
    share = f'{PYTHON} -c "x = bytearray(90 << 20); import time; time.sleep(9)"'
    result = await run(await opened(kind), f"{share} & {share} & {share} & wait", work)
    assert (result.stopped, result.exit_code) == (Stopped.MEMORY, 137)
    assert "[sandbox] memory_mb is the limit" in result.output


@pytest.mark.parametrize("kind", EVERY_SANDBOX)
async def test_too_much_on_the_disk(kind: Any, work: Path) -> None:
    command = "for i in $(seq 25); do head -c 4M /dev/zero >f$i; done; sleep 9"
    result = await run(await opened(kind), command, work)
    assert (result.stopped, result.exit_code) == (Stopped.DISK, 137)


@pytest.mark.parametrize("kind", WALLS)
async def test_scratch_folders_count_as_well(kind: Any, work: Path) -> None:
    command = "for i in $(seq 90); do head -c 4M /dev/zero >$TMPDIR/f$i || exit; done; sleep 9"
    result = await run(await opened(kind), command, work)
    assert result.stopped in {Stopped.DISK, Stopped.MEMORY}


@pytest.mark.parametrize("kind", EVERY_SANDBOX)
async def test_too_large_a_file_and_too_much_processor_time(kind: Any, work: Path) -> None:
    sandbox = await opened(kind)
    assert (await run(sandbox, "exec head -c 8M /dev/zero >f", work)).stopped is Stopped.FILE
    assert (work / "f").stat().st_size == 4 * 1024**2
    assert (await run(sandbox, "while :; do :; done", work)).stopped is Stopped.CPU


@pytest.mark.parametrize("kind", WALLS)
async def test_no_command_raises_its_limits(kind: Any, work: Path) -> None:
    result = await run(await opened(kind), "ulimit -c; ulimit -f 99999999 || echo refused", work)
    assert result.output.startswith("0\n")
    assert result.output.endswith("refused\n")


@pytest.mark.skipif(os.getuid() != 0, reason="only root makes control groups, and only root needs them")
async def test_a_control_group_holds_root_and_is_gone_afterwards(work: Path) -> None:
    async with control_group(20) as entry:
        if not entry:
            pytest.skip("no control group can be made here: /sys/fs/cgroup is not writable")
        group = Path(entry[-1]).parent
        assert (group / "pids.max").read_text() == "20\n"
        (group / "cgroup.procs").read_text()
    assert not group.exists()
    result = await run(await opened("none", Limits(processes=500)), "cat /proc/self/cgroup", work)
    assert f"/warroom-{os.getpid()}-" in result.output
