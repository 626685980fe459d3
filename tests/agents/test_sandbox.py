"""Both sandboxes with real commands; the wall with real attempts to get over it."""

import asyncio
import itertools
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.settings import Network
from agents.tools.processes import Command, run_command
from agents.tools.sandbox import (
    BubblewrapSandbox,
    PlainSandbox,
    Sandbox,
    SandboxError,
    SandboxUnavailable,
    ShellResult,
    choose_sandbox,
)
from tests.fakes.sandboxes import BOTH_SANDBOXES, EVERY_SANDBOX, needs_bubblewrap, needs_landlock

_naps = itertools.count()
PYTHON = shlex.quote(sys.executable)
SECRETS = {
    "ANTHROPIC_API_KEY": "a-value-1",
    "ANTHROPIC_BASE_URL": "a-value-2",
    "OLLAMA_API_KEY": "a-value-3",
    "AWS_SECRET_ACCESS_KEY": "a-value-4",
    "GITHUB_TOKEN": "a-value-5",
    "DB_PASSWORD": "a-value-6",
    "SOME_CREDENTIALS_FILE": "a-value-7",
    "SSH_AUTH_SOCK": "a-value-8",
    "HARMLESS": "sk-ant-api03-a-value-9-000000000000",
    "DATABASE_URL": "postgres://user:a-value-10@db/x",
}


def with_python() -> dict[str, str]:
    """The environment with this Python on PATH, as an activated virtual environment has it."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "work tree é"
    folder.mkdir()
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "home"
    (folder / ".ssh").mkdir(parents=True)
    (folder / ".ssh" / "id_ed25519").write_text("PLANTED")
    (folder / ".netrc").write_text("PLANTED")
    (folder / ".cargo" / "bin").mkdir(parents=True)
    (folder / ".cargo" / "credentials.toml").write_text("PLANTED")
    (folder / ".cargo" / "bin" / "mytool").write_text("#!/bin/sh\necho the tool ran\n")
    (folder / ".cargo" / "bin" / "mytool").chmod(0o755)
    return folder


@pytest.fixture(params=EVERY_SANDBOX)
async def sandbox(request: pytest.FixtureRequest, home: Path) -> Sandbox:
    environ = {**with_python(), **SECRETS, "HOME": str(home), "PYTHONPATH": "/some/where"}
    return await choose_sandbox(request.param, environ=environ)


@pytest.fixture
async def wall(home: Path) -> BubblewrapSandbox:
    return await BubblewrapSandbox.open(environ={**with_python(), "HOME": str(home)})


async def run(sandbox: Sandbox, command: str, work: Path, **options: Any) -> ShellResult:
    given = {"timeout_s": 30.0, "output_cap": 8_000, "log_path": work.parent / "logs" / "run.log", **options}
    return await sandbox.run(command, cwd=work, **given)


def alive(token: str) -> list[int]:
    """Processes with `token` on their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if token.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


@pytest.fixture
def nap() -> str:
    """Seconds to sleep that no other process sleeps: found on a command line it is ours."""
    return f"50.{os.getpid():08}{next(_naps):04}"


async def nothing_left(token: str) -> None:
    """SIGKILL is sent at once but takes a moment to be carried out on a busy machine."""
    for _ in range(100):
        if not alive(token):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"still alive: {alive(token)}")


ORDINARY = [
    ("echo a b | tr a-z A-Z", "A B"),
    ("cd /; cd - >/dev/null; echo one; echo two && echo three || echo four", "one\ntwo\nthree"),
    ("(cd sub 2>/dev/null || mkdir sub); ls", "sub"),
    ("cat <<'END'\n$HOME `x`\nEND", "$HOME `x`"),
    (f'{PYTHON} -c "import sys; print(1); print(sys.argv)"', "1\n['-c']"),
    ("for i in 1 2 3; do echo $i; done | paste -sd+", "1+2+3"),
    ("diff <(echo a) <(echo a) && echo same", "same"),
    ("echo x > a.txt; cat a.txt; rm a.txt", "x"),
    ("echo hi > $TMPDIR/scratch.txt && cat $TMPDIR/scratch.txt && rm $TMPDIR/scratch.txt", "hi"),
    ("touch ~/note && ls ~/note >/dev/null && echo home", "home"),
    ("cat; echo end of input", "end of input"),
    ("echo out; echo err >&2", "out\nerr"),
    ("git config user.name", "War Room agent"),
    (
        "git init -q r && cd r && touch f && git add f && git commit -qm m && git log --format=%s && cd .. && rm -r r",
        "m",
    ),
    (f"{PYTHON} -c 'import multiprocessing as m; print(m.Lock() is not None)'", "True"),
    ("mktemp >/dev/null && echo made", "made"),
    ("tty || true", "not a tty"),
]


