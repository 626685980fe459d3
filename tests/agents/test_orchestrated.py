"""Orchestrated work at wire level: a planner orders, a local model writes, a reviewer reads, the harness decides."""

import asyncio
from pathlib import Path

import pytest

from agents.tasks import Outcome, Role, TaskStatus, Variant
from tests.agents.orchestra import carried_out, orchestra, planned, verdict


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")


async def test_an_order_a_check_a_part_and_a_review(repo: Path, home: Path) -> None:
    async with orchestra(repo, home, *planned(verdict())) as (hq, ollama, claude):
        async with asyncio.timeout(40):
            task, missions = await carried_out(hq)
        trials = await hq.store.trials()
        state = await hq.store.work_order(task.id)
    assert (task.status, task.outcome) == (TaskStatus.REVIEW, Outcome.VERIFIED), task.reason
    assert [(one.role, one.tier) for one in missions] == [
        (Role.PLAN, "opus"),
        (Role.PLAN, "opus"),
        (Role.CODE, "local"),
        (Role.REVIEW, "opus"),
    ]
    assert {one.variant for one in missions} == {Variant.ORCHESTRATED}
