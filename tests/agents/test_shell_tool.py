"""shell_run in both sandboxes, what a model gets to see of it, and the output machinery underneath."""

import asyncio
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.permission import Ruling, Wish
from agents.settings import Network
from agents.tools.environment import child_environment, looks_secret
from agents.tools.output import OutputKeeper, StreamSanitizer
from agents.tools.sandbox import choose_sandbox
from agents.tools.shell import ShellRun
from agents.tools.tool import ToolContext, ToolError, ToolOutcome
from tests.fakes.sandboxes import BOTH_SANDBOXES

OPENS_DOORS = """
ANTHROPIC_API_KEY anthropic_auth_token OLLAMA_API_KEY AWS_PROFILE GITHUB_TOKEN GH_PAT STRIPE_KEY MY_SECRET
PGPASSWORD DB_PASS DB_PASSWD KEY_PASSPHRASE GOOGLE_APPLICATION_CREDENTIALS SSH_AUTH_SOCK DOCKER_HOST
DBUS_SESSION_BUS_ADDRESS SENTRY_DSN SLACK_WEBHOOK_URL JWT_SECRET NPM_TOKEN npm_config__authToken HF_TOKEN
OPENAI_APIKEY SESSION_COOKIE LD_PRELOAD BASH_ENV GIT_DIR GIT_CONFIG_COUNT CI WARROOM_HOME KUBECONFIG XDG_RUNTIME_DIR
DISPLAY SECRETSTUFF
"""
ORDINARY = """
PATH LANG LC_ALL TZ USER PYTHONPATH VIRTUAL_ENV JAVA_HOME GOPATH NODE_ENV SHELL CFLAGS APP_ENV PATH_INFO AUTHOR
KEYBOARD_LAYOUT COMPASS
"""


@pytest.fixture
def context(tmp_path: Path) -> ToolContext:
    root = tmp_path.resolve() / "project"
    root.mkdir()
    return ToolContext(root=root, logs=tmp_path / "logs", on_output=lambda _: None, permit=allowed)


async def allowed(wish: Wish) -> Ruling:
    return Ruling(allowed=True)


@pytest.fixture(params=BOTH_SANDBOXES)
async def shell(request: pytest.FixtureRequest) -> ShellRun:
    return ShellRun(await choose_sandbox(request.param), timeout_s=20, cap=4_000, network=Network.NONE)


async def sh(shell: ShellRun, context: ToolContext, command: str) -> ToolOutcome:
    return await shell.run({"command": command}, context)


async def test_the_model_sees_exit_code_and_output(shell: ShellRun, context: ToolContext) -> None:
    good = await sh(shell, context, "echo hello")
    assert (good.ok, good.exit_code, good.content) == (True, 0, "exit code 0\nhello\n")
    bad = await sh(shell, context, "echo problem >&2; exit 3")
    assert (bad.ok, bad.exit_code, bad.content) == (False, 3, "exit code 3\nproblem\n")
    assert bad.summary.startswith("exit code 3, ")
    quiet = await sh(shell, context, "true")
    assert quiet.content == "exit code 0\n(no output)"


async def test_the_time_limit_is_said(context: ToolContext) -> None:
    shell = ShellRun(await choose_sandbox("none"), timeout_s=0.3, cap=4_000, network=Network.NONE)
    outcome = await sh(shell, context, "sleep 30")
    assert not outcome.ok
    assert outcome.exit_code is None
    assert outcome.content == "stopped\n[stopped: time limit of 0.3 s]\n"


async def test_every_command_has_a_log_of_its_own(shell: ShellRun, context: ToolContext) -> None:
    outcomes = await asyncio.gather(*(sh(shell, context, f"echo {number}") for number in range(4)))
    logs = [outcome.log_path for outcome in outcomes]
    assert len(set(logs)) == 4
    assert [Path(log).read_text() for log in logs] == ["0\n", "1\n", "2\n", "3\n"]
    assert all(Path(log).stat().st_mode & 0o077 == 0 for log in logs)


async def test_files_written_by_one_command_are_there_for_the_next(shell: ShellRun, context: ToolContext) -> None:
    await sh(shell, context, "mkdir -p a/b && echo x > a/b/c")
    assert (await sh(shell, context, "cat a/b/c")).content == "exit code 0\nx\n"
    assert (context.root / "a/b/c").read_text() == "x\n"


