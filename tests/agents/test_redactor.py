"""Known values, streams, the way back: no secret gets through, and nothing else is touched."""

import base64
import json
import random
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.known_secrets import SHORTEST, of_environment
from agents.redactor import RedactedStream, Redactor
from agents.restoring import MarkLeft, restored
from agents.secret_files import secrets_of_env, secrets_of_folder
from agents.secret_values import MARK

SHORT = "Zx81-qwePOI-99"
LONG = "correct-Horse7battery-staple-and-more"
KEY = "sk-ant-api03-" + "aB3dE5gH7jK9mN1p" * 2
PEM_LINE = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" * 2
PEM = "\n".join(["-----BEGIN PRIVATE KEY-----", *[PEM_LINE] * 5, "-----END PRIVATE KEY-----"])
KNOWING = Redactor([SHORT, LONG])
WORDS = st.lists(
    st.sampled_from(
        [SHORT, LONG, KEY, PEM, "password = 'gr8tPassw0rdd'", "plain words", "x = 1", "a\tb", "\n", "é", "…"]
    ),
    max_size=12,
)


def test_a_known_value_goes_wherever_it_stands_whole_encoded_or_cut() -> None:
    coded = base64.b64encode(LONG.encode()).decode()
    for text in (
        LONG,
        f"x{LONG}y",
        json.dumps({"a": LONG}),
        quote(LONG, safe=""),
        coded,
        f"see {LONG[:14]}…",
        f"{LONG[-14:]} was",
    ):
        shown = KNOWING.redact(text)
        assert MARK in shown
        assert LONG[:12] not in shown
        assert LONG[-12:] not in shown
    assert KNOWING.redact(f"it is {SHORT[:9]}") == f"it is {MARK}"
    assert KNOWING.redact(f"{SHORT[5:]} it is") == f"{MARK} it is"
    assert KNOWING.redact(f"the {SHORT[:9]} here") == f"the {SHORT[:9]} here"


@given(WORDS, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_a_stream_tells_what_the_whole_would_however_it_is_cut(words: list[str], chance: random.Random) -> None:
    text = " ".join(words)
    stream, shown, true, at = RedactedStream(KNOWING), "", "", 0
    while at < len(text):
        size = chance.randint(1, 40)
        told = stream.feed(text[at : at + size])
        shown, true, at = shown + told.shown, true + told.text, at + size
    last = stream.flush()
    assert true + last.text == text
    for secret in (SHORT, LONG, KEY, PEM_LINE, "gr8tPassw0rdd"):
        assert secret not in shown + last.shown


def test_a_word_without_an_end_is_passed_on_in_bounded_memory_and_hides_nothing() -> None:
    stream = RedactedStream(KNOWING)
    shown = "".join(stream.feed("x" * 1000).shown for _ in range(40))
    assert len(shown) > 30_000
    shown += (
        stream.feed("y" * 500 + SHORT[:5]).shown + stream.feed(SHORT[5:] + "z" * 20_000).shown + stream.flush().shown
    )
    assert SHORT not in shown
    assert MARK in shown


@given(st.text(max_size=300))
@settings(deadline=None)
def test_what_was_redacted_stays_so_and_the_way_back_is_exact(text: str) -> None:
    found = KNOWING.redaction(f"{text}\n{SHORT} {text}\n")
    assert "".join(found.pieces()) == found.text
    assert KNOWING.redact(found.shown) == found.shown
    assert restored(found.shown, found) == found.text


def test_a_file_is_edited_by_who_saw_only_marks() -> None:
    there = f'import os\n\nKEY = "{KEY}"\nDB_PASSWORD = "{SHORT}"\n\n\ndef add(a, b):\n    return a - b\n'
    seen = KNOWING.redaction(there)
    assert seen.shown.count(MARK) == 2
    edited = seen.shown.replace("a - b", "a + b").replace('KEY = "', '# the key\nKEY = "', 1)
    assert restored(edited, seen) == there.replace("a - b", "a + b").replace("KEY =", "# the key\nKEY =", 1)
    moved = "\n".join(reversed(seen.shown.split("\n")))
    assert sorted(restored(moved, seen).split("\n")) == sorted(there.split("\n"))
    gone = seen.shown.replace(f'"{MARK}"', 'os.environ["KEY"]', 1)
    assert KEY not in restored(gone, seen)
    assert SHORT in restored(gone, seen)
    with pytest.raises(MarkLeft, match=r"Line 3 .* cannot be told"):
        restored(seen.shown.replace("KEY =", "OTHER_KEY ="), seen)


def test_a_mark_that_was_there_before_is_plain_text() -> None:
    plain = KNOWING.redaction(f"MARK = '{MARK}'\n")
    assert restored(f"M = '{MARK}'\n", plain) == f"M = '{MARK}'\n"
    both = KNOWING.redaction(f"MARK = '{MARK}'\nx = {SHORT}\n")
    assert restored(both.shown.replace("x =", "y ="), both) == f"MARK = '{MARK}'\ny = {SHORT}\n"


def test_secrets_of_an_env_file() -> None:
    text = f"""
export ANTHROPIC_API_KEY={KEY}  # mine
DB_PASSWORD="two words 2"
DATABASE_URL=postgres://ann:pa55%20w0rd@localhost/db
RANDOM='Zx81qwePOI99abcd'
COMMIT=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b
SECRET=development
NODE_ENV=production
PORT=8080
PASSWORD=short1
"""
    assert secrets_of_env(text) == {KEY, "two words 2", "pa55%20w0rd", "pa55 w0rd", "Zx81qwePOI99abcd"}


def test_the_env_files_of_a_folder_are_found_and_nothing_else_is_opened(tmp_path: Path) -> None:
    (tmp_path / "apps" / "web").mkdir(parents=True)
    (tmp_path / "apps" / "web" / ".env.local").write_text(f"TOKEN={SHORT}qX7\n")
    (tmp_path / ".env").write_text(f"A_SECRET={LONG}\n")
    (tmp_path / ".envrc").write_bytes(b"export B_SECRET=\xff\xfebinary77\n")
    (tmp_path / ".env.example").write_text("C_SECRET=not-a-secret-77\n")
    (tmp_path / "notes.txt").write_text("D_SECRET=nor-this-one-77\n")
    found = secrets_of_folder(tmp_path)
    assert {f"{SHORT}qX7", LONG} <= found
    assert not {"not-a-secret-77", "nor-this-one-77"} & found
    assert secrets_of_folder(tmp_path / "nowhere") == set()


def test_variables_are_secret_by_name_and_only_where_the_value_is_none_of_a_word() -> None:
    environ = {
        "ANTHROPIC_API_KEY": KEY,
        "MY_PASSWORD": "hunter2hunter2",
        "SSH_AUTH_SOCK": "/tmp/ssh-Zx81qwePOI/agent.77",
        "HOME": "/home/ann",
        "TOKEN": "no",
        "SECRET": "changeme",
        "GIT_COMMIT": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        "PROXY_URL": "http://me:tops3cret@proxy:3128",
    }
    found = of_environment(environ)
    assert found == {KEY, "hunter2hunter2", "tops3cret"}
    assert all(len(value) >= SHORTEST for value in found)
