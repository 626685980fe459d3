"""Tool calls in text: what real small models wrote, every tolerated form, and hostile text."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.models.chat import ToolSpec
from agents.models.loose import LooseReader, NotAValue
from agents.models.tool_calls import MAX_CALLS, read_tool_calls

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}


def spec(name: str, required: list[str], **properties: dict[str, str]) -> ToolSpec:
    parameters = {"type": "object", "properties": properties, "required": required}
    return ToolSpec(name=name, description=f"the {name} tool", parameters=parameters)


TOOLS = (
    spec("file_read", ["path"], path=TEXT, start=NUMBER, end=NUMBER),
    spec("file_write", ["path", "content"], path=TEXT, content=TEXT),
    spec("file_edit", ["path", "old", "new"], path=TEXT, old=TEXT, new=TEXT),
    spec("file_list", [], path=TEXT),
    spec("code_search", ["query"], query=TEXT, path=TEXT),
    spec("shell_run", ["command"], command=TEXT, timeout=NUMBER),
    spec("finish", ["summary"], summary=TEXT),
)
CODE = "def add(a, b):\n    return a + b\n"
WRITE = ("file_write", {"path": "add.py", "content": CODE})
RAW: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "raw_replies.json").read_text(encoding="utf-8")
)
NO_CALL = {
    "gemma3_270m.tool_auto.add": "holds no tool call",
    "qwen2.5-coder_0.5b.tool_auto.add": 'no tool "add"',
    "qwen2.5-coder_0.5b.tool_auto.is_even": 'no tool "is_even"',
    "qwen2.5-coder_0.5b.tool_auto.is_palindrome": 'no tool "is_palindrome"',
    "qwen2.5-coder_0.5b.tool_auto.fizzbuzz": "cut off",
    "smollm2_135m.tool_auto.add": "shows code but calls no tool",
}


def calls(text: str, **options: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(call.name, call.arguments) for call in read_tool_calls(text, TOOLS, **options).calls]


def problem(text: str, **options: Any) -> str:
    reading = read_tool_calls(text, TOOLS, **options)
    assert not reading.calls
    assert reading.problem
    return reading.problem


@pytest.mark.parametrize("name", [name for name in RAW if not name.startswith("tagged")])
def test_real_replies_are_read_as_a_person_would(name: str) -> None:
    function = name.rsplit(".", 1)[1]
    text = RAW[name]["content"]
    if name in NO_CALL:
        said = problem(text, lone_file=f"{function}.py")
        assert NO_CALL[name] in said
        assert '{"name": "file_write"' in said
        assert len(said) < 500
        return
    [(tool, arguments)] = calls(text, lone_file=f"{function}.py")
    assert tool == "file_write"
    assert arguments["path"] == f"{function}.py"
    assert f"def {function}" in arguments["content"]
    compile(arguments["content"], function, "exec")


def test_code_that_only_a_lone_file_makes_a_call_is_no_call_without_it() -> None:
    for name in RAW:
        if ".chat." in name or (name.startswith("smollm2") and name not in NO_CALL):
            assert "calls no tool" in problem(RAW[name]["content"])


CUT = {"tagged05/qwen2.5-coder_0.5b.tool_auto.add": 8, "tagged05/qwen2.5-coder_0.5b.tool_auto.fizzbuzz": 0}
"""Which of their calls has arguments cut at the token limit."""


@pytest.mark.parametrize("name", [name for name in RAW if name.startswith("tagged")])
def test_real_native_calls_read_the_same_when_they_come_as_text(name: str) -> None:
    native = RAW[name]["tool_calls"]
    complete = native[: CUT.get(name, len(native))]
    once: list[tuple[str, dict[str, Any]]] = []
    for call in complete:
        meant = (call["name"], json.loads(call["arguments"]))
        once += [meant] if meant not in once else []
    for text in (
        "\n".join(f"<tool_call>\n{json.dumps(call)}\n</tool_call>" for call in native),
        json.dumps({"tool_calls": [{"type": "function", "function": call} for call in native]}),
    ):
        reading = read_tool_calls(text, TOOLS)
        assert [(call.name, call.arguments) for call in reading.calls] == once
        assert ("cut off" in (reading.problem or "")) is (name in CUT)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"name": "file_write", "arguments": WRITE[1]}),
        json.dumps({"name": "file_write", "parameters": WRITE[1]}),
        json.dumps({"tool": "file_write", "args": WRITE[1]}),
        json.dumps({"name": "file_write", "arguments": json.dumps(WRITE[1])}),
        json.dumps({"name": "file_write", **WRITE[1]}),
        json.dumps({"file_write": WRITE[1]}),
        json.dumps(WRITE[1]),
        json.dumps({"type": "function", "function": {"name": "file_write", "arguments": WRITE[1]}}),
        json.dumps([{"name": "file_write", "arguments": WRITE[1]}]),
        "```json\n" + json.dumps({"name": "file_write", "arguments": WRITE[1]}, indent=2) + "\n```",
        "~~~\n" + json.dumps({"name": "file_write", "arguments": WRITE[1]}, indent=2) + "\n~~~",
        "I will write it.\n\n```json\n" + json.dumps({"name": "file_write", "arguments": WRITE[1]}) + "\n```\nDone!",
        "Sure, here is the call: " + json.dumps({"name": "file_write", "arguments": WRITE[1]}),
        "<tool_call>" + json.dumps({"name": "file_write", "arguments": WRITE[1]}) + "</tool_call>",
        "<tools>\n" + json.dumps({"name": "file_write", "arguments": WRITE[1]}) + "\n</tools>",
        "<tool_call>\n" + json.dumps({"name": "file_write", "arguments": WRITE[1]}),
        str({"name": "file_write", "arguments": WRITE[1]}),
        '{"name": "file_write", "arguments": {"path": "add.py", "content": "def add(a, b):\n    return a + b\n",},}',
        "{name: 'file_write', arguments: {path: 'add.py', content: `def add(a, b):\n    return a + b\n`}}",
        '{"name": "file_write", "arguments": {"path": "add.py", "content": """' + CODE + '"""}}',
        json.dumps({"name": "functions.file_write", "arguments": WRITE[1]}),
        json.dumps({"name": "write_file", "arguments": WRITE[1]}),
        json.dumps({"name": "FileWrite", "arguments": WRITE[1]}),
        json.dumps({"name": "add", "arguments": WRITE[1]}),
        json.dumps({"name": "create", "arguments": WRITE[1]}),
        json.dumps({"name": "file_write", "arguments": WRITE[1]}) + "}}\n```\nobj['tool_response']\n```",
        json.dumps({"name": "file_write", "arguments": WRITE[1]})[:-1],
        json.dumps({"name": "file_write", "arguments": WRITE[1]})[:-1] + "\n</tool_call>",
        json.dumps({"name": "file_write", "arguments": WRITE[1]}) + "\n" * 5000,
        f'file_write("add.py", """{CODE}""")',
        f'```python\nfile_write("add.py", """\\\n{CODE}""")\n```',
        f"```tool_code\nprint(default_api.file_write(path='add.py', content={CODE!r}))\n```",
        f"result = file_write(path='add.py', content={CODE!r})",
        "file_write('add.py', 'def add(a, b):\\n'\n    '    return a + b\\n')",
        f"<function=file_write><parameter=path>\nadd.py\n</parameter>\n<parameter=content>\n{CODE}\n</parameter></function>",
    ],
)
def test_every_tolerated_form_is_the_same_call(text: str) -> None:
    assert calls(text) == [WRITE]
    assert read_tool_calls(text, TOOLS).problem is None


def test_a_whole_plan_in_one_reply_is_read_in_order() -> None:
    text = f"file_write(path='add.py', content={CODE!r}) → shell_run(command='python3 add.py') → finish(summary='done')"
    expected = [WRITE, ("shell_run", {"command": "python3 add.py"}), ("finish", {"summary": "done"})]
    assert calls(text) == expected
    objects = [json.dumps({"name": name, "arguments": arguments}) for name, arguments in expected]
    assert calls("\n".join(objects)) == expected
    assert calls("```json\n[" + ",\n".join(objects) + "]\n```") == expected
    assert calls("First:\n```json\n" + "\n```\nThen:\n```json\n".join(objects) + "\n```") == expected


def test_numbers_stay_numbers_in_tags_and_in_calls() -> None:
    expected = [("file_read", {"path": "a.py", "start": 3})]
    assert (
        calls("<function=file_read><parameter=path>a.py</parameter><parameter=start>3</parameter></function>")
        == expected
    )
    assert calls("file_read('a.py', start=3)") == expected


def test_one_required_text_may_be_given_bare() -> None:
    assert calls('{"name": "shell_run", "arguments": "pytest -q"}') == [("shell_run", {"command": "pytest -q"})]
    assert calls('{"name": "file_list"}') == [("file_list", {})]


def test_more_calls_than_the_cap_are_cut_and_said_so() -> None:
    text = "\n".join(json.dumps({"name": "file_read", "arguments": {"path": f"{n}.py"}}) for n in range(20))
    reading = read_tool_calls(text, TOOLS)
    assert [call.arguments["path"] for call in reading.calls] == [f"{n}.py" for n in range(MAX_CALLS)]
    assert "Only the first 8 of your 20 calls" in (reading.problem or "")
    assert len({call.id for call in reading.calls}) == MAX_CALLS


def test_what_follows_an_unreadable_call_is_not_taken() -> None:
    text = "\n".join(
        json.dumps({"name": name, "arguments": arguments})
        for name, arguments in (WRITE, ("add", {"a": 5}), ("finish", {"summary": "x"}))
    )
    reading = read_tool_calls(text, TOOLS)
    assert [call.name for call in reading.calls] == ["file_write"]
    assert 'no tool "add"' in (reading.problem or "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"name": "add", "arguments": {"a": 5, "b": 3}}', 'no tool "add"'),
        ('{"name": "delete", "arguments": {"path": "a.py"}}', 'no tool "delete"'),
        ('{"name": "append_file", "arguments": {"path": "log.txt", "content": "x"}}', 'no tool "append_file"'),
        ('{"name": "ls", "arguments": {"path": "."}}', 'no tool "ls"'),
        ('{"name": "file_write", "arguments": ["add.py", "x"]}', "JSON object"),
        ('{"name": "file_write", "text": "x"}', "no arguments that file_write takes"),
        ('{"name": "file_write", "arguments": {"path": "a.py", "content": "print("hi")"}}', "not valid JSON"),
        ('{"name": "file_write", "arguments": {"path": "a.py", "content": "def f():\\n    ret', "cut off"),
        ('{"name": "file_write", "arguments": {"path": "a.py", "content": "x"', "cut off"),
        ('{"name": "file_write", "path": "a.py", "content": "x"', "cut off"),
        ('```json\n{"name": "file_write", "arguments": {"path": "a.py", "content": "x\\n', "cut off"),
        ('file_write("a.py", """def f():\n    ret', "cut off"),
        ("<function=file_write><parameter=path>a.py</parameter><parameter=content>x", "cut off"),
        ("file_write(path, content)", "could not be read"),
        ('file_write("a.py", "x", "y")', "arguments of file_write are: path, content"),
        ('file_write("add.py", {"path": "add.py", "content": "x"})', "arguments of file_write are"),
        ("I would now write the file.", "holds no tool call"),
        ("", "empty"),
        (" \n" * 400, "empty"),
    ],
)
def test_the_model_is_told_what_was_wrong_with_one_example(text: str, said: str) -> None:
    answer = problem(text, lone_file="a.py")
    assert said in answer
    example = json.loads(answer.splitlines()[-1])
    assert example["name"] == "file_write"
    assert calls(json.dumps(example)) == [WRITE]


