"""Folders that must stay readable although they lie where a sandbox shows a scratch folder of its own."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

SCRATCH = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))
"""Private to each command."""
_PROGRAMS = {"bin", "sbin"}


def tool_folders(environ: Mapping[str, str], homes: Iterable[Path]) -> Iterator[Path]:
    """Homes and installations on PATH below a scratch folder: a checkout in /tmp still has its virtual environment."""
    candidates = [Path(os.path.realpath(home)) for home in homes]
    for entry in environ.get("PATH", "").split(os.pathsep):
        if os.path.isabs(entry):
            folder = Path(os.path.realpath(entry))
            whole = folder.name in _PROGRAMS and _below_scratch(folder.parent)
            candidates.append(folder.parent if whole else folder)
    for folder in candidates:
        if _below_scratch(folder) and folder.is_dir():
            yield folder


def _below_scratch(folder: Path) -> bool:
    return any(Path(os.path.realpath(scratch)) in folder.parents for scratch in SCRATCH)
