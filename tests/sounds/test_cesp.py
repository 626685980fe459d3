"""Packs of strangers: what is read, what is left out, what is refused, and that it is told with file and key."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from packs import WAV, make_pack

from sounds.cesp.finding import NoSuchPack, find, installed, places, script_of
from sounds.cesp.problems import PackError
from sounds.cesp.reading import read_pack


def manifest_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "openpeon.json").read_text())
    return found


def sound(name: str, **more: object) -> dict[str, object]:
    return {"file": name, "label": "Hm?", **more}


def with_sound(tmp_path: Path, name: str, **more: object) -> str:
    """What is told of a pack whose one sound is called `name`."""
    folder = make_pack(tmp_path, categories={"task.error": {"sounds": [sound(name, **more)]}})
    pack = read_pack(folder)
    assert pack.category("task.error") == () or not pack.problems
    return "\n".join(str(problem) for problem in pack.problems)


def test_a_pack_is_read(tmp_path: Path) -> None:
    pack = read_pack(make_pack(tmp_path))
    assert (pack.name, pack.display_name, pack.version, pack.problems) == ("peon", "Orc Peon", "1.0.0", ())
    (clip,) = pack.category("task.complete")
    assert (clip.label, clip.seconds) == ("Work complete.", pytest.approx(0.1))
    assert pack.category("session.end") == (), "a category that is missing is silence"


def test_aliases_lead_to_categories(tmp_path: Path) -> None:
    legacy = {"complete": {"sounds": [sound("sounds/done.wav")]}}
    aliases = {"complete": "task.complete", "error": "task.error"}
    pack = read_pack(make_pack(tmp_path, categories=legacy, category_aliases=aliases))
    assert len(pack.category("complete")) == len(pack.category("task.complete")) == 1
    assert pack.category("task.error") == ()
    now = read_pack(make_pack(tmp_path / "new", category_aliases={"complete": "task.complete"}))
    assert now.category("complete") == now.category("task.complete")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"cesp_version": "2.0"}, "openpeon.json: cesp_version: it is '2.0': it must be \"1.0\"."),
        ({"name": "Orc Peon"}, "name: it is 'Orc Peon'"),
        ({"name": "../up"}, "name: it is '../up'"),
        ({"version": "one"}, "version: it is 'one': it must be a version like 1.0.0."),
        ({"display_name": ""}, "display_name"),
        ({"display_name": 7}, "display_name: it is 7"),
        ({"categories": None}, "categories"),
        ({"categories": []}, "categories: it must be an object."),
        ({"categories": {"task.completed": {"sounds": []}}}, "categories.task.completed: there is no such category"),
        ({"categories": {"task.completed": {"sounds": []}}}, "Did you mean task.complete?"),
        ({"category_aliases": {"done": "task.finished"}}, "category_aliases.done: 'task.finished' is no category."),
    ],
)
def test_a_manifest_that_is_none_is_refused_with_its_key(changes: dict[str, object], told: str, tmp_path: Path) -> None:
    folder = make_pack(tmp_path, **changes)
    with pytest.raises(PackError, match=".") as caught:
        read_pack(folder)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "line 1: not valid JSON"),
        ("[]", "it must hold an object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"name": ' + "9" * 5000 + "}", "a number too long"),
        ("\x00", "not valid JSON"),
        (" " * 1_000_001, "longer than 1,000,000 bytes"),
    ],
    ids=["open", "list", "deep", "long-number", "null-byte", "large"],
)
def test_json_from_a_stranger(text: str, told: str, tmp_path: Path) -> None:
    folder = make_pack(tmp_path)
    (folder / "openpeon.json").write_text(text)
    with pytest.raises(PackError) as caught:
        read_pack(folder)
    assert told in str(caught.value)
    (folder / "openpeon.json").write_bytes(b'{"name": "\xff"}')
    with pytest.raises(PackError, match="not UTF-8"):
        read_pack(folder)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("../done.wav", "leads out of the pack"),
        ("sounds/../../x.wav", "leads out of the pack"),
        ("/etc/passwd", "relative to the pack"),
        ("C:/x.wav", "relative to the pack"),
        ("sounds\\done.wav", "write / instead of \\"),
        ("sounds/work complete.wav", "only letters"),
        ("sounds/ärger.wav", "only letters"),
        ("sounds//done.wav", "only letters"),
        ("./sounds/done.wav", "only letters"),
        ("sounds/\x1b]0;owned\x07.wav", "only letters"),
        ("sounds/none.wav", "the file is not there"),
        ("sounds", "it is no regular file"),
        ("sounds/text.wav", "it is no wav file"),
        ("sounds/riff.wav", "it is no wav file"),
        ("sounds/done.flac", "only .wav, .mp3 and .ogg"),
        ("sounds/large.wav", "at most 1,000,000 are allowed"),
        ("sounds/pipe.wav", "no regular file"),
        ("sounds/out.wav", "a link leads out of it"),
        ("sounds/round.wav", "a link leads out of it"),
        ("up/out.wav", "a link leads out of it"),
    ],
)
def test_a_sound_that_is_none_is_left_out_and_told(name: str, told: str, tmp_path: Path) -> None:
    folder = make_pack(tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "out.wav").write_bytes(WAV)
    inside = folder / "sounds"
    (inside / "text.wav").write_text("#!/bin/sh\n")
    (inside / "riff.wav").write_bytes(b"RIFF\0\0\0\0AVI ")
    (inside / "done.flac").write_bytes(b"fLaC")
    (inside / "large.wav").write_bytes(WAV + bytes(1_000_000))
    os.mkfifo(inside / "pipe.wav")
    (inside / "out.wav").symlink_to(outside / "out.wav")
    (inside / "round.wav").symlink_to("round.wav")
    (folder / "up").symlink_to(outside)
    said = with_sound(tmp_path, name)
    assert said.startswith("openpeon.json: categories.task.error.sounds[0].file: ")
    assert told in said
    assert "\x1b" not in said


@pytest.mark.parametrize("head", [b"ID3\x04", b"\xff\xfb\x90", b"\xff\xf3\x90", b"\xff\xf2\x90"])
def test_what_mp3_begins_with(head: bytes, tmp_path: Path) -> None:
    folder = make_pack(tmp_path)
    (folder / "sounds" / "a.mp3").write_bytes(head + bytes(16_000))
    assert with_sound(tmp_path, "sounds/a.mp3") == ""
    (clip,) = read_pack(folder).category("task.error")
    assert clip.seconds == pytest.approx(1, abs=0.01)
    (folder / "sounds" / "a.ogg").write_bytes(head)
    assert "no ogg file" in with_sound(tmp_path, "sounds/a.ogg")
    (folder / "sounds" / "a.ogg").write_bytes(b"OggS\0")
    assert with_sound(tmp_path, "sounds/a.ogg") == ""


def test_a_digest_must_agree(tmp_path: Path) -> None:
    assert "not what sha256 says" in with_sound(tmp_path, "sounds/done.wav", sha256="0" * 64)


@pytest.mark.parametrize("table", [[], {"sounds": {}}, {"sounds": ["a.wav"]}, {"sounds": [{"label": "x"}]}, None])
def test_tables_of_another_shape_are_told(table: object, tmp_path: Path) -> None:
    pack = read_pack(make_pack(tmp_path, categories={"task.error": table}))
    assert pack.problems
    assert pack.category("task.error") == ()


def test_labels_are_made_harmless(tmp_path: Path) -> None:
    label = "Wo\x1b]52;c;aGk=\x07rk\u202e\ncomplete"
    folder = make_pack(
        tmp_path, categories={"task.complete": {"sounds": [sound("sounds/done.wav") | {"label": label}]}}
    )
    (clip,) = read_pack(folder).category("task.complete")
    assert clip.label == "Wo ]52;c;aGk= rk complete"


def test_packs_are_found_where_other_tools_put_them(tmp_path: Path) -> None:
    home, repository = tmp_path / "home", tmp_path / "shop"
    make_pack(home / ".openpeon" / "packs")
    make_pack(repository / ".openpeon" / "packs", name="ours")
    (home / ".openpeon" / "packs" / "broken").mkdir()
    (home / ".openpeon" / "packs" / "broken" / "openpeon.json").write_text("{")
    at = places(home, repository)
    found = {one.name: one for one in installed(at)}
    assert list(found) == ["vesper", "broken", "peon", "ours"]
    assert found["broken"].pack is None
    assert "not valid JSON" in str(found["broken"].error)
    assert find("ours", at).name == "ours"
    for name in ("none", "../shop", "", "a/b"):
        with pytest.raises(NoSuchPack):
            find(name, at)


def test_a_broken_pack_breaks_nothing(tmp_path: Path) -> None:
    broken = make_pack(tmp_path / ".openpeon" / "packs", version="x")
    script, warning = script_of("peon", places(tmp_path))
    assert script.lines("task.proven")
    assert "The sound pack peon cannot be used; vesper speaks instead." in warning
    assert "version" in warning
    make_pack(tmp_path / ".openpeon" / "packs")
    script, warning = script_of("peon", places(tmp_path))
    assert warning == ""
    assert [clip.label for clip in script.lines("task.verified")] == ["Work complete."]
    assert script.lines("task.posted") == script.lines("task.failed") == ()
    assert script.effect("klaxon") is not None, "the klaxon is our own where a pack has none"
    assert broken.exists()
