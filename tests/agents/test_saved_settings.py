"""One value of a settings file changes, and nothing else in it."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.configuration import ConfigurationError
from agents.configuration.saving import save_value, with_value

FILE = """# mine, with care
[screen]  # what I look at
theme = "ember"   # until winter

# money
[budget]
daily_usd = 2.5 # a coffee

[tiers.local]
model = "qwen"
"""


@pytest.mark.parametrize(
    ("section", "key", "value", "line"),
    [
        ("screen", "theme", "cobalt", 'theme = "cobalt"   # until winter'),
        ("screen", "ascii", True, "ascii = true"),
        ("budget", "daily_usd", 3.75, "daily_usd = 3.75 # a coffee"),
        ("routing", "judge", "none", 'judge = "none"'),
    ],
)
def test_comments_order_and_the_rest_stay(
    section: str, key: str, value: bool | float | str, line: str, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(FILE)
    save_value(file, section, key, value)
    text = file.read_text()
    assert line in text.splitlines()
    for kept in ("# mine, with care", "[screen]  # what I look at", "# money", "[tiers.local]"):
        assert kept in text
    before = tomllib.loads(FILE)
    assert tomllib.loads(text) == {**before, section: {**before.get(section, {}), key: value}}


def test_a_file_that_is_not_there_is_made_and_a_link_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles" / "config.toml", tmp_path / "deep" / "config.toml"
    save_value(real, "screen", "theme", "cobalt")
    link.parent.mkdir()
    link.symlink_to(real)
    save_value(link, "screen", "ascii", True)
    assert link.is_symlink()
    assert tomllib.loads(real.read_text()) == {"screen": {"theme": "cobalt", "ascii": True}}


@pytest.mark.parametrize("text", ["screen = 3\n", "[screen\n", "\xff\xfe"])
def test_what_cannot_be_changed_is_left_as_it_was(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"config\.toml"):
        save_value(file, "screen", "theme", "cobalt")
    assert file.read_bytes() == text.encode("latin-1")


def test_windows_line_ends_stay(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b'[screen]\r\ntheme = "ember"\r\n')
    save_value(file, "screen", "theme", "cobalt")
    assert file.read_bytes() == b'[screen]\r\ntheme = "cobalt"\r\n'


@given(
    st.lists(
        st.sampled_from(['[screen]\ntheme = "x" # c\n', "# note\n", "\n", "[budget]\ntask_usd = 1\n"]), unique=True
    )
)
def test_whatever_the_order_the_values_are_the_same_but_one(parts: list[str]) -> None:
    text = "".join(parts)
    before = tomllib.loads(text)
    after = tomllib.loads(with_value(text, "screen", "theme", "cobalt", "x"))
    assert after == {**before, "screen": {**before.get("screen", {}), "theme": "cobalt"}}