class TestEvery:
    @pytest.mark.parametrize(("command", "expected"), ORDINARY)
    async def test_ordinary_commands_work(self, sandbox: Sandbox, work: Path, command: str, expected: str) -> None:
        result = await run(sandbox, command, work)
        assert (result.output.strip(), result.exit_code) == (expected, 0)

    async def test_exit_codes_come_through(self, sandbox: Sandbox, work: Path) -> None:
        assert (await run(sandbox, "exit 7", work)).exit_code == 7
        assert (await run(sandbox, "kill -9 $$", work)).exit_code == 137
        assert (await run(sandbox, "no-such-program", work)).exit_code == 127

    async def test_the_environment_holds_no_secret(self, sandbox: Sandbox, work: Path, home: Path) -> None:
        output = (await run(sandbox, "env; cat /proc/self/environ /proc/$PPID/environ | tr '\\0' '\\n'", work)).output
        inside = (await run(sandbox, "env", work)).output
        assert "a-value" not in inside
        assert "a-value" not in output
        assert "PYTHONPATH=/some/where" in inside
        assert "TERM=dumb" in inside
        assert "NO_COLOR=1" in inside
        assert "PYTHONDONTWRITEBYTECODE=1" in inside
        assert "\nCI=" not in inside
        assert f"HOME={home}\n" not in inside
        assert f"CARGO_HOME={home}/.cargo" in inside

    async def test_given_variables_are_passed(self, sandbox: Sandbox, work: Path) -> None:
        assert (await run(sandbox, "echo $GIVEN", work, env={"GIVEN": "yes"})).output == "yes\n"

    async def test_output_is_sanitized_and_streamed(self, sandbox: Sandbox, work: Path) -> None:
        pieces: list[str] = []
        result = await run(
            sandbox,
            r"printf '\033[31mred\033[0m \303'; sleep 0.2; printf '\251 \033]0;ti'; sleep 0.2; "
            r"printf 'tle\007 \377 end\n'",
            work,
            on_output=pieces.append,
        )
        assert result.output == "red é  \ufffd end\n"
        assert "".join(pieces) == result.output
        assert len(pieces) >= 2
        assert Path(result.log_path).read_text() == result.output

    async def test_a_long_output_keeps_head_and_tail_and_a_whole_log(self, sandbox: Sandbox, work: Path) -> None:
        pieces: list[str] = []
        result = await run(
            sandbox, "echo first; seq 1 100000; echo last", work, output_cap=2_000, on_output=pieces.append
        )
        assert result.truncated
        assert len(result.output) <= 2_000
        assert result.output.startswith("first\n1\n2\n")
        assert result.output.endswith("100000\nlast\n")
        assert "characters left out" in result.output
        assert Path(result.log_path).read_text().count("\n") == 100_002
        assert len(pieces) <= 2 + 20 * result.seconds

    async def test_the_time_limit_ends_it(self, sandbox: Sandbox, work: Path, nap: str) -> None:
        result = await run(sandbox, f"echo before; trap '' TERM; sleep {nap}; sleep {nap}", work, timeout_s=0.5)
        assert result.exit_code is None
        assert result.output == "before\n[stopped: time limit of 0.5 s]\n"
        assert result.seconds < 5
        await nothing_left(nap)

    async def test_a_background_process_does_not_hold_it_up_or_survive(
        self, sandbox: Sandbox, work: Path, nap: str
    ) -> None:
        result = await run(sandbox, f"sleep {nap} & echo started", work)
        assert result.output == "started\n"
        assert result.seconds < 5
        await nothing_left(nap)

    async def test_a_daemon_does_not_survive(self, sandbox: Sandbox, work: Path, nap: str) -> None:
        (work / "daemon.py").write_text(
            "import os, signal, time\n"
            "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
            "if os.fork(): os._exit(0)\n"
            "os.setsid()\n"
            "if os.fork(): os._exit(0)\n"
            "for fd in (0, 1, 2): os.close(fd)\n"
            "open('born', 'w').close()\n"
            "time.sleep(60)\n"
        )
        command = f"{PYTHON} daemon.py {nap}; until [ -e born ]; do sleep 0.01; done; echo parent done"
        result = await run(sandbox, command, work)
        assert result.output == "parent done\n"
        await nothing_left(nap)

    async def test_cancelling_is_over_within_a_second(self, sandbox: Sandbox, work: Path, nap: str) -> None:
        stubborn = f"trap '' TERM INT HUP; setsid sleep {nap} & setsid sh -c \"trap '' TERM; sleep {nap}\" & "
        begun = asyncio.Event()
        task = asyncio.create_task(
            run(sandbox, f"{stubborn} echo up; while :; do sleep {nap}; done", work, on_output=lambda _: begun.set())
        )
        await begun.wait()
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - started < 1
        await nothing_left(nap)

    async def test_cancelling_twice_leaves_nothing_either(self, sandbox: Sandbox, work: Path, nap: str) -> None:
        begun = asyncio.Event()
        task = asyncio.create_task(
            run(sandbox, f"trap '' TERM; echo up; while :; do sleep {nap}; done", work, on_output=lambda _: begun.set())
        )
        await begun.wait()
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await nothing_left(nap)

    async def test_many_at_once(self, sandbox: Sandbox, work: Path) -> None:
        logs = work.parent / "logs"
        results = await asyncio.gather(
            *(run(sandbox, f"echo {number}", work, log_path=logs / f"{number}.log") for number in range(8))
        )
        assert [result.output.strip() for result in results] == [str(number) for number in range(8)]

    async def test_a_folder_that_is_gone(self, sandbox: Sandbox, work: Path) -> None:
        with pytest.raises(SandboxError, match="not a folder"):
            await sandbox.run(
                "true", cwd=work / "gone", timeout_s=5, output_cap=1000, log_path=work.parent / "logs" / "run.log"
            )

    async def test_no_descriptor_is_left_open(self, sandbox: Sandbox, work: Path) -> None:
        await run(sandbox, "true", work)
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(3):
            await run(sandbox, "echo x", work)
            await run(sandbox, "sleep 5", work, timeout_s=0.05)
        assert len(os.listdir("/proc/self/fd")) <= before


