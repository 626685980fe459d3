import base64
import hashlib
import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.models.chat import ChatRequest, Message, ToolCall, ToolResult, ToolSpec
from agents.models.tokens import estimate_message, estimate_request, estimate_tokens

ROOT = Path(__file__).parents[2]

# Counted once with the tokenizer of Qwen2.5-Coder (llama.cpp's /tokenize).
COUNTED = [
    (
        "english",
        "The quick brown fox jumps over the lazy dog and then it walks home to write a small function for its friend. "
        * 40,
        921,
    ),
    ("minified code", "function a(b,c){return b.d?e[f]++:(g-=h)>>>0}" * 60, 1260),
    ("constants", "ABCDEFGH_IJKLM QWERTY_UIOP ZXCVBNM " * 60, 959),
    ("digits", "".join(str(i * 7919) for i in range(800)), 5455),
    ("json", json.dumps([{"id": i, "name": f"item{i}", "ok": True, "v": i * 1.5} for i in range(120)]), 3547),
    ("base64", base64.b64encode(bytes(range(256)) * 8).decode(), 1986),
    ("hex", hashlib.sha256(b"x").hexdigest() * 20, 1160),
    ("indented", ("\n" + " " * 16 + "x = 1") * 200, 1200),
    ("ruler", ("=" * 78 + "\n" + "-" * 78) * 10, 40),
    ("spaces", " " * 3000, 24),
    ("chinese", "快速的棕色狐狸跳过懒狗。请写一个函数。" * 40, 560),
    ("japanese", "素早い茶色の狐はのろまな犬を飛び越える。関数を書いてください。" * 30, 690),
    ("russian", "Съешь ещё этих мягких французских булок, да выпей чаю. " * 40, 921),
    ("greek", "Η γρήγορη καφέ αλεπού πηδά πάνω από το τεμπέλικο σκυλί. " * 30, 1410),
    ("hindi", "तेज भूरी लोमड़ी आलसी कुत्ते के ऊपर कूदती है। " * 30, 1350),
    ("emoji", "🚀🔥👩‍💻✅🎉" * 60, 480),
]


@pytest.mark.parametrize(("text", "counted"), [case[1:] for case in COUNTED], ids=[case[0] for case in COUNTED])
def test_never_far_below_what_a_tokenizer_counts(text: str, counted: int) -> None:
    assert estimate_tokens(text) >= 0.9 * counted


@pytest.mark.parametrize("name", ["english", "minified code", "constants", "json", "indented"])
def test_for_prose_and_code_it_is_not_so_far_above_that_the_window_is_wasted(name: str) -> None:
    text, counted = next(case[1:] for case in COUNTED if case[0] == name)
    assert estimate_tokens(text) <= 1.4 * counted


def test_nothing_is_nothing() -> None:
    assert estimate_tokens("") == 0


@settings(deadline=None)
@given(st.text(max_size=300))
def test_no_text_comes_out_as_nearly_nothing(text: str) -> None:
    assert estimate_tokens(text) >= len(text.encode(errors="replace")) // 70


def test_a_large_text_takes_no_noticeable_time() -> None:
    hostile = ["a" * 500_000, "=" * 500_000, " " * 500_000, "aB1_" * 125_000, "\n" * 500_000, "é" * 500_000]
    started = time.monotonic()
    for text in hostile:
        estimate_tokens(text)
    assert time.monotonic() - started < 5


def test_a_request_counts_everything_the_model_reads() -> None:
    bare = ChatRequest(system="You are brief.", messages=(Message(role="user", content="hi"),))
    tool = ToolSpec(name="file_read", description="Read a file.", parameters={"type": "object", "properties": {}})
    arguments = {"content": "word " * 100}
    call = Message(role="assistant", tool_calls=(ToolCall(id="1", name="f", arguments=arguments),))
    result = Message(role="tool", tool_results=(ToolResult(call_id="1", name="f", content="word " * 100),))
    thoughts = Message(role="assistant", content="x", raw=({"type": "thinking", "thinking": "word " * 100},))
    base = estimate_request(bare)
    assert estimate_request(bare.model_copy(update={"tools": (tool,)})) > base + 100
    for message in (call, result, thoughts):
        longer = bare.model_copy(update={"messages": (*bare.messages, message)})
        assert estimate_request(longer) >= base + 100
        assert estimate_request(longer) == base + estimate_message(message)
