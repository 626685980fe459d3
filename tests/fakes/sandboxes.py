"""Which sandboxes can be tested on this machine."""

import shutil
import subprocess

import pytest

from agents.tools.walls.landlock import landlock_abi


def _bubblewrap_works() -> bool:
    if shutil.which("bwrap") is None:
        return False
    trial = "bwrap --unshare-user --unshare-pid --unshare-net --ro-bind / / --proc /proc --dev /dev -- /bin/sh -c :"
    return subprocess.run(trial.split(), capture_output=True, timeout=20, check=False).returncode == 0


BUBBLEWRAP_WORKS = _bubblewrap_works()

needs_bubblewrap = pytest.mark.skipif(
    not BUBBLEWRAP_WORKS,
    reason="bubblewrap does not work here: apt install bubblewrap, and allow user namespaces",
)

needs_landlock = pytest.mark.skipif(not landlock_abi(), reason="this kernel has no Landlock (5.13 and later have it)")

WALLS = [pytest.param("bubblewrap", marks=needs_bubblewrap), pytest.param("landlock", marks=needs_landlock)]
BOTH_SANDBOXES = [WALLS[0], "none"]
EVERY_SANDBOX = [*WALLS, "none"]