def test_a_call_inside_a_cut_call_is_not_executed() -> None:
    inner = json.dumps({"name": "shell_run", "arguments": {"command": "rm -rf x"}})
    text = '{"name": "file_write", "arguments": {"path": "a.md", "content": "example:\n' + inner + "\n and"
    assert "cut off" in problem(text) or "not valid JSON" in problem(text)


def test_an_echo_of_the_tool_definitions_is_no_call() -> None:
    echo = json.dumps({"type": "function", "function": TOOLS[1].model_dump()})
    assert "holds no tool call" in problem(f"<tools>\n{echo}\n</tools>")


def test_calls_shown_in_code_are_not_executed() -> None:
    code = '```python\nimport json\nCALL = {"name": "shell_run", "arguments": {"command": "rm -rf /"}}\n```'
    assert "calls no tool" in problem(code)
    assert calls(code, lone_file="calls.py") == [("file_write", {"path": "calls.py", "content": code[10:-3]})]


class TestLoneFile:
    def test_shell_blocks_beside_it_do_not_matter(self) -> None:
        text = f"Here:\n```python\n{CODE}```\nRun it:\n```bash\npython add.py\n```"
        assert calls(text, lone_file="add.py") == [WRITE]

    def test_two_code_blocks_are_ambiguous(self) -> None:
        problem(f"```python\n{CODE}```\nor\n```python\n{CODE}```", lone_file="add.py")

    def test_a_cut_block_is_never_written(self) -> None:
        assert "cut off" in problem(f"```python\n{CODE}", lone_file="add.py")

    def test_json_goes_to_a_json_file_only(self) -> None:
        text = '```json\n{"name": "site", "version": "1.0"}\n```'
        problem(text, lone_file="site.py")
        assert calls(text, lone_file="package.json") == [
            ("file_write", {"path": "package.json", "content": '{"name": "site", "version": "1.0"}\n'})
        ]

    def test_without_the_tool_nothing_is_written(self) -> None:
        reading = read_tool_calls(f"```python\n{CODE}```", TOOLS[:1], lone_file="add.py")
        assert not reading.calls


