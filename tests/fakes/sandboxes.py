"""Which sandboxes can be tested on this machine."""

import shutil
import subprocess

import pytest


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

BOTH_SANDBOXES = [pytest.param("bubblewrap", marks=needs_bubblewrap), "none"]
