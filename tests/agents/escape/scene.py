"""A person's machine in small: a home with secrets, repositories, War Room's own home, servers, and what harms them."""

import contextlib
import os
import pty
import resource
import select
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agents.settings import Network
from agents.tools.sandbox import Sandbox
from agents.tools.shell_result import ShellResult
from agents.workspace import Repository, Worktree
from agents.workspace.administration import delete_folder
from tests.agents.conftest import run_git

SECRET = "PLANTED"
MARK = f"warroom-was-here-{os.getpid()}"
"""What hostile commands write where they should not; of this run of the tests, as some places are everybody's."""
_SYSTEM = ("/", "/etc", "/usr/local/bin", "/run", "/dev", "/tmp", "/var/tmp", "/dev/shm", "/var/spool/cron/crontabs")
_SECRETS = """
.ssh/id_ed25519 .aws/credentials .mozilla/firefox/p/logins.json .config/google-chrome/Default/Cookies
.local/share/keyrings/login.keyring .docker/config.json .git-credentials .netrc .bash_history .gnupg/private.key
.config/gh/hosts.yml .kube/config Documents/precious.txt .gitconfig .bashrc .profile .config/autostart/app.desktop
"""


@dataclass
class Servers:
    """Everything a command could talk to, listening."""

    root: Path
    _sockets: dict[str, socket.socket] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, family, kind, address in (
            ("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            ("tcp6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)),
            ("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            ("dns", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            ("unix", socket.AF_UNIX, socket.SOCK_STREAM, str(self.root / "app.sock")),
            ("datagram", socket.AF_UNIX, socket.SOCK_DGRAM, str(self.root / "log.sock")),
            ("docker", socket.AF_UNIX, socket.SOCK_STREAM, str(self.root / "home/.docker/run/docker.sock")),
            ("bus", socket.AF_UNIX, socket.SOCK_STREAM, str(self.root / "bus")),
            ("agent", socket.AF_UNIX, socket.SOCK_STREAM, str(self.root / "home/.ssh/agent.sock")),
            ("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0warroom-scene-{os.getpid()}"),
        ):
            listener = socket.socket(family, kind)
            listener.bind(address)
            listener.setblocking(False)
            if kind == socket.SOCK_STREAM:
                listener.listen()
            self._sockets[name] = listener

    @property
    def names(self) -> tuple[str, ...]:
        """Of the servers."""
        return tuple(self._sockets)

    def address(self, name: str) -> str:
        """Port or path, as a command would write it."""
        found = self._sockets[name].getsockname()
        text = found if isinstance(found, str | bytes) else str(found[1])
        return os.fsdecode(text).lstrip("\0")

    def reached(self) -> list[str]:
        """The servers somebody talked to since the last look."""
        ready, _, _ = select.select(list(self._sockets.values()), [], [], 0)
        for listener in ready:
            with contextlib.suppress(OSError):
                if listener.type == socket.SOCK_STREAM:
                    listener.accept()[0].close()
                else:
                    listener.recv(4096)
        return [name for name, listener in self._sockets.items() if listener in ready]

    def close(self) -> None:
        """Close them all."""
        for listener in self._sockets.values():
            listener.close()


