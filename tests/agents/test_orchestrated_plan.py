"""The orchestrated arm carried out because the plan has it, not because somebody pinned it."""

from pathlib import Path

import pytest

from agents.routing.bill import bills
from agents.settings import Routing
from agents.tasks import NewTask, Outcome, TaskStatus, Variant
from tests.agents.conftest import BAD_SLUG, GOOD_SLUG, SLUG_CHECK
from tests.agents.council_table import says
from tests.agents.orchestra import TASK, carried_out, orchestra, order, verdict, writes

NEW = NewTask(title=TASK.title, check=SLUG_CHECK)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")


def routing(mode: str) -> Routing:
    return Routing.model_validate({"mode": mode, "samples": 0, "explore": 0, "judge": "none"})


async def test_the_mode_begins_with_an_order(repo: Path, home: Path) -> None:
    scripts = says(order()), says(verdict())
    async with orchestra(repo, home, *scripts, routing=routing("orchestrated")) as (hq, _, claude):
        task, missions = await carried_out(hq, NEW)
    assert (task.status, task.outcome) == (TaskStatus.REVIEW, Outcome.PROVEN), task.reason
    assert {one.variant for one in missions} == {Variant.ORCHESTRATED}
    assert task.plan[0].why.startswith("local by work order .")
    assert len(claude.requests) == 2


async def test_what_the_free_tries_cannot_do_is_ordered_and_only_that_is_on_the_bill(repo: Path, home: Path) -> None:
    scripts = says(order()), says(verdict())
    async with orchestra(repo, home, *scripts, routing=routing("auto")) as (hq, ollama, claude):
        ollama.answer = lambda _body: writes(GOOD_SLUG if claude.requests else f"{BAD_SLUG}# {len(ollama.chats)}\n")
        task, missions = await carried_out(hq, NEW)
        (bill,) = await bills(hq.store, hq.settings)
        trials = await hq.store.trials()
    assert (task.status, task.outcome) == (TaskStatus.REVIEW, Outcome.PROVEN), task.reason
    plain = [one.variant for one in missions if one.variant is not Variant.ORCHESTRATED]
    assert plain == [Variant.ONCE, Variant.RETRY]
    assert [(share.step, share.free, share.used.steps) for share in bill.shares] == [
        ("plan", False, 1),
        ("write", True, 1),
        ("review", False, 1),
    ]
    assert bill.cloud_nano == task.cost_nano
    assert (bill.estimate_nano, bill.instead) == (None, ""), "no paid tier codes here"
    assert [(trial.variant, trial.success) for trial in trials][-1] == (Variant.ORCHESTRATED, True)


async def test_under_radio_silence_nobody_is_asked_for_an_order(repo: Path, home: Path) -> None:
    async with orchestra(repo, home, routing=routing("local-only")) as (hq, ollama, claude):
        task, _ = await carried_out(hq, TASK)
        assert claude.accepted == 0
    assert (task.status, task.halted, len(ollama.chats)) == (TaskStatus.OPEN, "environment", 0)
    assert "RADIO SILENCE" in task.reason
