import json

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.models.chat import ChatRequest, Message, ToolCall, ToolResult, ToolSpec
from agents.models.claude_request import build_request, origin
from tests.fakes.anthropic_rules import marks, problem_with

HAIKU = "claude-haiku-5-5"
TEXT = st.text(max_size=8) | st.sampled_from(["", "  ", "\ud800", "ok"])
IDS = st.sampled_from(["call_0", "call_1", "toolu_é", "", "a b", "x" * 90])
CALLS = st.builds(ToolCall, id=IDS, name=TEXT, arguments=st.dictionaries(TEXT, TEXT | st.integers(), max_size=2))
RESULTS = st.builds(ToolResult, call_id=IDS, name=TEXT, content=TEXT, is_error=st.booleans())
MESSAGES = st.one_of(
    st.builds(Message, role=st.just("user"), content=TEXT),
    st.builds(
        Message,
        role=st.just("assistant"),
        content=TEXT,
        tool_calls=st.lists(CALLS, max_size=3, unique_by=lambda call: call.id).map(tuple),
    ),
    st.builds(Message, role=st.just("tool"), content=TEXT, tool_results=st.lists(RESULTS, max_size=3).map(tuple)),
)
USER = Message(role="user", content="Do it.")


@settings(max_examples=150, deadline=None)
@given(st.lists(MESSAGES, max_size=7))
def test_any_history_becomes_a_request_the_service_accepts(history: list[Message]) -> None:
    request = ChatRequest(system="s", messages=(USER, *history, USER))
    body = build_request(request, model=HAIKU, sampling=False)
    assert problem_with(body, set()) is None
    json.dumps(body, ensure_ascii=False, allow_nan=False).encode()


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[Message, Message]:
    """What a mission adds to its history in one step: a reply, and the results of its calls or the next words."""
    calls = tuple(draw(st.lists(CALLS, max_size=3, unique_by=lambda call: call.id)))
    reply = Message(role="assistant", content=draw(TEXT), tool_calls=calls)
    if not calls:
        return reply, Message(role="user", content=draw(TEXT))
    results = tuple(ToolResult(call_id=call.id, name=call.name, content=draw(TEXT)) for call in calls)
    return reply, Message(role="tool", content=draw(TEXT), tool_results=results)


@settings(max_examples=50, deadline=None)
@given(st.lists(exchanges(), min_size=1, max_size=5))
def test_a_history_that_grew_keeps_its_bytes_so_that_the_cache_holds(steps: list[tuple[Message, Message]]) -> None:
    def blocks_after(count: int) -> list[str]:
        history = [USER, *(message for step in steps[:count] for message in step)]
        body = build_request(ChatRequest(system="s", messages=tuple(history)), model=HAIKU, sampling=False)
        blocks = [block for turn in body["messages"] for block in turn["content"]]
        return [json.dumps({key: value for key, value in block.items() if key != "cache_control"}) for block in blocks]

    longest = blocks_after(len(steps))
    for count in range(len(steps)):
        shorter = blocks_after(count)
        assert longest[: len(shorter)] == shorter


def test_marks_stand_at_the_system_prompt_and_at_the_ends_of_the_last_two_user_turns() -> None:
    history = [USER]
    for n in range(5):
        history += [Message(role="assistant", content=f"answer {n}"), Message(role="user", content=f"more {n}")]
    body = build_request(ChatRequest(system="s", messages=tuple(history)), model=HAIKU, sampling=False)
    assert marks(body) == 3
    marked = [turn["content"][-1]["text"] for turn in body["messages"] if "cache_control" in turn["content"][-1]]
    assert marked == ["more 3", "more 4"]


def test_tools_are_cached_even_where_there_is_no_system_prompt() -> None:
    tools = tuple(ToolSpec(name=name, description=name, parameters={"type": "object"}) for name in "ab")
    body = build_request(ChatRequest(system="", messages=(USER,), tools=tools), model=HAIKU, sampling=False)
    assert "system" not in body
    assert ["cache_control" in tool for tool in body["tools"]] == [False, True]


def test_a_call_without_a_result_is_answered_as_not_run_and_a_result_without_a_call_stays_readable() -> None:
    calls = tuple(ToolCall(id=name, name="f", arguments={}) for name in ("a", "b"))
    results = (
        ToolResult(call_id="b", name="f", content="done"),
        ToolResult(call_id="z", name="g", content="from before the compaction"),
    )
    history = (USER, Message(role="assistant", tool_calls=calls), Message(role="tool", tool_results=results))
    body = build_request(ChatRequest(system="s", messages=history), model=HAIKU, sampling=False)
    first, second, third = body["messages"][2]["content"]
    assert (first["tool_use_id"], first["is_error"]) == ("a", True)
    assert (second["tool_use_id"], second["content"]) == ("b", "done")
    assert third["text"] == "[g] from before the compaction"


def test_the_blocks_of_another_model_are_rebuilt_from_what_everybody_understands() -> None:
    raw = (origin("anthropic", "claude-opus-5-5"), {"type": "thinking", "thinking": "x", "signature": "y"})
    history = (USER, Message(role="assistant", content="Hello", raw=raw), USER)
    body = build_request(ChatRequest(system="s", messages=history), model=HAIKU, sampling=False)
    assert body["messages"][1]["content"] == [{"type": "text", "text": "Hello"}]