@dataclass
class Scene:
    """The machine, one mission's worktree on it, and eyes on everything around that worktree."""

    root: Path
    repository: Repository
    worktree: Worktree
    neighbour: Worktree
    """Another mission's."""
    servers: Servers
    terminal: int
    """The person's terminal, the side that shows."""
    terminal_name: str
    words: dict[str, str] = field(default_factory=dict)
    _before: dict[str, str] = field(default_factory=dict)
    _used_git: bool = False
    _stale: bool = False
    """The other process may not be as it was."""

    def __post_init__(self) -> None:
        self.words = {
            "home": str(self.root / "home"), "repo": str(self.repository.root),
            "git": str(self.repository.root / ".git"),
            "other": str(self.root / "home/code/other"), "warroom": str(self.root / "warroom"),
            "neighbour": str(self.neighbour.path), "precious": str(self.root / "home/Documents/precious.txt"),
            "state": str(self.worktree.path.with_name(f"{self.worktree.path.name}.state")),
            "python": sys.executable, "tty": self.terminal_name, "self": str(os.getpid()), "mark": MARK,
            **{name: self.servers.address(name) for name in self.servers.names},
        }  # fmt: skip
        self._stand_by()
        self._backup = self.root.with_name(f"{self.root.name}-backup")
        self.accept()

    def _stand_by(self) -> None:
        """Start the person's other process."""
        notes, program = self.root / "notes", str(Path(__file__).with_name("bystander.py"))
        notes.unlink(missing_ok=True)
        self.bystander = subprocess.Popen(
            ["bash", "-c", f'ulimit -Sn 1024; ulimit -Hn 4096; exec "$0" "$@" {SECRET}-argument', sys.executable,
             *("-I", "-S", program, str(notes), self.words["precious"])],
            cwd=self.root / "home/Documents",
            env={"PATH": os.environ["PATH"], "PASSWORD": f"{SECRET}-environment"},
        )  # fmt: skip
        while not notes.exists():
            time.sleep(0.01)
        _, address, held = notes.read_text().split()
        self.words |= {"bystander": str(self.bystander.pid), "address": address, "held": held}

    def close(self) -> None:
        """End what lives in it."""
        self.bystander.kill()
        self.bystander.wait()
        self.servers.close()
        os.close(self.terminal)

    def said(self, command: str) -> str:
        """`command` with each @word@ replaced."""
        for word, value in self.words.items():
            command = command.replace(f"@{word}@", value)
        return command

    async def run(self, sandbox: Sandbox, command: str, *, timeout_s: float = 20, network: Network) -> ShellResult:
        """As shell_run does it for a mission."""
        self._used_git = "git" in command
        place = self.repository.place(self.worktree)
        return await sandbox.run(
            self.said(command),
            cwd=self.worktree.path,
            timeout_s=timeout_s,
            output_cap=20_000,
            log_path=self.root.with_name(f"{self.root.name}-logs") / "run.log",
            network=network,
            git=await place.private_git() if sandbox.wall else None,
        )

    def outside(self) -> dict[str, str]:
        """Everything that is not the mission's own, as text: a change of content, mode, owner, date or name shows."""
        own = {str(self.worktree.path), *(f"{self.words['state']}/{name}" for name in ("git", "replaced-git"))}
        found: dict[str, str] = {}
        for folder, folders, files in os.walk(self.root):
            folders[:] = [name for name in folders if os.path.join(folder, name) not in own]
            for name in (*folders, *files):
                path = os.path.join(folder, name)
                status = os.lstat(path)
                facts = (
                    f"{status.st_mode:o} {status.st_uid} {status.st_gid} {os.listxattr(path, follow_symlinks=False)}"
                )
                if stat.S_ISREG(status.st_mode):
                    # git itself sets the date of an object it already has: that it is still wanted.
                    date = 0 if "/.git/objects/" in path else status.st_mtime_ns
                    facts += f" {status.st_nlink} {date} {Path(path).read_bytes()!r}"
                found[path] = facts
        return found

    def harm(self, result: ShellResult) -> list[str]:
        """What the command did to the world around it, each in words; empty: nothing."""
        after = self.outside()
        changed = [path for path in sorted({*after, *self._before}) if after.get(path) != self._before.get(path)]
        found = [f"changed {os.path.relpath(path, self.root)}" for path in changed]
        if SECRET in result.output:
            found.append("a secret came out")
        found += [f"{name} was reached" for name in self.servers.reached()]
        found += [f"wrote {folder}/{MARK}" for folder in _SYSTEM if os.path.lexists(os.path.join(folder, MARK))]
        if self.bystander.poll() is not None:
            found.append("a process of the person's was ended")
        elif self._slowed():
            found.append("a process of the person's was slowed down or limited")
        if select.select([self.terminal], [], [], 0)[0] and os.read(self.terminal, 4096):
            found.append("wrote on the person's terminal")
        found += [f"left a special file: {name}" for name in self.special_files()]
        self._stale = bool(found)
        return found

    def _slowed(self) -> bool:
        limits = resource.prlimit(self.bystander.pid, resource.RLIMIT_NOFILE)
        return os.getpriority(os.PRIO_PROCESS, self.bystander.pid) != 0 or limits != (1024, 4096)

    def special_files(self) -> list[str]:
        """Device nodes and programs that change who runs them, in what the mission may write."""
        found = []
        for path in self.worktree.path.rglob("*"):
            mode = path.lstat().st_mode
            if (
                stat.S_ISBLK(mode)
                or stat.S_ISCHR(mode)
                or (stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID))
            ):
                found.append(path.name)
        return found

    def accept(self) -> None:
        """What is outside now is as it should be."""
        shutil.rmtree(self._backup, ignore_errors=True)
        shutil.copytree(self.root, self._backup, symlinks=True, ignore=_no_files)
        self._before = self.outside()

    async def tidy(self) -> None:
        """Put everything back: what is outside as it was, the worktree as it was handed out."""
        self.restore()
        for child in self.worktree.path.iterdir():
            if child.name != ".git":
                _drop(child)
        (self.worktree.path / "README.md").write_text("# shop\n")
        if self._used_git:
            _drop(Path(self.words["state"], "git"))
        if self._stale:
            self.bystander.kill()
            self.bystander.wait()
            self._stand_by()
        await self.repository.place(self.worktree).private_git()
        self._before = self.outside()

    def restore(self) -> None:
        """Undo what was changed outside."""
        after = self.outside()
        for path in (path for path in sorted({*after, *self._before}) if after.get(path) != self._before.get(path)):
            kept = self._backup / Path(path).relative_to(self.root)
            if path not in self._before:
                _drop(Path(path))
            elif kept.is_dir() and not kept.is_symlink():
                Path(path).mkdir(exist_ok=True)
                shutil.copystat(kept, path)
            elif os.path.lexists(kept):
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                _drop(Path(path))
                shutil.copy2(kept, path, follow_symlinks=False)
        for folder in _SYSTEM:
            _drop(Path(folder, MARK))


