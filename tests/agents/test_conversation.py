"""A conversation that no longer fits is compacted where it hurts least, or refused; never cut silently."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.clock import SystemClock
from agents.missions.conversation import Conversation, drop_oldest_turn, shorten_results
from agents.models.chat import ChatRequest, Message, ToolCall, ToolResult
from agents.models.errors import ContextOverflow
from agents.models.tokens import estimate_request
from agents.store import Store


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


@settings(deadline=None)
@given(
    sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=30),
    windows=st.lists(st.integers(200, 6000), min_size=1, max_size=4),
)
def test_what_is_sent_fits_however_the_talk_grew_and_was_compacted(
    sizes: list[int], windows: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    asyncio.run(_grow(tmp_path_factory.getbasetemp() / "fits.db", sizes, windows))


async def _grow(path: Path, sizes: list[int], windows: list[int]) -> None:
    request = ChatRequest(system="You are brief.", messages=(), max_tokens=100)

    def weight() -> int:
        return estimate_request(request.model_copy(update={"messages": talk.messages}))

    async with await Store.open(path, SystemClock()) as store:
        talk = Conversation(store, 0)
        talk.hold(Message(role="user", content="MISSION"))
        for number, size in enumerate(sizes):
            for message in turn(number, size):
                talk.hold(message)
            room = windows[number % len(windows)] - request.max_tokens
            fitted, before = weight() <= room, talk.messages
            try:
                assert talk.fitted(request, room + request.max_tokens).messages == talk.messages
            except ContextOverflow:
                assert weight() > room
            else:
                assert weight() <= room
            assert not fitted or talk.messages == before
            whole = weight()
            assert number % 7 < 6 or talk.compact(request) == (weight() < whole)
