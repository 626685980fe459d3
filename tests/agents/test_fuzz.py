"""Whatever reads foreign text, given anything: it answers or refuses with its own error, and nothing hangs or crashes.

How time grows with length is measured by tests/bench/growth.py.
"""

import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from agents.configuration import ConfigurationError, load_settings
from agents.events import Event, decode
from agents.missions.answer import Unreadable, read_object
from agents.missions.failure import failure_digest
from agents.missions.reply import read_reply
from agents.models.chat import ToolSpec
from agents.models.tool_calls import read_tool_calls
from agents.redactor import RedactedStream, Redactor
from agents.routing.reading import read
from agents.sanitize import one_line, sanitize
from agents.secret_files import secrets_of_env
from agents.tools.output import StreamSanitizer
from app.commands.batch_file import BatchFileError, entries
from app.screen.patch import patch
from app.screen.replay_file import UnreadableRecording, read_recording
from sounds.cesp.problems import PackError
from sounds.cesp.reading import read_pack
from tests.bench.growth import PIECES, TOOL

TOOLS = [TOOL, ToolSpec(name="finish", description="", parameters={"type": "object", "properties": {}})]
HOSTILE = ["\ud800", "\x00", "\u202e", "\U000e0041", "[" * 3000, "{" * 3000, '{"a":' * 2000, "9" * 5000, "NaN", "1e999"]
TEXT = st.lists(st.sampled_from([*PIECES, *HOSTILE]) | st.text(max_size=20), max_size=25).map("".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=12), inside, max_size=4),
    max_leaves=12,
)
FREE = settings(deadline=None, max_examples=60)


def _quiet(reader: Callable[[str], object], text: str, *refusals: type[Exception]) -> None:
    try:
        reader(text)
    except refusals:
        return


@given(TEXT)
@FREE
def test_what_models_say_is_read_or_refused(text: str) -> None:
    read_tool_calls(text, TOOLS, lone_file="path.py")
    read_reply(text, existing=["path.py"], named=["path.py"])
    failure_digest("make test", text, 1, 3000)
    read(text)
    _quiet(lambda said: read_object(said, ("a",)), text, Unreadable)


@given(
    JSON,
    st.sampled_from(["{}", "```json\n{}\n```", "<tool_call>{}</tool_call>", '{{"name": "finish", "arguments": {}}}']),
)
@FREE
def test_any_json_as_a_call_or_an_answer(value: Any, form: str) -> None:
    text = form.format(json.dumps(value))
    read_tool_calls(text, TOOLS)
    _quiet(lambda said: read_object(said, ("a",)), text, Unreadable)


EVENTS = sorted(kind.model_fields["type"].default for kind in Event.__subclasses__())


@given(st.sampled_from(EVENTS), st.dictionaries(st.sampled_from(["at", "task", "seq", "usage", "plan"]), JSON), TEXT)
@FREE
def test_events_and_recordings_are_read_or_refused(kind: str, fields: dict[str, Any], text: str) -> None:
    line = json.dumps({"type": kind, "at": "2026-01-01T00:00:00Z", **fields}, ensure_ascii=True)
    for data in (line, text):
        _quiet(decode, data, ValidationError)
        recording = f"{data}\n{line}\n".encode(errors="replace")
        _quiet(lambda _, held=recording: read_recording(io.BytesIO(held), "a file"), "", UnreadableRecording)


@given(TEXT, st.sampled_from(["x.toml", "x.jsonl", "-", "x"]))
@FREE
def test_batch_files_and_settings_are_read_or_refused(text: str, name: str) -> None:
    data = text.encode(errors="surrogatepass")
    _quiet(lambda _: entries(data, name), "", BatchFileError, ConfigurationError)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "warroom.toml").write_bytes(data)
        _quiet(lambda _: load_settings(Path(folder), home=Path(folder, "home"), environ={}), "", ConfigurationError)


@given(JSON, TEXT)
@FREE
def test_sound_packs_are_read_or_refused(value: Any, text: str) -> None:
    manifest = {"cesp_version": "1.0", "name": "a-pack", "version": "1.0.0", "categories": value, "display_name": text}
    for data in (json.dumps(manifest), json.dumps(value), text):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "openpeon.json").write_bytes(data.encode(errors="surrogatepass"))
            _quiet(lambda _, place=folder: read_pack(Path(place)), "", PackError)


@given(TEXT)
@FREE
def test_patches_are_read(text: str) -> None:
    for found in patch(f"diff --git a/x b/x\n{text}"):
        assert found.path is not None


@given(TEXT, st.binary(max_size=60), st.integers(1, 9))
@FREE
def test_the_sanitizer_and_the_redactor_take_anything_in_any_pieces(text: str, data: bytes, size: int) -> None:
    clean = sanitize(text)
    assert sanitize(clean) == clean
    assert "\x1b" not in clean
    assert "\n" not in one_line(text)
    secrets_of_env(text)
    known = Redactor(["Zx81qwePOI99abcdK2"])
    assert known.redact(known.redact(text)) == known.redact(text)
    stream, bytewise, true = RedactedStream(known), StreamSanitizer(), ""
    held = data + text.encode(errors="replace")[:200]
    for at in range(0, len(held), size):
        true += stream.feed(bytewise.feed(held[at : at + size])).text
    last = bytewise.flush()
    true += stream.feed(last).text + stream.flush().text
    assert "\x1b" not in true


def test_a_key_of_thousands_of_parts_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "warroom.toml").write_text(f"x = 1\n{'a.' * 20_000}a = 1\n")
    with pytest.raises(ConfigurationError, match="line 2: a key of more than 100 parts"):
        load_settings(tmp_path, home=tmp_path / "home", environ={}, trusted=True)
    assert load_settings(tmp_path, home=tmp_path / "home", environ={}).foreign is not None  # shown, and not obeyed