def _drop(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
    else:
        delete_folder(path)


def _no_files(folder: str, names: list[str]) -> list[str]:
    """What cannot be copied: sockets and pipes."""
    modes = {name: os.lstat(os.path.join(folder, name)).st_mode for name in names}
    return [name for name, mode in modes.items() if stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode)]


def _plant(home: Path) -> None:
    for place in _SECRETS.split():
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        (home / place).write_text(f"{SECRET} {place}\n")
        (home / place).chmod(0o600)
    (home / ".gitconfig").write_text(f"[user]\n\tname = Ann\n\temail = a@b.example\n[x]\n\tpassword = {SECRET}\n")
    tool = home / ".cargo/bin/mytool"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\necho the tool ran\n")
    tool.chmod(0o755)
    for name in ("run", "Default"):
        (home / ".docker" / name).mkdir(exist_ok=True)


def _repository(folder: Path, *, remote: str) -> None:
    folder.mkdir(parents=True)
    run_git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "README.md").write_text("# shop\n")
    (folder / ".gitignore").write_text(".env\n")
    run_git(folder, "add", "--all")
    run_git(folder, "commit", "--quiet", "--message", "first")
    run_git(folder, "remote", "add", "origin", remote)
    (folder / ".env").write_text(f"KEY={SECRET}\n")


async def build(root: Path) -> tuple[Repository, Worktree, Worktree]:
    """The files, the repositories, and two missions."""
    _plant(root / "home")
    shop, other = root / "home/code/shop", root / "home/code/other"
    _repository(shop, remote=f"https://ann:{SECRET}@example.org/shop.git")
    _repository(other, remote="https://example.org/other.git")
    (other / "secret.txt").write_text(f"{SECRET} other\n")
    run_git(other, "add", "--all")
    run_git(other, "commit", "--quiet", "--message", "other")
    repository = await Repository.open(shop, root / "warroom")
    start = (await repository.base()).commit
    worktree, neighbour = [await repository.add_worktree(label, 1, start) for label in ("T1", "T2")]
    (neighbour.path / "secret.txt").write_text(f"{SECRET} neighbour\n")
    (root / "warroom/warroom.db").write_text(f"{SECRET} database\n")
    await repository.place(worktree).private_git()
    return repository, worktree, neighbour


@contextlib.contextmanager
def living(root: Path, built: tuple[Repository, Worktree, Worktree]) -> Iterator[Scene]:
    """The scene with its servers, the person's terminal and another process of theirs."""
    master, slave = pty.openpty()
    scene = Scene(root, *built, Servers(root), master, os.ttyname(slave))
    try:
        yield scene
    finally:
        scene.close()
        os.close(slave)
