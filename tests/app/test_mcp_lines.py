"""The wire of `warroom mcp` by itself: every line is a message or gets an error, however it comes in."""

import asyncio
import json
import socket
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.serving.wire import Incoming, Wire, streams

FLAT = st.none() | st.booleans() | st.integers() | st.floats() | st.text('aé"\\\n\0\ud800', max_size=4)
JSON = FLAT | st.lists(FLAT, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", ""]), FLAT, max_size=3)
ALMOST = st.fixed_dictionaries(
    {"jsonrpc": st.sampled_from(["2.0", "1.0", 2])},
    optional={
        "id": JSON,
        "method": st.sampled_from(["ping", "tools/call", "notifications/cancelled"]) | JSON,
        "params": st.fixed_dictionaries({}, optional={"requestId": JSON, "reason": JSON}) | JSON,
        "result": JSON,
        "error": JSON,
    },
)
LINE = st.binary(min_size=1, max_size=40) | ALMOST.map(lambda value: json.dumps(value).encode())


async def _fed(pieces: list[bytes]) -> tuple[list[Incoming], list[dict[str, Any]]]:
    """What is handed on and what is answered of what a client sends piece by piece before it leaves."""
    client, ours = socket.socketpair()
    (come_in, incoming), unused = streams()
    with client, ours:
        wire = Wire((ours.fileno(), ours.fileno()), lambda request, reason: None)

        async def read() -> None:
            async with come_in:
                await wire.read(come_in)

        reading = asyncio.create_task(read())
        for piece in pieces:
            client.sendall(piece)
            await asyncio.sleep(0)
        client.shutdown(socket.SHUT_WR)
        async with incoming:
            handed_on = [message async for message in incoming]
        await reading
        ours.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: client.recv(65_536), b""))
    for stream in unused:
        stream.close()
    return handed_on, [json.loads(line) for line in said.splitlines()]


@settings(max_examples=80)
@given(st.lists(LINE, min_size=1, max_size=5), st.integers(1, 50))
def test_every_line_is_a_message_or_gets_an_error_however_it_is_cut(lines: list[bytes], size: int) -> None:
    sent = b"\n".join(lines)
    handed_on, answered = asyncio.run(_fed([sent[at : at + size] for at in range(0, len(sent), size)]))
    assert len(handed_on) + len(answered) == len([line for line in sent.split(b"\n") if line.strip()])
    assert all(answer["error"]["code"] in {-32700, -32600} for answer in answered)
    again = asyncio.run(_fed([sent]))
    assert ([str(one) for one in handed_on], answered) == ([str(one) for one in again[0]], again[1])
