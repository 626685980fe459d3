"""`warroom doctor`: every finding with its fix, and an exit code that says whether a task could run."""

import sys
from pathlib import Path

import pytest

from tests.app.command_line import CommandLine
from tests.fakes.ollama_server import FakeOllama
from tests.fakes.sandboxes import needs_landlock


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


async def test_all_is_well_with_a_served_model(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        done = await shell.here("doctor", "--json")
    assert done.code == 0, done.out
    found = {row["name"]: row for row in done.rows()}
    assert found["tier local"]["status"] == "ok"
    assert found["tier haiku"]["usable"] is False
    for name in ("python", "git", "repository", "home", "configuration", "terminal"):
        assert found[name]["status"] == "ok", found[name]


async def test_without_a_model_no_task_could_run_and_the_fix_is_told(shell: CommandLine) -> None:
    done = await shell.here("doctor")
    assert done.code == 3
    assert "No task could run now" in done.out
    assert "ollama serve" in done.out
    async with FakeOllama() as ollama:
        shell.environ |= {"OLLAMA_HOST": ollama.url, "WARROOM_TIERS__LOCAL__MODEL": "other:7b"}
        done = await shell.here("doctor")
    assert done.code == 3
    assert "warroom models pull other:7b" in done.out


async def test_the_credential_is_named_and_never_shown(shell: CommandLine) -> None:
    shell.environ |= {"ANTHROPIC_API_KEY": "sk-very-secret", "ANTHROPIC_BASE_URL": "http://me:pass@127.0.0.1:9"}
    done = await shell.here("doctor", "--json")
    assert done.code == 0
    found = {row["name"]: row for row in done.rows()}
    assert found["claude"]["detail"].startswith("ANTHROPIC_API_KEY will be billed")
    assert "secret" not in done.out + done.err
    assert "pass" not in found["claude"]["detail"]


@needs_landlock
async def test_the_wall_its_gaps_and_what_would_be_tighter(shell: CommandLine) -> None:
    shell.environ |= {"WARROOM_SANDBOX__KIND": "landlock", "WARROOM_SANDBOX__PROCESSES": "77"}
    done = await shell.here("doctor")
    assert "landlock, network none, 4096 MB, 77 processes" in done.out
    assert "cannot hold: a command can see that a file or process outside exists" in done.out


async def test_the_open_field_is_a_warning_with_its_fix(shell: CommandLine) -> None:
    shell.environ["WARROOM_SANDBOX__KIND"] = "none"
    done = await shell.here("doctor", "--json")
    (wall,) = [row for row in done.rows() if row["name"] == "sandbox"]
    assert wall["status"] == "warn"
    assert wall["detail"].startswith("OPEN FIELD: ")
    assert wall["fix"].startswith('Set [sandbox] kind = "auto".')
    assert wall["gaps"] == ["everything a command does, it does as you"]


async def test_a_wall_that_is_asked_for_and_is_not_here_is_a_failure(shell: CommandLine) -> None:
    shell.environ["WARROOM_SANDBOX__KIND"] = "landlock" if sys.platform == "darwin" else "sandbox-exec"
    done = await shell.here("doctor", "--json")
    (wall,) = [row for row in done.rows() if row["name"] == "sandbox"]
    assert wall["status"] == "fail"
    assert 'kind = "auto"' in wall["fix"]
    assert done.code == 3


async def test_a_wrong_configuration_is_a_finding(shell: CommandLine) -> None:
    own = Path(shell.environ["XDG_CONFIG_HOME"], "warroom", "config.toml")
    own.parent.mkdir(parents=True)
    own.write_text("[cooldown]\nrest = 3\n")
    done = await shell.here("doctor", "--json")
    assert done.code == 3
    (wrong,) = [row for row in done.rows() if row["name"] == "configuration"]
    assert wrong["status"] == "fail"
    assert "line 2" in wrong["detail"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[cooldown]\nrest = 3\n", "line 2: there is no setting cooldown.rest"),
        ("[sandbox]\nkind = 'none'\n", "not obeyed (this folder is not trusted): it sets sandbox.kind"),
    ],
)
async def test_what_a_folder_that_is_not_trusted_asks_for_is_told(shell: CommandLine, text: str, says: str) -> None:
    (shell.folder / "warroom.toml").write_text(text)
    found = {row["name"]: row for row in (await shell.here("doctor", "--json")).rows()}
    assert found["configuration"]["status"] == "warn"
    assert says in found["configuration"]["detail"]
    shell.environ["WARROOM_SANDBOX__KIND"] = "none"
    found = {row["name"]: row for row in (await shell.here("doctor", "--json")).rows()}
    assert "nothing of it is run" in found["sandbox"]["detail"]
    assert "`warroom trust`" in found["sandbox"]["fix"]


async def test_a_damaged_database_is_moved_aside_only_on_request(shell: CommandLine) -> None:
    shell.home.mkdir()
    database = shell.home / "warroom.db"
    database.write_bytes(b"this is no database" * 500)
    sick = await shell.here("doctor")
    assert sick.code == 3
    assert "warroom doctor --move-aside" in sick.out
    assert (await shell.here("board")).code == 3
    assert database.read_bytes().startswith(b"this is no database")
    mended = await shell.here("doctor", "--move-aside")
    assert mended.code == 0
    assert len(list(shell.home.glob("warroom.damaged-*.db"))) == 1
    assert (await shell.here("board")).code == 0
    refused = await shell.here("doctor", "--move-aside")
    assert refused.code == 2
    assert "is not damaged" in refused.err
