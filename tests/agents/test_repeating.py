"""When a reply runs in circles, and when it only looks like it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.missions.repeating import LEAST, repeats_itself

RAW = json.loads((Path(__file__).parents[1] / "fixtures" / "raw_replies.json").read_text(encoding="utf-8"))
BLOCK = (
    "        # Check if the field is a month\n"
    "        if field in ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12']:\n            continue\n\n"
    "        # Check if the field is a weekday\n        if field in ['0', '1', '2', '3', '4', '5', '6']:\n"
    "            continue\n\n"
)
"""Written by Qwen2.5-Coder-1.5B up to its token limit."""


def test_a_block_of_lines_over_and_over_is_noticed_before_the_limit() -> None:
    assert repeats_itself("def f():\n" + BLOCK * 5)
    assert not repeats_itself("def f():\n" + BLOCK * 3)
    assert not repeats_itself("def f():\n" + BLOCK * 5 + "        return True\n")


def test_white_space_without_end_is_noticed() -> None:
    assert repeats_itself('{"name": "file_write"' + "\n" * 200)
    assert not repeats_itself("x\n\n\n")


@pytest.mark.parametrize("row", ["    [0, 0, 0],\n", "        continue\n", "}\n"])
def test_a_table_of_equal_rows_is_no_fault(row: str) -> None:
    assert not repeats_itself("TABLE = [\n" + row * (LEAST // len(row.strip()) // 2))


@given(st.lists(st.text(alphabet="ab c\n", max_size=30), max_size=30))
def test_short_replies_never_count(pieces: list[str]) -> None:
    text = "".join(pieces)[: LEAST - 1].rstrip()
    assert not repeats_itself(text)


@pytest.mark.parametrize("name", [name for name, reply in RAW.items() if reply["stop"] == "stop"])
def test_no_reply_that_ended_by_itself_would_have_been_broken_off(name: str) -> None:
    text = RAW[name]["content"]
    assert not any(repeats_itself(text[: at + 1]) for at, letter in enumerate(text) if letter == "\n")


@pytest.mark.parametrize("name", [name for name in RAW if "tool_required" in name and not name.startswith("tagged")])
def test_recorded_replies_that_ran_into_their_limit_would_have_been(name: str) -> None:
    assert repeats_itself(RAW[name]["content"])