def test_prose_is_what_remains_and_is_safe_to_show() -> None:
    call = json.dumps({"name": "file_write", "arguments": WRITE[1]})
    text = f"I will \x1b[31mwrite\x1b[0m it.\n```json\n{call}\n```\nThen test."
    reading = read_tool_calls(text, TOOLS)
    assert reading.calls
    assert reading.prose.split() == ["I", "will", "write", "it.", "Then", "test."]


def test_no_tools_means_no_calls_and_no_complaint() -> None:
    reading = read_tool_calls('{"name": "file_write", "arguments": {}}', ())
    assert (reading.calls, reading.problem) == ((), None)


def test_lone_surrogates_do_not_reach_the_store() -> None:
    [(_, arguments)] = calls('{"name": "finish", "arguments": {"summary": "\\ud800 \\ud83d\\ude00"}}')
    assert arguments["summary"] == "\ufffd 😀"


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_valid_json_reads_as_json(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, indent=2, ensure_ascii=False)):
        read, end = LooseReader(text).value(0)
        assert read == json.loads(text)
        assert end == len(text)


@given(st.text(alphabet="{}[]()\"'`\\,:<>=ntu\n xfile_writepathcontent1/-", max_size=300))
@settings(max_examples=300)
def test_any_text_is_survived(text: str) -> None:
    reading = read_tool_calls(text, TOOLS, lone_file="a.py")
    assert {call.name for call in reading.calls} <= {tool.name for tool in TOOLS}
    assert reading.calls or reading.problem


