"""What the persona teaches really works: its examples are run by the real toolbox, in the real sandbox."""

from pathlib import Path

import pytest

from agents.missions.persona import EXAMPLES, loop_persona
from agents.models.chat import ToolCall
from agents.models.tokens import estimate_tokens
from agents.settings import Settings
from agents.tools.sandbox import choose_sandbox
from agents.tools.toolbox import build_toolbox


def test_it_is_short_enough_for_a_small_model() -> None:
    assert estimate_tokens(loop_persona()) <= 300


def test_there_are_three_examples_and_each_verifies_or_finishes() -> None:
    assert len(EXAMPLES) == 3
    assert all(calls[-1].name == "finish" for _, calls in EXAMPLES)


@pytest.mark.parametrize(("task", "calls"), EXAMPLES, ids=["create", "edit", "count"])
async def test_every_example_runs(task: str, calls: tuple[ToolCall, ...], tmp_path: Path) -> None:
    root = tmp_path / "work"
    root.mkdir()
    (root / "greet.py").write_text('print("Hi there")  # TODO\n')
    toolbox = build_toolbox(
        root=root,
        logs=tmp_path / "logs",
        sandbox=await choose_sandbox("auto"),
        settings=Settings(),
        on_output=lambda text: None,
    )
    for call in calls:
        outcome = await toolbox.call(call.name, call.arguments)
        assert outcome.ok, f"{task}: {call.name}: {outcome.content}"
    assert outcome.finished
