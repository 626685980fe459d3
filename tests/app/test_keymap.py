"""Keys a person chose: read, checked against the table, told with file and line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.binding import Binding

from agents.configuration import ConfigurationError, load_settings
from app.screen.actions import ACTIONS, BY_ID
from app.screen.keymap import check_keys, keymap
from app.screen.keys import MARKS, BadKey, keys_of, written


def test_the_marks_have_the_names_textual_gives_them() -> None:
    for mark, name in MARKS.items():
        if mark not in ", ":
            (binding,) = Binding.make_bindings([Binding(mark, "x")])
            assert binding.key == name


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("f", ("f",)),
        ("F", ("F",)),
        (",", ("comma",)),
        ("+", ("plus",)),
        ("?", ("question_mark",)),
        ("ctrl+T", ("ctrl+shift+t",)),
        ("shift+t", ("T",)),
        ("Ctrl+t, f5", ("ctrl+t", "f5")),
        ("esc", ("escape",)),
        ("PageUp", ("pageup",)),
    ],
)
def test_keys_are_read_as_people_write_them(text: str, keys: tuple[str, ...]) -> None:
    assert keys_of(text) == keys


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "write a key"),
        ("\x1b[", "is no key"),
        ("entr", "Did you mean enter?"),
        ("hyper+x", "is no key"),
        ("ctrl+i", "the same for tab"),
    ],
)
def test_what_is_no_key_is_told(text: str, said: str) -> None:
    with pytest.raises(BadKey, match=said.replace("?", r"\?")):
        keys_of(text)


@given(st.text(max_size=12))
def test_any_text_is_a_key_or_a_sentence(text: str) -> None:
    try:
        said = written(",".join(keys_of(text)))
    except BadKey as error:
        said = str(error)
    assert said
    assert said.isprintable()


def test_the_tables_own_keys_can_be_written_down() -> None:
    for action in ACTIONS:
        assert keymap({action.id: action.keys}).problems == (), action.id


def test_a_verb_moves_on_every_screen_where_it_had_the_same_key() -> None:
    chosen = keymap({"retry": "ctrl+r", "abort_all": "f4"})
    assert chosen.problems == ()
    assert chosen.bound["task_retry"] == "ctrl+r"
    assert chosen.shown["dialog_abort"] == "f4"
    assert "diff_reject" not in keymap({"reject": "ctrl+r"}).bound, "it had another key there"
    assert "diff_retry" not in chosen.bound, "it has a key more there"


def test_two_actions_may_change_places() -> None:
    chosen = keymap({"new": "d", "dispatch": "n", "task_dispatch": "d"})
    assert chosen.problems == ()
    assert (chosen.bound["new"], chosen.bound["dispatch"]) == ("d", "n")


@pytest.mark.parametrize("where", ["user", "repository", "variable"])
def test_a_mistake_names_file_line_key_and_what_was_meant(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    repo, user = tmp_path / "repo", tmp_path / "config" / "warroom"
    repo.mkdir()
    user.mkdir(parents=True)
    file = {"user": user / "config.toml", "repository": repo / "warroom.toml", "variable": tmp_path / "none"}[where]
    environ = {"WARROOM_KEYS__DISPACH": "f"} if where == "variable" else {}
    file.write_text('[keys]\n# mine\ndispach = "f"\nnew = "d"\nretry = "ctr+x"\n')

    def told() -> str:
        found = load_settings(repo, home=tmp_path / "home", environ=environ, trusted=True)
        with pytest.raises(ConfigurationError) as error:
            check_keys(found)
        return str(error.value)

    said = told().splitlines()
    if where == "variable":
        assert said == ["WARROOM_KEYS__DISPACH: keys.dispach: there is no action 'dispach'. Did you mean dispatch?"]
        return
    assert said == [
        f"{file}, line 3: keys.dispach: there is no action 'dispach'. Did you mean dispatch?",
        f"{file}, line 5: keys.retry: 'ctr+x' is no key. Write it like ctrl+t or f5.",
        f"{file}, line 4: keys.new: d is the key of dispatch too (Command center). Give one of them another.",
    ]


def test_ids_are_words_of_the_table() -> None:
    assert all(name.replace("_", "").isalpha() or name.startswith("pane_") for name in BY_ID)
