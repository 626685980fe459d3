"""`warroom config`: what is in force, where it came from, and a file to begin with."""

import json
import tomllib
from pathlib import Path

import pytest

from agents.settings import Settings
from app.cli import run
from app.commands.example_config import example


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository to stand in, with a home and a user's configuration of its own."""
    folder = tmp_path / "shop"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return folder


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_show_tells_every_value_and_its_origin(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "warroom.toml").write_text('\n[check]\ncommand = "make verify"\n')
    assert run(["trust", "--yes"]) == 0
    capsys.readouterr()
    assert run(["config", "show", "--json"]) == 0
    shown = {row["key"]: row for row in rows(capsys)}
    assert shown["check.command"] == {"key": "check.command", "value": "make verify", "origin": "warroom.toml:3"}
    assert shown["tiers.local.band"]["value"] == [1, 6]
    assert shown["tiers.local.band"]["origin"] == "default"


def test_show_for_a_person_can_leave_the_defaults_out(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "deep").mkdir()
    (repository / "warroom.toml").write_text("[cooldown]\nrest_s = 9\n")
    assert run(["trust", "--yes"]) == 0
    capsys.readouterr()
    monkeypatch.chdir(repository / "deep")
    monkeypatch.setenv("WARROOM_SCREEN__ASCII", "true")
    assert run(["config", "show", "--changed"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["cooldown.rest_s", "9.0", "warroom.toml:2"],
        ["screen.ascii", "True", "WARROOM_SCREEN__ASCII"],
    ]


def test_a_wrong_file_is_a_usage_error_that_leads_to_the_fix(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "warroom.toml").write_text("[cooldown]\nrest = 9\n")
    assert run(["config", "show", "--trust"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert f"{repository / 'warroom.toml'}, line 2: there is no setting cooldown.rest. Did you mean rest_s?" in told.err


def test_a_repository_file_that_is_not_obeyed_is_told(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "warroom.toml").write_text('[sandbox]\nkind = "none"\n')
    assert run(["config", "show", "--json"]) == 0
    assert (
        "warroom.toml of this repository is not obeyed (this folder is not trusted): it sets sandbox.kind"
        in capsys.readouterr().err
    )


def test_path_says_where_things_lie(repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "path", "--json"]) == 0
    assert {row["what"]: row["path"] for row in rows(capsys)} == {
        "config": str(tmp_path / "config" / "warroom" / "config.toml"),
        "repository": str(repository / "warroom.toml"),
        "home": str(tmp_path / "home"),
    }


def test_init_writes_once_and_never_over_a_file(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "config" / "warroom" / "config.toml"
    assert run(["config", "init"]) == 0
    assert capsys.readouterr().out.strip() == str(place)
    assert run(["config", "show", "--changed"]) == 0
    assert capsys.readouterr().out == ""
    place.write_text("# mine\n")
    assert run(["config", "init"]) == 2
    assert place.read_text() == "# mine\n"
    assert run(["config", "init", "--here"]) == 0
    assert (repository / "warroom.toml").read_text() == example()


def test_every_line_of_the_example_is_the_default() -> None:
    unset = {"command", "quit"}
    lines = [line[2:] if line.startswith("# ") and " = " in line else line for line in example().splitlines()]
    head = lines.index("[budget]")
    values = tomllib.loads("\n".join(line for line in lines[head:] if line.split(" = ")[0] not in unset))
    defaults = Settings().model_dump(mode="json")

    def differing(given: dict[str, object], default: dict[str, object]) -> list[str]:
        found = []
        for key, value in given.items():
            inner = default[key]
            if isinstance(value, dict) and isinstance(inner, dict):
                found += differing(value, inner)
            elif value != inner:
                found.append(key)
        return found

    assert differing(values, defaults) == []
    assert set(values) == set(defaults)
