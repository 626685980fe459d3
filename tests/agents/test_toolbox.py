"""The toolbox: what models offer as arguments, what they get back, and what the tools cost in tokens."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.permission import Ruling, Wish
from agents.settings import Settings
from agents.tools.sandbox import PlainSandbox
from agents.tools.toolbox import Toolbox, build_toolbox

NAMES = ["file_read", "file_write", "file_edit", "file_list", "code_search", "shell_run", "finish"]


async def allowed(wish: Wish) -> Ruling:
    return Ruling(allowed=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "project"
    folder.mkdir()
    (folder / "a.py").write_text("".join(f"x{number} = {number}\n" for number in range(1, 21)))
    return folder


@pytest.fixture
def toolbox(root: Path) -> Toolbox:
    logs, sandbox = root.parent / "logs", PlainSandbox("a test")
    return build_toolbox(
        root=root, logs=logs, sandbox=sandbox, settings=Settings(), on_output=lambda _: None, permit=allowed
    )


def test_the_tools_and_what_they_cost(toolbox: Toolbox) -> None:
    assert [spec.name for spec in toolbox.specs] == NAMES
    offered = [{"type": "function", "function": spec.model_dump()} for spec in toolbox.specs]
    assert len(json.dumps(offered)) / 4 < 700


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("file_read", {"path": "a.py", "start": "3", "end": "3"}, "3: x3 = 3"),
        ("file_read", {"path": "a.py", "start": 3.0, "end": 3}, "3: x3 = 3"),
        ("file_read", {"file_path": "a.py", "start_line": 4, "end_line": 4}, "4: x4 = 4"),
        ("file_read", {"filename": "a.py", "start": None}, "20: x20 = 20"),
        ("file_read", {"filePath": "./a.py"}, "20: x20 = 20"),
        ("file_list", {"dir": "."}, "a.py"),
        ("file_list", {}, "a.py"),
        ("code_search", {"query": "x7 ="}, "a.py:7: x7 = 7"),
        ("code_search", {"pattern": r"x1\d =", "regex": "true"}, "a.py:10: x10 = 10"),
        ("shell_run", {"cmd": "echo done"}, "exit code 0\ndone"),
        ("shell_run", {"command": ["echo", "two words"]}, "exit code 0\ntwo words"),
        ("file_edit", {"path": "a.py", "old_string": "x5 = 5", "new_string": "y"}, "edited a.py line 5"),
        ("file_edit", {"path": "a.py", "search": "x6 = 6", "replace": ""}, "edited a.py line 6"),
        ("finish", {"message": "all good"}, "all good"),
    ],
)
async def test_arguments_are_understood(toolbox: Toolbox, name: str, arguments: dict[str, Any], expected: str) -> None:
    outcome = await toolbox.call(name, arguments)
    assert outcome.ok, outcome.content
    assert expected in outcome.content


async def test_an_object_as_content_becomes_json(toolbox: Toolbox, root: Path) -> None:
    assert (await toolbox.call("file_write", {"file": "p.json", "content": {"name": "x"}})).ok
    assert json.loads((root / "p.json").read_text()) == {"name": "x"}
    await toolbox.call("file_write", {"path": "l.txt", "content": ["one", "two"]})
    assert (root / "l.txt").read_text() == "one\ntwo"


async def test_unknown_arguments_are_ignored_with_a_note(toolbox: Toolbox) -> None:
    outcome = await toolbox.call("file_read", {"path": "a.py", "encoding": "utf-8"})
    assert outcome.ok
    assert outcome.content.endswith("[ignored unknown arguments: encoding]")


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("file_read", {}, "path missing. Call it with path, start? (integer), end? (integer)."),
        ("file_edit", {"path": "a.py"}, "old and new missing"),
        ("file_read", {"path": "a.py", "start": "ten"}, "start must be a whole number"),
        ("file_read", {"path": "a.py", "start": [1]}, "start must be a whole number"),
        ("code_search", {"pattern": "x", "regex": {"a": 1}}, "regex must be true or false"),
        ("file_read", {"path": "../x"}, "not allowed"),
        ("file_write", {"path": ".git/config", "content": ""}, "off limits"),
        ("read_file", {"path": "a.py"}, "Did you mean file_read? The tools are: file_read, file_write"),
        ("bash", {"command": "ls"}, 'there is no tool "bash"'),
        ("\x1b[31m", {}, 'there is no tool ""'),
        ("shell_run", {"command": "exit 4"}, "exit code 4"),
    ],
)
async def test_failures_are_answers(toolbox: Toolbox, name: str, arguments: dict[str, Any], said: str) -> None:
    outcome = await toolbox.call(name, arguments)
    assert not outcome.ok
    assert said in outcome.content


async def test_finish_is_marked(toolbox: Toolbox) -> None:
    assert (await toolbox.call("finish", {"summary": "wrote it"})).finished
    assert not (await toolbox.call("file_list", {})).finished


def test_describe_is_one_safe_line_whatever_comes(toolbox: Toolbox) -> None:
    assert toolbox.describe("shell_run", {"cmd": "echo a\necho b\x1b[2J"}) == "echo a echo b"
    assert toolbox.describe("file_read", {"path": "a.py"}) == "a.py"
    assert toolbox.describe("nonsense", {"x": "1\n2"}) == "1 2"
    assert toolbox.describe("file_edit", {"path": "a.py"}) == "a.py"


async def test_whole_outputs_are_bounded(toolbox: Toolbox) -> None:
    cap = Settings().mission.output_cap
    outcome = await toolbox.call("shell_run", {"command": "seq 1 100000"})
    assert len(outcome.content) <= cap
    assert Path(outcome.log_path).read_text().endswith("100000\n")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(["path", "file", "content", "old", "new", "start", "end", "pattern", "regex", "summary", "x"])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([name for name in NAMES if name != "shell_run"]), st.dictionaries(KEYS, JSON, max_size=4))
async def test_no_arguments_raise(toolbox: Toolbox, name: str, arguments: dict[str, Any]) -> None:
    toolbox.describe(name, arguments)
    outcome = await toolbox.call(name, arguments)
    outcome.content.encode()
    assert outcome.summary.count("\n") == 0
