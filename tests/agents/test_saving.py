"""One value of a settings file is changed, and nothing else."""

import os
import tomllib
from pathlib import Path

import pytest

from agents.configuration import ConfigurationError
from agents.configuration.saving import save_value

FILE = """\
# mine
[budget]
daily_usd = 3  # three

[sound]
# volume = 0.5
mute = [
  "task.posted",  # too often
]

[screen]
theme = "ember"
"""


def test_a_file_is_made(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "config.toml"
    save_value(path, "sound", "enabled", True)
    save_value(path, "sound", "volume", 0.4)
    assert tomllib.loads(path.read_text()) == {"sound": {"enabled": True, "volume": 0.4}}
    assert [entry.name for entry in path.parent.iterdir()] == ["config.toml"]


def test_comments_and_order_stay(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    path.chmod(0o640)
    save_value(path, "sound", "volume", 0.4)
    assert path.read_text() == FILE.replace("[sound]\n", "[sound]\nvolume = 0.4\n")
    save_value(path, "sound", "volume", 0.6)
    assert path.read_text() == FILE.replace("[sound]\n", "[sound]\nvolume = 0.6\n")
    save_value(path, "sound", "mute", "x")
    assert "too often" not in path.read_text()
    save_value(path, "keys", "mute", "M")
    assert path.read_text().endswith('theme = "ember"\n\n[keys]\nmute = "M"\n')
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text(FILE)
    (tmp_path / "config.toml").symlink_to(real)
    save_value(tmp_path / "config.toml", "sound", "muted", True)
    assert (tmp_path / "config.toml").is_symlink()
    assert "muted = true" in real.read_text()


@pytest.mark.parametrize("text", ["sound.volume = 0.5\n", 'sound = { volume = 0.5, pack = "x" }\n', "sound = 3\n"])
def test_what_cannot_be_changed_safely_is_left_and_told(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"write volume = 0.4 under \[sound\] yourself"):
        save_value(path, "sound", "volume", 0.4)
    assert path.read_text() == text


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[sound\n")
    with pytest.raises(ConfigurationError, match="line 1"):
        save_value(path, "sound", "volume", 0.4)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        save_value(path, "sound", "volume", 0.4)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="was not saved"):
        save_value(tmp_path / "file" / "config.toml", "sound", "volume", 0.4)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_one_may_not_write(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        save_value(tmp_path / "config.toml", "sound", "volume", 0.4)