async def test_a_flood_is_stopped_by_the_log_cap(work: Path) -> None:
    command = Command(
        argv=["sh", "-c", "yes"],
        cwd=work,
        env={"PATH": os.environ["PATH"]},
        timeout_s=30,
        output_cap=2_000,
        log_path=work / "log",
        log_cap=3_000_000,
    )
    result = await run_command(command)
    assert result.output.endswith("[stopped: more than 3 MB of output; send it to a file or filter it]\n")
    assert result.exit_code not in {0, None}
    assert (work / "log").stat().st_size < 4_000_000


@pytest.fixture
def server() -> Iterator[tuple[int, Callable[[], bool]]]:
    """A listening port on loopback, and whether somebody connected."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)

        def reached() -> bool:
            try:
                connection, _ = listener.accept()
            except BlockingIOError:
                return False
            connection.close()
            return True

        yield listener.getsockname()[1], reached


@pytest.fixture
def worktree(tmp_path: Path) -> Path:
    repository = tmp_path.resolve() / "the person's repo"
    tree = tmp_path.resolve() / "trees" / "T1"
    steps = [
        ["init", "-q", str(repository)],
        [
            "-C",
            str(repository),
            "-c",
            "user.name=p",
            "-c",
            "user.email=p@p",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "base",
        ],
        ["-C", str(repository), "worktree", "add", "-q", "-b", "warroom/T1-1", str(tree)],
    ]
    for step in steps:
        subprocess.run(["git", *step], check=True, capture_output=True)
    return tree


@pytest.fixture
def bystander() -> Iterator["subprocess.Popen[bytes]"]:
    """A process of the person's."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


