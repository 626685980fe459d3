"""What Landlock holds where a mount namespace can be had, and what its doctor's lines say where it cannot."""

import os
from pathlib import Path

import pytest

from agents.settings import Limits, Network
from agents.tools.sandbox import LandlockSandbox, choose_sandbox
from agents.tools.shell_result import Stopped
from agents.tools.walls.landlock import landlock_abi
from tests.fakes.sandboxes import needs_landlock

pytestmark = needs_landlock


@pytest.mark.parametrize("network", Network)
async def test_modes_owners_dates_and_names_outside_stay(network: Network, tmp_path: Path) -> None:
    sandbox = await choose_sandbox("landlock")
    if any("can change mode" in gap for gap in sandbox.gaps):
        pytest.skip("no mount namespace can be had here, which doctor says")
    work, outside = tmp_path.resolve() / "work", tmp_path.resolve() / "outside"
    work.mkdir()
    outside.write_text("x")
    outside.chmod(0o600)
    before = outside.stat()
    attempts = ("chmod 777 {0}", "touch -d 2001-01-01 {0}", "chown 1:1 {0}", "ln {0} hard", "mv {0} mine", "rm -f {0}")
    command = "; ".join(attempt.format(outside) for attempt in attempts) + "; touch a && chmod +x a && mv a b && ls"
    result = await sandbox.run(
        command, cwd=work, timeout_s=30, output_cap=4000, log_path=tmp_path / "log", network=network
    )
    assert outside.stat() == before
    assert result.output.endswith("b\n")
    assert os.access(work / "b", os.X_OK)


async def test_shared_memory_is_its_own_and_the_git_file_stays(tmp_path: Path) -> None:
    sandbox = await choose_sandbox("landlock", limits=Limits(memory_mb=128))
    if any("/dev/shm" in gap for gap in sandbox.gaps):
        pytest.skip("no mount namespace can be had here, which doctor says")
    (work := tmp_path.resolve() / "work").mkdir()
    (work / ".git").write_text("gitdir: elsewhere\n")
    theirs = Path("/dev/shm", f"warroom-test-{os.getpid()}")
    theirs.write_text("theirs")
    command = f"cat {theirs}; ls /dev/shm; echo x >{theirs}; echo x >.git; rm -f .git; mv .git y; cat .git"
    try:
        result = await sandbox.run(command, cwd=work, timeout_s=30, output_cap=4000, log_path=tmp_path / "log")
        assert theirs.read_text() == "theirs"
    finally:
        theirs.unlink()
    assert "theirs" not in result.output
    assert result.output.endswith("gitdir: elsewhere\n")
    filling = "for i in $(seq 40); do head -c 4M /dev/zero >/dev/shm/f$i; done; sleep 9"
    result = await sandbox.run(filling, cwd=work, timeout_s=30, output_cap=4000, log_path=tmp_path / "log")
    assert result.stopped is Stopped.MEMORY or "No space left" in result.output


def test_what_cannot_be_held_is_said() -> None:
    environ = {"PATH": os.environ["PATH"]}
    old = LandlockSandbox(1, environ=environ, loopback=False, read_only=False).gaps
    new = LandlockSandbox(landlock_abi(), environ=environ).gaps
    assert set(new) < set(old)
    for words in ("empty files", "send signals", "change mode", ".git file", "loopback"):
        assert any(words in gap for gap in old)
