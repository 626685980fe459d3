"""What a command sees and may write: one list for every wall, so that they differ only in how they hold it."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
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

_NO_FILES = ("/proc", "/sys", "/dev")
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
        self, cwd: Path, granted: Sequence[Mount], network: Network, git: PrivateGit | None = None
    ) -> Iterator[Mount]:
        """Of a command in `cwd` (resolved); where two places lie in each other the deeper counts.

        With `git` of the person's repository only the objects are seen.
        """
        homes = homes_of(self.environ)
        for folder in (*system_folders(), *tool_folders(self.environ, homes)):
            yield Mount(folder, View.READABLE)
        if network is Network.ALL and os.path.exists(names := os.path.realpath("/etc/resolv.conf")):
            yield Mount(Path(names), View.READABLE)
        for path in (*secret_places(homes), *self.hidden):
            if os.path.exists(path):
                yield Mount(path, View.HIDDEN)
        for path in git_folders(cwd) if git is None else git.objects:
            yield Mount(path, View.READABLE)
        yield from granted
        for path in (cwd, *([] if git is None else [git.folder])):
            yield Mount(path, View.WRITABLE)

    def granted(self, writable: Sequence[Path], readable: Sequence[Path]) -> list[Mount]:
        """Folders outside that a person opened to one command. Raises SandboxError for those nobody may open."""
        closed = (*secret_places(homes_of(self.environ)), *self.hidden)
        found = [Mount(grantable(path, closed), View.READABLE) for path in readable]
        return found + [Mount(grantable(path, closed), View.WRITABLE) for path in writable]


def grantable(path: Path, closed: Iterable[Path]) -> Path:
    """`path` resolved, when a person may open it to a command: nothing in the `closed` places, and nothing that is no
    file at all. Raises SandboxError."""
    real = usable(path)
    if any(real.is_relative_to(place) for place in (*closed, *map(Path, _NO_FILES))):
        raise SandboxError(f"{one_line(str(real))} is never opened to an agent: secrets, or no files")
    return real


def usable(path: Path) -> Path:
    """`path` resolved, when it may be opened to commands. Raises SandboxError otherwise."""
    real = Path(os.path.realpath(path))
    if not real.is_dir():
        raise SandboxError(f"cannot open {one_line(str(path))} in the sandbox: it is not a folder")
    if len(real.parts) < 2 or real in {Path(os.path.realpath(top)) for top in _SYSTEM_TOPS}:
        raise SandboxError(f"will not open {real} to an agent: it is part of the system; use a project folder")
    return real


def homes_of(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The home the environment names and the one the user database knows: secrets lie below either."""
    found = {home for home in (real_home(environ), real_home({})) if home is not None}
    return tuple(sorted(Path(os.path.realpath(home)) for home in found))