@needs_bubblewrap
class TestWall:
    async def test_nothing_outside_can_be_written(self, wall: BubblewrapSandbox, work: Path) -> None:
        outside = work.parent / "outside.txt"
        outside.write_text("mine")
        (work / "link").symlink_to(outside)
        attempts = [
            f"echo x > {shlex.quote(str(outside))}",
            "echo x > ../outside.txt",
            "echo x > link",
            f"mkdir -p {shlex.quote(str(work.parent))} && echo x > {shlex.quote(str(outside))}",
            "echo x > /etc/warroom-was-here",
            "echo x > /usr/local/bin/warroom-was-here",
            "echo x > /run/warroom-was-here",
            "echo x > /dev/warroom-was-here",
            "mount --bind / /tmp",
            "umount /tmp; umount -l /tmp",
        ]
        for attempt in attempts:
            await run(wall, attempt, work)
        assert outside.read_text() == "mine"
        for place in ("/etc", "/usr/local/bin", "/run", "/dev", "/"):
            assert not Path(place, "warroom-was-here").exists()

    async def test_secrets_in_the_home_are_not_there(self, wall: BubblewrapSandbox, work: Path, home: Path) -> None:
        where = shlex.quote(str(home))
        reads = (
            f"cat {where}/.ssh/id_ed25519 {where}/.netrc {where}/.cargo/credentials.toml; grep -r PLANTED {where} /tmp"
        )
        result = await run(wall, f"{reads}; ls -A {where}/.ssh; {where}/.cargo/bin/mytool", work, writable=[home])
        assert "PLANTED" not in result.output
        assert result.output.endswith("the tool ran\n")
        await run(
            wall, f"rm -rf {where}/.ssh; echo x >> {where}/.netrc; mv {where}/.netrc {where}/n", work, writable=[home]
        )
        assert (home / ".ssh" / "id_ed25519").read_text() == "PLANTED"
        assert (home / ".netrc").read_text() == "PLANTED"

    async def test_tools_on_the_path_below_tmp_are_found(self, home: Path, work: Path, tmp_path: Path) -> None:
        (tools := tmp_path.resolve() / "venv" / "bin").mkdir(parents=True)
        (tmp_path / "venv" / "data").write_text("of the tool\n")
        (tmp_path / "venv" / "pyvenv.cfg").touch()
        (tools / "special").write_text('#!/bin/sh\ncat "$(dirname "$0")/../data"\n')
        (tools / "special").chmod(0o755)
        environ = {**os.environ, "HOME": str(home), "PATH": f"{tools}:{os.environ['PATH']}"}
        wall = await BubblewrapSandbox.open(environ=environ)
        result = await run(wall, f"special; ls {tmp_path}", work)
        assert result.output == "of the tool\nhome\nvenv\nwork tree é\n"

    async def test_a_symlinked_secret_is_masked_where_it_is(
        self, wall: BubblewrapSandbox, work: Path, home: Path, tmp_path: Path
    ) -> None:
        vault = tmp_path.resolve() / "vault"
        vault.mkdir()
        (vault / "config").write_text("PLANTED")
        (home / ".aws").symlink_to(vault)
        result = await run(wall, f"cat {vault}/config {home}/.aws/config", work, writable=[tmp_path])
        assert "PLANTED" not in result.output

    async def test_hidden_folders_show_only_the_worktree_in_them(self, home: Path, tmp_path: Path) -> None:
        own = tmp_path.resolve() / "warroom"
        tree = own / "worktrees" / "T1"
        tree.mkdir(parents=True)
        (own / "warroom.db").write_text("PLANTED")
        (own / "worktrees" / "T2").mkdir()
        wall = await BubblewrapSandbox.open(environ={**with_python(), "HOME": str(home)}, hidden=[own])
        result = await run(wall, f"cd {own}; find . ; echo x > warroom.db; cd - >/dev/null; echo y > result", tree)
        assert "T2" not in result.output
        assert "PLANTED" not in result.output
        assert (own / "warroom.db").read_text() == "PLANTED"
        assert (tree / "result").read_text() == "y\n"

    async def test_no_network_unless_asked_for(
        self, wall: BubblewrapSandbox, work: Path, server: tuple[int, Callable[[], bool]]
    ) -> None:
        port, reached = server
        connect = f"{PYTHON} -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}), 3)'"
        assert (await run(wall, connect, work)).exit_code != 0
        assert not reached()
        assert (await run(wall, connect, work, network=Network.ALL)).exit_code == 0
        assert reached()

    async def test_loopback_inside_works(self, wall: BubblewrapSandbox, work: Path) -> None:
        code = (
            "import socket; s = socket.create_server(('127.0.0.1', 0)); "
            "socket.create_connection(s.getsockname()); print('connected')"
        )
        assert (await run(wall, f'{PYTHON} -c "{code}"', work)).output == "connected\n"

    async def test_sockets_of_the_person_cannot_be_reached(self, wall: BubblewrapSandbox, work: Path) -> None:
        folder = Path("/run/user", str(os.getuid()))
        listing = (await run(wall, f"ls -A /run /var/run {folder} /tmp 2>/dev/null", work)).output
        assert "sock" not in listing
        assert "dbus" not in listing
        abstract = f"\0warroom-test-{os.getpid()}"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(abstract)
            listener.listen()
            code = f"import socket; socket.socket(socket.AF_UNIX).connect(chr(0) + {abstract[1:]!r})"
            assert (await run(wall, f"{PYTHON} -c {shlex.quote(code)}", work)).exit_code != 0

    async def test_other_processes_are_out_of_reach(
        self, wall: BubblewrapSandbox, work: Path, bystander: "subprocess.Popen[bytes]"
    ) -> None:
        result = await run(wall, "ls -d /proc/[0-9]* | wc -l", work)
        assert int(result.output) < 10
        assert (await run(wall, f"kill -9 {bystander.pid}", work)).exit_code != 0
        await run(wall, "kill -9 -1", work)
        assert bystander.poll() is None

    async def test_no_privilege_and_no_new_namespace(self, wall: BubblewrapSandbox, work: Path) -> None:
        output = (await run(wall, "grep -E '^(Cap(Eff|Prm|Amb)|NoNewPrivs)' /proc/self/status", work)).output
        assert output.split()[1::2] == ["0" * 16, "0" * 16, "0" * 16, "1"]

    async def test_no_descriptor_of_ours_gets_in(self, wall: BubblewrapSandbox, work: Path) -> None:
        assert (await run(wall, "ls /proc/$$/fd | sort -n | tr '\\n' ' '", work)).output.split()[:3] == ["0", "1", "2"]
        assert (await run(wall, "readlink /proc/$$/fd/*", work)).output.count("pipe:") <= 3

    async def test_git_is_readable_and_nothing_in_it_writable(self, wall: BubblewrapSandbox, worktree: Path) -> None:
        (worktree / "new.txt").write_text("x\n")
        result = await run(wall, "git status --short && git log --format=%s && git diff && git branch -a", worktree)
        assert result.exit_code == 0
        assert result.output.startswith("?? new.txt\nbase\n")
        common = worktree.parent.parent / "the person's repo" / ".git"
        before = sorted((path, path.stat().st_mtime_ns) for path in common.rglob("*"))
        attempts = [
            "git config core.hooksPath /tmp/evil",
            "git commit --allow-empty -m evil",
            "echo evil > $(git rev-parse --git-common-dir)/hooks/pre-commit",
            "git update-ref refs/heads/evil HEAD",
            "echo 'gitdir: /tmp/evil' > .git",
            "rm -f .git; mv .git moved",
        ]
        for attempt in attempts:
            assert (await run(wall, attempt, worktree)).exit_code != 0, attempt
        assert sorted((path, path.stat().st_mtime_ns) for path in common.rglob("*")) == before
        assert (worktree / ".git").read_text().startswith(f"gitdir: {common}")

    async def test_a_forged_git_file_opens_nothing(self, wall: BubblewrapSandbox, work: Path, tmp_path: Path) -> None:
        vault = tmp_path.resolve() / "vault"
        (vault / "worktrees" / "x").mkdir(parents=True)
        (vault / "objects").mkdir()
        (vault / "secret").write_text("PLANTED")
        (work / ".git").write_text(f"gitdir: {vault}/worktrees/x\n")
        result = await run(wall, f"cat {vault}/secret", work)
        assert "PLANTED" not in result.output

    @pytest.mark.parametrize("place", ["/", "/tmp", "/etc", "/dev"])
    async def test_the_system_is_never_made_writable(self, wall: BubblewrapSandbox, work: Path, place: str) -> None:
        with pytest.raises(SandboxError, match="part of the system"):
            await run(wall, "true", Path(place), log_path=work / "log")

    async def test_a_command_cannot_pretend_the_sandbox_failed(self, wall: BubblewrapSandbox, work: Path) -> None:
        result = await run(wall, "echo 'bwrap: Can not mount'; exit 1", work)
        assert result.exit_code == 1

    async def test_a_sandbox_that_cannot_be_set_up_says_so(self, wall: BubblewrapSandbox, work: Path) -> None:
        broken = BubblewrapSandbox("bwrap", ["--ro-bind", "/no/such/source", "/x"], environ=with_python())
        with pytest.raises(SandboxError, match="could not be set up"):
            await run(broken, "true", work)