@pytest.mark.parametrize(("command", "said"), [("  ", "empty"), ("a\0b", "NUL"), ("x" * 200_000, "too long")])
async def test_commands_that_cannot_run_are_refused(context: ToolContext, command: str, said: str) -> None:
    shell = ShellRun(await choose_sandbox("none"), timeout_s=5, cap=4_000, network=Network.NONE)
    with pytest.raises(ToolError, match=said):
        await sh(shell, context, command)


@pytest.mark.parametrize(
    "name",
    OPENS_DOORS.split(),
)
def test_variables_that_open_doors_are_dropped(name: str) -> None:
    assert "planted" not in child_environment({name: "planted"}, home="/h").values()


@pytest.mark.parametrize(
    "name",
    ORDINARY.split(),
)
def test_ordinary_variables_stay(name: str) -> None:
    assert child_environment({name: "kept"}, home="/h")[name] == "kept"


@pytest.mark.parametrize(
    "value",
    [
        "sk-ant-api03-abcdefghijklmnop",
        "ghp_abcdefghijklmnopqrstuvwxyz",
        "AKIAABCDEFGHIJKLMNOP",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "https://user:hunter2@example.org/x",
        "redis://:hunter2@cache",
    ],
)
def test_values_that_are_keys_are_dropped_whatever_their_name(value: str) -> None:
    assert looks_secret("PLAIN", value)
    assert not looks_secret("PLAIN", "https://example.org/path@2x:1")


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_no_chunking_lets_a_control_character_through(chunks: list[bytes]) -> None:
    sanitizer = StreamSanitizer()
    text = "".join(sanitizer.feed(chunk) for chunk in chunks) + sanitizer.flush()
    assert all(unicodedata.category(char) != "Cc" or char in "\n\t" for char in text)


@given(st.text(alphabet="ab\n\r\x1b[];m31é€\x07\x9d\x9c\\", max_size=60), st.integers(1, 5))
def test_text_is_the_same_however_it_is_cut(text: str, size: int) -> None:
    data = text.encode()
    whole, cut = StreamSanitizer(), StreamSanitizer()
    expected = whole.feed(data) + whole.flush()
    pieces = [cut.feed(data[start : start + size]) for start in range(0, len(data), size)]
    assert "".join(pieces) + cut.flush() == expected


@pytest.mark.parametrize("chunk", [1, 7, 1000])
async def test_the_kept_output_is_head_and_tail(tmp_path: Path, chunk: int) -> None:
    text = "".join(f"{number}\n" for number in range(2_000))
    data = text.encode()
    with OutputKeeper(tmp_path / "log", 1_000, lambda _: None) as keeper:
        for start in range(0, len(data), chunk):
            keeper.feed(data[start : start + chunk])
    kept, truncated = keeper.text()
    head, _, tail = kept.partition("\n[…")
    assert truncated
    assert len(kept) <= 1_000
    assert text.startswith(head)
    assert text.endswith(tail.partition("…]\n")[2])
    assert (tmp_path / "log").read_text() == text


async def test_a_flood_calls_back_at_most_twenty_times_a_second(tmp_path: Path) -> None:
    pieces: list[tuple[float, int]] = []
    loop = asyncio.get_running_loop()
    with OutputKeeper(tmp_path / "log", 1_000, lambda text: pieces.append((loop.time(), len(text)))) as keeper:
        end = loop.time() + 0.4
        while loop.time() < end:
            keeper.feed(b"x" * 10_000)
            await asyncio.sleep(0)
    gaps = [later[0] - earlier[0] for earlier, later in zip(pieces[:-1], pieces[1:-1], strict=False)]
    assert len(pieces) >= 3
    assert min(gaps) >= 0.05
    assert max(size for _, size in pieces) < 17_000


async def test_a_log_is_never_written_through_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("mine")
    (tmp_path / "log").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic links"):
        OutputKeeper(tmp_path / "log", 1_000, lambda _: None)
    assert (tmp_path / "target").read_text() == "mine"
    assert os.path.islink(tmp_path / "log")
