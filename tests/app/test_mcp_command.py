"""`warroom mcp` as a person meets it: registrations that are printed, and what its import costs the others: nothing."""

import json
import shlex
from pathlib import Path

import pytest
from command_line import CommandLine

from agents.configuration import load_settings
from tests.test_import_hygiene import loaded_after


async def test_registrations_are_printed_with_the_absolute_command(tmp_path: Path) -> None:
    shell = CommandLine(tmp_path)
    claude = await shell("mcp", "--print", "claude")
    assert claude.code == 0
    added = shlex.split(claude.out)
    assert added[:5] == ["claude", "mcp", "add", "warroom", "--"]
    command = added[5:]
    assert command[-1] == "mcp"
    assert all(Path(part).is_absolute() for part in command[:-1])
    assert "--scope user" in claude.err
    assert not list(tmp_path.glob("config/**/*"))


@pytest.mark.parametrize(("client", "table"), [("cursor", "mcpServers"), ("OpenCode", "mcp")])
async def test_other_clients_get_json(tmp_path: Path, client: str, table: str) -> None:
    done = await CommandLine(tmp_path).here("mcp", "--print", client)
    server = json.loads(done.out)[table]["warroom"]
    assert done.code == 0
    assert "mcp" in (server["args"] if client == "cursor" else server["command"])


async def test_an_unknown_client_is_a_usage_error(tmp_path: Path) -> None:
    done = await CommandLine(tmp_path).here("mcp", "--print", "cursr")
    assert done.code == 2
    assert "claude, cursor, opencode" in done.err
    assert "Did you mean cursor?" in done.err


def test_the_command_imports_nothing_of_the_protocol() -> None:
    assert not loaded_after("import app.commands.mcp, app.commands.mcp_registration") & {"mcp", "mcp_types", "anyio"}


def test_a_repositorys_file_that_allows_merging_is_pointed_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "warroom.toml").write_text("[mcp]\naccept = true\n")
    found = load_settings(tmp_path, home=tmp_path / "home", environ={})
    assert any("mcp.accept" in warning for warning in found.warnings)