@given(st.sampled_from(sorted(RAW)), st.data())
@settings(max_examples=150)
def test_a_reply_cut_anywhere_never_writes_less_than_was_meant(name: str, data: st.DataObject) -> None:
    text = RAW[name]["content"].rstrip()
    cut = text[: data.draw(st.integers(0, len(text)))]
    meant = [arguments["content"].rstrip("\n") for _, arguments in calls(text, lone_file="a.py")]
    for _, arguments in calls(cut, lone_file="a.py"):
        assert arguments["content"].rstrip("\n") in meant


@pytest.mark.parametrize(
    "unit",
    [
        "{",
        "[",
        '{"a":',
        '\n{"name": "file_write", "arguments": {"path": "',
        '"',
        "\\",
        '{"',
        "```\n",
        "```\n{\n",
        "```json\n{}\n```\n",
        "file_write(",
        'file_write("',
        "<tool_call>",
        "<function=file_write>",
        "<function=file_write><parameter=path>x",
        "\n",
        ": ",
        "{'a': 1, ",
        '\n{"""',
        '"x',
        "9",
        "\n{1" + "9" * 400,
        "`",
        "=",
        "> ",
    ],
)
def test_a_megabyte_of_anything_takes_bounded_time(unit: str) -> None:
    started = time.process_time()
    for text in (unit * (1_000_000 // len(unit)), "{" * 70 + unit * (1_000_000 // len(unit))):
        read_tool_calls(text, TOOLS, lone_file="a.py")
    assert time.process_time() - started < 8


def test_nesting_is_refused_not_followed() -> None:
    with pytest.raises(NotAValue, match="deeply"):
        LooseReader("[" * 100).value(0)
