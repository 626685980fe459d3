"""What a backtest replays: a file of outcomes, every mistake in it told, and a person's own history."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.routing.backtest.buckets import bucketing
from agents.routing.backtest.history import from_trials
from agents.routing.backtest.outcomes_file import MISTAKES_SHOWN, OutcomesFileError, read_outcomes
from agents.routing.backtest.records import Attempt, Outcomes, Record
from agents.store.records import Trial
from agents.tasks import TaskKind, Variant, Way

AT = datetime(2026, 3, 1, tzinfo=UTC)


def line(name: object = "a", **changes: Any) -> dict[str, Any]:
    whole = {
        "id": name,
        "features": {"kind": "edit", "complexity": 4},
        "outcomes": {"local": 0.5, "haiku": 1},
        "cost_usd": {"local": 0, "haiku": 0.01},
        "seconds": {"local": 9, "haiku": 2.5},
    }
    return {key: value for key, value in (whole | changes).items() if value != "LEFT OUT"}


def read(*lines: object) -> Outcomes:
    text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines)
    return read_outcomes(io.BytesIO(text.encode()), "f.jsonl")


def test_a_line_becomes_a_record() -> None:
    outcomes = read(line(prompt="fix it"), "", line("b"))
    first = Record(
        id="a",
        features={"kind": "edit", "complexity": 4.0},
        attempts={"local": Attempt(0.5, 0.0, 9.0), "haiku": Attempt(1.0, 0.01, 2.5)},
        length=6,
        complexity=4,
    )
    assert outcomes.records[0] == first
    assert outcomes.records[1].length is None
    assert (outcomes.tiers, outcomes.notes, outcomes.only_rates) == (("local", "haiku"), (), True)


def test_windows_lines_and_a_byte_order_mark_are_read() -> None:
    data = b"\xef\xbb\xbf" + f"{json.dumps(line())}\r\n\r\n{json.dumps(line('b'))}\r\n".encode()
    assert [record.id for record in read_outcomes(io.BytesIO(data), "f").records] == ["a", "b"]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("{", "not valid JSON at column 2"),
        ("[1]", "it is a list: expected an object"),
        (line(features="LEFT OUT", feature={}), "features is missing: expected an object such as {}. Did you mean"),
        (line(features=[]), "features is a list"),
        (line(features={"files": ["a"]}), "features.files is a list: expected a word, a number, true or false"),
        (line(id=None), "id is missing"),
        (line(id=" "), "id is an empty text"),
        (line(id=True), "id is true"),
        (line(prompt=3), "prompt is a number: expected the prompt's text"),
        (line(outcomes={}), "outcomes is empty"),
        (line(outcomes={"local": 1.01}), "outcomes.local is 1.01: expected a pass rate from 0 to 1"),
        (line(outcomes={"local": True}), "outcomes.local is true: expected a pass rate from 0 to 1"),
        (line(outcomes={"local": "1"}), "outcomes.local is a text"),
        (line(cost_usd={"local": -1}), "cost_usd.local is -1: expected dollars, 0 or more"),
        (line(cost_usd=0.1), "cost_usd is a number: expected an object with dollars"),
        (line(seconds="LEFT OUT"), "seconds is missing: expected an object with seconds"),
        (line(seconds={"local": float("inf")}), "Infinity is no number"),
        (json.dumps(line()).replace("9,", "1e999,"), "seconds.local is inf: expected seconds, 0 or more"),
        (json.dumps(line()).replace("9,", f"1{'0' * 400},"), "expected seconds, 0 or more"),
        ('{"id": 1, "id": 2}', "the key id is there twice"),
        ("[" * 100_000, "not "),
        (line("good"), "id good is on line 1 already: one line a task"),
    ],
)
def test_a_malformed_line_is_refused_with_its_place_and_what_belongs_there(bad: object, told: str) -> None:
    with pytest.raises(OutcomesFileError) as refused:
        read(line("good"), bad, line("other"))
    (only,) = str(refused.value).splitlines()
    assert only.startswith("f.jsonl, line 2: ")
    assert told in only


def test_all_mistakes_are_told_at_once_up_to_a_number() -> None:
    with pytest.raises(OutcomesFileError) as refused:
        read(*["{"] * (MISTAKES_SHOWN + 5))
    told = str(refused.value).splitlines()
    assert len(told) == MISTAKES_SHOWN + 1
    assert "there may be more" in told[-1]


def test_an_empty_file_and_one_that_is_no_text_are_refused() -> None:
    with pytest.raises(OutcomesFileError, match="holds no outcome"):
        read("", "  ")
    with pytest.raises(OutcomesFileError, match="line 1: not UTF-8 text"):
        read_outcomes(io.BytesIO(b"\xff\xfe\x00{"), "f")
    nine = [f"t{number}" for number in range(9)]
    each = dict.fromkeys(nine, 1)
    with pytest.raises(OutcomesFileError, match="has 9 tiers"):
        read(line(outcomes=each, cost_usd=each, seconds=each))


def test_what_is_passed_over_is_said() -> None:
    outcomes = read(
        line(promt="x"),
        line("b", outcomes={"local": 0}),
        line("c", outcomes={"local": 0, "haiku": 1}, cost_usd={"local": 0, "haiku": None}),
        line("d", outcomes={"local": 0, "haiku": 1}),
    )
    notes = "\n".join(outcomes.notes)
    assert "2 of 4 lines have no label for haiku" in notes
    assert "1 lines name haiku without all of outcomes, cost_usd and seconds" in notes
    assert "the key promt is not known (1 lines) and not used; did you mean prompt?" in notes


def test_what_a_file_says_is_made_safe() -> None:
    each = {"lo\n\x1b[1mcal": 1}
    outcomes = read(line(features={"k\x1b[31m": "\x1b]0;x\x07v"}, outcomes=each, cost_usd=each, seconds=each))
    assert outcomes.records[0].features == {"k": "v"}
    assert outcomes.tiers == ("lo cal",)
    with pytest.raises(OutcomesFileError) as refused:
        read(line(outcomes={"\x1b[2Jl": 7}))
    assert "\x1b" not in str(refused.value)


@given(st.lists(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=4), max_size=5))
@settings(deadline=None)
def test_nothing_but_its_own_error_comes_of_any_values(values: list[Any]) -> None:
    keys = ("id", "features", "outcomes", "cost_usd", "seconds")
    with pytest.raises(OutcomesFileError, match=r"^f\.jsonl, line 1: "):
        read(dict(zip(keys, values, strict=False)), line())


def trial(task: int, tier: str, *, success: bool, hour: int = 0, **more: Any) -> Trial:
    values = {"mission": hour + 1, "kind": TaskKind.EDIT, "complexity": 3, "variant": Variant.ONCE, **more}
    return Trial.model_validate(
        {
            "task": task,
            "tier": tier,
            "success": success,
            "at": AT + timedelta(hours=hour),
            "model": "m",
            "way": Way.DIRECT,
            **values,
        }
    )


def test_a_history_has_labels_only_for_what_was_tried() -> None:
    outcomes = from_trials(
        [
            trial(2, "local", success=True, hour=3, seconds=4),
            trial(1, "haiku", success=True, hour=2, cost_nano=1_000_000, seconds=2),
            trial(1, "local", success=False, hour=0, seconds=10),
            trial(1, "local", success=False, hour=1, seconds=20, variant=Variant.RETRY),
            trial(3, "local", success=True, simulated=True),
            trial(4, "local", success=True, proving=True),
            trial(5, "opus", success=True, cost_nano=None),
        ]
    )
    by_id = {record.id: record for record in outcomes.records}
    assert set(by_id) == {"T1", "T2", "T5"}
    assert by_id["T1"].attempts == {"local": Attempt(0.0, 0.0, 30.0), "haiku": Attempt(1.0, 0.001, 2.0)}
    assert by_id["T2"].attempts == {"local": Attempt(1.0, 0.0, 4.0)}
    assert by_id["T5"].attempts == {}
    assert by_id["T1"].features == {"kind": "edit", "complexity": 3.0, "language": "other", "size": "none"}
    assert outcomes.tiers == ("local", "haiku")
    notes = "\n".join(outcomes.notes)
    assert "2 attempts of simulations and of the proving ground are left out" in notes
    assert "2 of 3 lines have no label for haiku" in notes
    assert "1 of the 1 labels of haiku are of tasks another tier had failed" in notes
    assert from_trials([]) == Outcomes((), ())


def test_buckets_are_made_of_features_that_say_how_a_task_is() -> None:
    records = [
        Record(
            str(at),
            {"repo": f"r{at}", "lines": float(at), "same": "x", "complexity": float(at % 10 + 1), "hard": at % 2 == 0},
            {},
        )
        for at in range(30)
    ]
    names, buckets = bucketing(records)
    assert names == ("complexity", "lines", "hard")
    assert len({bucket[0] for bucket in buckets}) == 3
    assert [sum(bucket[1] == part for bucket in buckets) for part in "012"] == [10, 10, 10]
    assert bucketing([]) == ((), ())
