"""[sound]: what can be said there, and how a slip of the pen is told."""

from pathlib import Path

import pytest

from agents.configuration import ConfigurationError, load_settings
from agents.settings import Sound


def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str = "", **variables: str) -> Sound:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "warroom").mkdir(parents=True, exist_ok=True)
    (tmp_path / "config" / "warroom" / "config.toml").write_text(f"[sound]\n{text}\n")
    return load_settings(None, home=tmp_path / "home", environ=variables).settings.sound


def test_the_defaults_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = loaded(tmp_path, monkeypatch)
    assert (sound.enabled, sound.muted, sound.volume, sound.pack, sound.backend) == (
        "ask",
        False,
        0.7,
        "vesper",
        "auto",
    )


def test_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'enabled = true\nmute = ["task.posted", "task.error"]\nquiet_hours = "22:00-07:30"\nverbosity = "needs-you"'
    sound = loaded(tmp_path, monkeypatch, text, WARROOM_SOUND__VOLUME="0.25", WARROOM_SOUND__BACKEND="simpleaudio")
    assert (sound.enabled, sound.volume, sound.backend) == (True, 0.25, "simpleaudio")
    assert sound.mute == ("task.posted", "task.error")
    assert loaded(tmp_path, monkeypatch, WARROOM_SOUND__ENABLED="false").enabled is False
    assert loaded(tmp_path, monkeypatch, WARROOM_SOUND__MUTE='["task.error"]').mute == ("task.error",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('enabled = "maybe"', "line 2: sound.enabled is 'maybe'"),
        ("volume = 70", "line 2: sound.volume is 70: "),
        ('mute = ["task.postd"]', "Did you mean 'task.posted'?"),
        ('quiet_hours = "at night"', "it must be like 22:00-07:00, or empty"),
        ('quiet_hours = "25:00-07:00"', "it must be like 22:00-07:00, or empty"),
        ('pack = "../x"', "sound.pack is '../x'"),
        ('verbosity = "loud"', "sound.verbosity is 'loud': it must be 'all', 'important' or 'needs-you'"),
        ('backnd = "bell"', "there is no setting sound.backnd. Did you mean backend?"),
    ],
)
def test_slips_are_told_with_line_and_key(
    text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, monkeypatch, text)
    assert told in str(caught.value)