class TestChoice:
    @needs_bubblewrap
    async def test_auto_takes_the_wall(self) -> None:
        sandbox = await choose_sandbox("auto")
        assert (sandbox.name, sandbox.warning) == ("bubblewrap", None)

    async def test_without_bubblewrap_auto_warns_and_asking_for_it_fails_with_the_fix(self, tmp_path: Path) -> None:
        environ = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
        sandbox = await choose_sandbox("auto", environ=environ, walls=["bubblewrap"])
        assert sandbox.name == "none"
        assert sandbox.warning is not None
        assert "commands run as you" in sandbox.warning
        with pytest.raises(SandboxUnavailable, match="apt install bubblewrap"):
            await choose_sandbox("bubblewrap", environ=environ)

    async def test_a_bubblewrap_that_does_not_work_is_noticed(self, tmp_path: Path) -> None:
        fake = tmp_path / "bwrap"
        fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
        fake.chmod(0o755)
        environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": ""}
        with pytest.raises(SandboxUnavailable, match=r"uid map: Permission denied.*sysctl"):
            await choose_sandbox("bubblewrap", environ=environ)
        warning = (await choose_sandbox("auto", environ=environ, walls=["bubblewrap"])).warning
        assert warning is not None
        assert "uid map" in warning

    @needs_landlock
    async def test_the_next_best_is_taken_and_says_why_not_the_best(self, tmp_path: Path) -> None:
        sandbox = await choose_sandbox("auto", environ={"PATH": "/nowhere", "HOME": str(tmp_path)})
        assert (sandbox.name, sandbox.wall, sandbox.warning) == ("landlock", True, None)
        assert len(sandbox.passed_over) == 1
        assert "bwrap is not installed" in sandbox.passed_over[0]

    async def test_none_is_plain_and_says_so(self) -> None:
        sandbox = await choose_sandbox("none")
        assert isinstance(sandbox, PlainSandbox)
        assert sandbox.warning is not None

    @pytest.mark.parametrize("kind", BOTH_SANDBOXES)
    async def test_an_empty_home_is_no_problem(self, kind: Any, work: Path) -> None:
        sandbox = await choose_sandbox(kind, environ={"PATH": os.environ["PATH"], "HOME": ""})
        assert (await run(sandbox, "cd && pwd >/dev/null && echo fine", work)).output == "fine\n"
