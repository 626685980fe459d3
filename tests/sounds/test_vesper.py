"""War Room's own pack: what the specification asks, what the ear asks, and that nothing is there twice or in vain."""

import hashlib
import json
import re
import wave
from array import array
from pathlib import Path

import pytest
from loudness import loudness

import sounds
from sounds.cesp.finding import script_of
from sounds.cesp.reading import read_pack
from sounds.signals import CATEGORIES, EVENTS

ROOT = Path(sounds.__file__).parent / "packs" / "vesper"


def test_it_is_a_valid_pack_by_the_letter_of_the_specification() -> None:
    manifest = json.loads((ROOT / "openpeon.json").read_text())
    allowed = {
        *("cesp_version", "name", "display_name", "version", "description", "author", "license", "language"),
        *("homepage", "tags", "preview", "min_player_version", "categories", "category_aliases"),
    }
    assert set(manifest) <= allowed, "its schema allows nothing else: our own table is a file of its own"
    assert (manifest["cesp_version"], manifest["name"], manifest["license"]) == ("1.0", "vesper", "CC0-1.0")
    assert set(manifest["categories"]) <= set(CATEGORIES)
    assert set(CATEGORIES[:6]) <= set(manifest["categories"]), "every core category"
    for category in manifest["categories"].values():
        for sound in category["sounds"]:
            assert set(sound) == {"file", "label", "sha256"}
            assert re.fullmatch(r"[a-zA-Z0-9._/-]+", sound["file"])
            assert 0 < len(sound["label"]) <= 256
            assert hashlib.sha256((ROOT / sound["file"]).read_bytes()).hexdigest() == sound["sha256"]


def test_manifest_and_files_agree() -> None:
    pack = read_pack(ROOT)
    assert pack.problems == ()
    assert {clip.file for clip in pack.clips} == set((ROOT / "sounds").iterdir())
    assert {path.name for path in ROOT.iterdir()} == {
        *("openpeon.json", "warroom.json", "CREDITS.md", "LICENSE", "sounds")
    }
    assert sum(path.stat().st_size for path in ROOT.rglob("*") if path.is_file()) < 2.5 * 2**20
    assert "Kokoro-82M by hexgrad, Apache-2.0" in (ROOT / "CREDITS.md").read_text()


def test_every_clip_is_short_mono_and_as_loud_as_the_others() -> None:
    levels: dict[str, float] = {}
    for path in (ROOT / "sounds").iterdir():
        with wave.open(str(path), "rb") as file:
            assert (file.getnchannels(), file.getsampwidth()) == (1, 2), path.name
            assert file.getnframes() / file.getframerate() < 4, path.name
            rate, samples = file.getframerate(), array("h", file.readframes(file.getnframes()))
        levels[path.name] = loudness([sample / 32_768 for sample in samples], rate)
    mean = sum(levels.values()) / len(levels)
    assert {name: level for name, level in levels.items() if abs(level - mean) > 3} == {}


def test_loudness_is_measured_as_the_standard_says() -> None:
    """A full-scale sine of 997 Hz has -3.01 LUFS, by definition."""
    from math import pi, sin

    tone = [sin(2 * pi * 997 * n / 48_000) for n in range(48_000)]
    assert loudness(tone, 48_000) == pytest.approx(-3.01, abs=0.05)


def test_every_event_has_its_own_words_or_says_nothing() -> None:
    script, warning = script_of("vesper", ())
    assert warning == ""
    pack = read_pack(ROOT)
    by_category = {event for event, signal in EVENTS.items() if signal.category and event not in pack.events}
    assert by_category == {"app.ended"}, "a category's words would say of these what is not so"
    assert {signal.effect for signal in EVENTS.values() if script.effect(signal.effect) is None} == {""}
    assert script.voices == ["am_fenrir", "am_michael", "bm_george"]
    assert not any("green" in clip.label.lower() for clip in script.lines("task.unverified"))
    assert not any("proven" in clip.label.lower() for clip in script.lines("task.verified"))
