"""What a command may see of the machine beside its worktree: the system, and what the person has on PATH."""

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from agents.tools.environment import TOOL_HOMES

SCRATCH = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))
"""Private to each command."""
_SYSTEM = """
/usr /bin /sbin /lib /lib32 /lib64 /libx32 /etc /opt /nix /gnu /snap /sys /home/linuxbrew/.linuxbrew
/var/lib/dpkg /var/lib/apt /var/lib/pacman /var/lib/rpm /var/lib/alternatives /var/lib/texmf /var/lib/ghc
/var/cache/fontconfig /var/cache/ldconfig /run/current-system /run/booted-system /run/opengl-driver
"""
_PROGRAMS = {"bin", "sbin", ".bin"}
_INSTALLED = ("pyvenv.cfg", "lib", "lib64", "libexec", "share", "conda-meta")
"""Beside a folder of programs: the folder around them is an installation."""
_IN_HOME = """
.local/lib .local/bin .local/share/uv .local/share/pipx .local/share/pypoetry .local/share/pnpm .local/share/hatch
.local/share/virtualenvs .local/share/rtx .local/pipx .linuxbrew .bun .deno .juliaup .ghcup .cabal/bin .stack/programs
.elan .opam .nodenv .jenv .goenv .tfenv .rye .pixi .conda go/bin sdk
"""
_NAMED_BY = ("JAVA_HOME", "GOROOT", "ANDROID_HOME", "FLUTTER_ROOT", "CONDA_PREFIX", "VIRTUAL_ENV", "DOTNET_ROOT")
_MOST_LINKS = 2000


def system_folders() -> Iterator[Path]:
    """Programs, libraries and settings of the machine itself: what exists, symlinks resolved, none twice."""
    seen = set()
    for name in _SYSTEM.split():
        real = Path(os.path.realpath(name))
        if real not in seen and os.path.isdir(real):
            seen.add(real)
            yield real


def system_links() -> Iterator[tuple[str, str]]:
    """Symlinks in the root that stand for such a folder, with what they say: (`usr/bin`, `/bin`)."""
    for name in _SYSTEM.split():
        if name.count("/") == 1 and os.path.islink(name) and os.path.isdir(name):
            yield os.readlink(name), name


def tool_folders(environ: Mapping[str, str], homes: Iterable[Path]) -> Iterator[Path]:
    """Where programs the person installed lie, outside the system: on PATH, what is linked from there, and the usual
    places below their homes. Of a repository or a home on PATH only the folder of programs itself."""
    homes = tuple(Path(os.path.realpath(home)) for home in homes)
    system = tuple(system_folders())
    named = [environ[name] for name in (*TOOL_HOMES, *_NAMED_BY) if os.path.isabs(environ.get(name, ""))]
    usual = [home / place for home in homes for place in (*TOOL_HOMES.values(), *_IN_HOME.split())]
    seen: set[Path] = set()
    for candidate in (*_programs(environ, homes, system), *map(Path, named), *usual):
        folder = Path(os.path.realpath(candidate))
        if folder in seen or not os.path.isdir(folder) or _within(folder, system) or _too_much(folder, homes):
            continue
        seen.add(folder)
        yield folder


def _programs(environ: Mapping[str, str], homes: tuple[Path, ...], system: tuple[Path, ...]) -> Iterator[Path]:
    for entry in dict.fromkeys(environ.get("PATH", "").split(os.pathsep)):
        folder = Path(os.path.realpath(entry))
        if not os.path.isabs(entry) or _within(folder, system) or not os.path.isdir(folder):
            continue
        yield _installation(folder, homes)
        for link in _links(folder):
            if not _within(link, (*system, folder)) and os.path.isfile(link):
                yield _installation(link.parent, homes)


def _links(folder: Path) -> list[Path]:
    """Where the symlinks in a folder of programs lead."""
    try:
        with os.scandir(folder) as entries:
            return [Path(os.path.realpath(entry)) for entry in islice(entries, _MOST_LINKS) if entry.is_symlink()]
    except OSError:
        return []


def _installation(programs: Path, homes: tuple[Path, ...]) -> Path:
    """The folder around `programs` when it is one that was installed, else `programs`."""
    around = programs.parent
    if programs.name == ".bin":
        return around
    whole = programs.name in _PROGRAMS and any(os.path.exists(around / name) for name in _INSTALLED)
    return around if whole and not (_too_much(around, homes) or os.path.exists(around / ".git")) else programs


def _too_much(folder: Path, homes: tuple[Path, ...]) -> bool:
    """It holds more than tools: a home or what is around one, ~/.local, the root."""
    around = any(folder == home or folder in home.parents for home in homes)
    return around or folder == Path("/") or folder.name == ".local"


def _within(path: Path, folders: Iterable[Path]) -> bool:
    return any(path == folder or folder in path.parents for folder in folders)
