"""`warroom sounds`: list, test, use, add, from a shell."""

import json
from pathlib import Path
from zipfile import ZipFile

import pytest
from command_line import CommandLine

from sounds.signals import EVENTS
from tests.sounds.packs import make_pack


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    """A person with a home of their own and no sound card."""
    home = tmp_path / "person"
    home.mkdir()
    return CommandLine(tmp_path, HOME=str(home), WARROOM_SOUND__BACKEND="bell", PULSE_SERVER="unix:/nowhere")


async def test_list_shows_what_is_installed_and_what_is_wrong(shell: CommandLine, tmp_path: Path) -> None:
    make_pack(tmp_path / "person" / ".openpeon" / "packs", version="one", name="broken")
    make_pack(shell.folder / ".openpeon" / "packs")
    done = await shell.here("sounds", "list")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[1].split() == ["▸", "vesper", "1.0.0", "Vesper", "59", "CC0-1.0", "built", "in"]
    assert "openpeon.json: version: it is 'one'" in lines[2]
    assert "this repository's" in lines[3]
    rows = (await shell.here("sounds", "list", "--json")).rows()
    assert [(row["name"], row["in_use"], bool(row["problems"])) for row in rows] == [
        *(("vesper", True, False), ("broken", False, True), ("peon", False, False))
    ]


async def test_test_plays_each_event_once_and_prints_captions(shell: CommandLine) -> None:
    done = await shell.here("sounds", "test")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == list(EVENTS)
    assert "agent.loop          70  [klaxon]" in done.out
    assert '"Budget exhausted. New operations are on hold."' in done.out
    assert "Nothing is heard here: bell only. Captions only." in done.err
    one = await shell.here("sounds", "test", "merge.done")
    assert one.out == 'merge.done          60  [fanfare]  advisor: "Merge complete. Main branch updated."\n'


async def test_with_no_sound_card_nothing_but_the_captions_is_printed(shell: CommandLine) -> None:
    shell.environ |= {"WARROOM_SOUND__BACKEND": "auto", "ALSA_CONFIG_PATH": "/dev/null", "PATH": "/nowhere"}
    done = await shell("sounds", "test", "task.failed")
    assert (done.code, len(done.out.splitlines()), len(done.err.splitlines())) == (0, 1, 1)
    assert "ALSA" not in done.err


async def test_use_saves_the_pack(shell: CommandLine, tmp_path: Path) -> None:
    make_pack(tmp_path / "person" / ".openpeon" / "packs")
    done = await shell.here("sounds", "use", "peon")
    assert (done.code, done.out.split(":")[0]) == (0, "peon")
    assert 'pack = "peon"' in (tmp_path / "config" / "warroom" / "config.toml").read_text()
    done = await shell.here("sounds", "test", "task.proven")
    assert done.out.endswith('"Work complete."\n')


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("use", "vespr"), "no sound pack 'vespr' is installed. Installed: vesper. Did you mean vesper?"),
        (("use", "../x"), "no sound pack '../x' is installed"),
        (("test", "task.provn"), "Did you mean task.proven?"),
        (("test", "--pack", "peon"), "no sound pack 'peon'"),
        (("add", "nowhere.zip"), "nowhere.zip: there is no such folder or zip"),
    ],
)
async def test_mistakes_are_told(arguments: tuple[str, ...], told: str, shell: CommandLine) -> None:
    done = await shell.here("sounds", *arguments)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


async def test_add_checks_and_copies(shell: CommandLine, tmp_path: Path) -> None:
    folder = make_pack(tmp_path)
    place = tmp_path / "person" / ".openpeon" / "packs" / "peon"
    done = await shell.here("sounds", "add", str(folder))
    assert done.code == 0
    assert json.loads((place / "openpeon.json").read_text())["name"] == "peon"
    again = await shell.here("sounds", "add", str(folder))
    assert (again.code, again.out) == (2, "")
    assert "--replace" in again.err
    assert (await shell.here("sounds", "add", str(folder), "--replace", "--here")).code == 0
    assert (shell.folder / ".openpeon" / "packs" / "peon").is_dir()


async def test_a_hostile_zip_is_refused_with_file_and_key(shell: CommandLine, tmp_path: Path) -> None:
    with ZipFile(tmp_path / "evil.zip", "w") as file:
        file.writestr("../../.bashrc", "echo owned")
    done = await shell.here("sounds", "add", str(tmp_path / "evil.zip"))
    assert done.code == 2
    assert done.err == "warroom: evil.zip: ../../.bashrc: the path leads out of the pack.\n"
