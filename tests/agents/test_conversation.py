"""A conversation that no longer fits is compacted where it hurts least, or refused; never cut silently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.missions.conversation import drop_oldest_turn, shorten_results
from agents.models.chat import Message, ToolCall, ToolResult


def turn(number: int, size: int = 1000) -> tuple[Message, Message]:
    asked = Message(role="assistant", tool_calls=(ToolCall(id=str(number), name="file_read", arguments={}),))
    result = ToolResult(call_id=str(number), name="file_read", content="x" * size)
    return asked, Message(role="tool", tool_results=(result,))


def talk(turns: int) -> tuple[Message, ...]:
    messages = [Message(role="user", content="MISSION")]
    for number in range(turns):
        messages += turn(number)
    return tuple(messages)


def test_old_long_results_are_shortened_and_say_so() -> None:
    messages = shorten_results(talk(4), keep=2)
    contents = [message.tool_results[0].content for message in messages if message.tool_results]
    assert [len(text) < 200 for text in contents] == [True, True, False, False]
    assert "1000 characters" in contents[0]


def test_short_results_stay() -> None:
    messages = (Message(role="user"), *turn(1, size=10), *turn(2), *turn(3))
    assert shorten_results(messages, keep=1)[2] == messages[2]


@given(st.integers(min_value=2, max_value=9))
def test_dropping_keeps_the_mission_and_pairs_of_call_and_result(turns: int) -> None:
    messages = talk(turns)
    while len(messages) > 3:
        shorter = drop_oldest_turn(messages)
        assert len(shorter) < len(messages)
        assert shorter[0] == messages[0]
        assert shorter[1].role == "assistant"
        assert shorter[-1] == messages[-1]
        messages = shorter


@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_latest_turn_is_never_dropped(length: int) -> None:
    messages = talk(1)[:length]
    assert drop_oldest_turn(messages)[0] == messages[0]
