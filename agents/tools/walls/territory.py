"""What a command sees and may write: one list for every wall, so that they differ only in how they hold it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.sanitize import one_line
from agents.settings import Network
from agents.tools.environment import real_home
from agents.tools.git_folder import git_folders
from agents.tools.hidden import secret_places
from agents.tools.mounts import Mount, View
from agents.tools.shell_result import SandboxError
from agents.tools.visible import system_folders, tool_folders
from agents.workspace.private_git import PrivateGit

_SYSTEM_TOPS = ("/run", "/proc", "/dev", "/sys", "/tmp", "/etc")


@dataclass(frozen=True)
class Territory:
    """The machine as agents' commands see it: everything not named is not there."""

    environ: Mapping[str, str]
    hidden: tuple[Path, ...] = ()
    """Resolved; hidden besides the usual secret places."""

    @classmethod
    def of(cls, environ: Mapping[str, str], hidden: Sequence[Path] = ()) -> "Territory":
        """`hidden` need not be resolved."""
        return cls(dict(environ), tuple(Path(os.path.realpath(path)) for path in hidden))

    def mounts(
        self, cwd: Path, writable: Sequence[Path], network: Network, git: PrivateGit | None = None
    ) -> Iterator[Mount]:
        """Of a command in `cwd` (resolved, as are `writable`); where two places lie in each other the deeper counts.

        With `git` of the person's repository only the objects are seen.
        """
        homes = _homes(self.environ)
        for folder in (*system_folders(), *tool_folders(self.environ, homes)):
            yield Mount(folder, View.READABLE)
        if network is Network.ALL and os.path.exists(names := os.path.realpath("/etc/resolv.conf")):
            yield Mount(Path(names), View.READABLE)
        for path in (*secret_places(homes), *self.hidden):
            if os.path.exists(path):
                yield Mount(path, View.HIDDEN)
        for path in git_folders(cwd) if git is None else git.objects:
            yield Mount(path, View.READABLE)
        for path in (cwd, *writable, *([] if git is None else [git.folder])):
            yield Mount(path, View.WRITABLE)


def usable(path: Path) -> Path:
    """`path` resolved, when it may be made writable. Raises SandboxError otherwise."""
    real = Path(os.path.realpath(path))
    if not real.is_dir():
        raise SandboxError(f"cannot make {one_line(str(path))} writable in the sandbox: it is not a folder")
    if len(real.parts) < 2 or real in {Path(os.path.realpath(top)) for top in _SYSTEM_TOPS}:
        raise SandboxError(
            f"will not make {real} writable for an agent: it is part of the system; use a project folder"
        )
    return real


def _homes(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The home the environment names and the one the user database knows: secrets lie below either."""
    found = {home for home in (real_home(environ), real_home({})) if home is not None}
    return tuple(sorted(Path(os.path.realpath(home)) for home in found))
