"""`costs` and `budget` as a person's shell runs them, on what real missions and a real ledger left behind."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.clock import SystemClock
from agents.models.prices import price_of
from agents.settings import Settings
from agents.store import NewCall, OverBudget, Store
from agents.tasks import NANO, NewTask, TaskKind, Usage
from app.cli import run
from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK
from tests.agents.test_mission_money import work
from tests.app.command_line import CommandLine
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama, text

PROVEN = ("run", *SLUG_TASK.split(), "--check", SLUG_CHECK)


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture
async def store(shell: CommandLine) -> AsyncIterator[Store]:
    """This home's, with one task on the board."""
    async with await Store.open(shell.home / "warroom.db", SystemClock()) as opened:
        await opened.insert_task(
            NewTask(title="Fix \x1b[31mCSV"),
            repo="/r",
            complexity=3,
            kind=TaskKind.EDIT,
            simulated=False,
            events=lambda task: (),
        )
        yield opened


async def call(store: Store, reserved: int, **new: object) -> int:
    values: dict[str, object] = {"task": 1, "tier": "haiku", "model": "claude-haiku-5-5", "provider": "anthropic"}
    made = NewCall.model_validate({**values, "reserved_nano": reserved, "price_date": "2026-01-01", **new})
    return await store.reserve_call(made, daily_cap_nano=5 * NANO, task_cap_nano=5 * NANO)


def price(model: str, usage: Usage) -> int:
    known = price_of("anthropic", model)
    assert known is not None
    return known.cost_nano(usage)


async def test_free_work_saves_what_the_next_tier_would_have_cost(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.reply(text(f"slug.py\n```python\n{GOOD_SLUG}```\n"))
        assert (await shell(*PROVEN)).code == 0
    async with await Store.open(shell.home / "warroom.db", SystemClock()) as store:
        (made,) = await store.calls(1)
        assert made.usage.total > 0
    saved = price("claude-haiku-5-5", made.usage)
    rows = (await shell.here("costs", "--json")).rows()
    assert [row["by"] for row in rows] == ["total", "tier", "model", "task", "day"]
    for row in rows:
        assert (row["spent_usd"], row["reserved_usd"], row["calls"], row["unknown_calls"]) == (0.0, 0.0, 1, 0)
        assert row["saved_est_usd"] == saved / NANO
        assert row["tokens"] == {
            "input": made.usage.input,
            "output": made.usage.output,
            "cache_read": 0,
            "cache_write": 0,
        }
    assert [rows[1]["tier"], rows[2]["model"], rows[3]["task"]] == ["local", "m:1b", 1]
    assert rows[3]["title"].startswith("Create slug.py")
    (budget,) = (await shell.here("budget", "--json")).rows()
    assert budget["saved_est_usd"] == saved / NANO
    told = await shell.here("costs")
    assert (told.code, told.out.splitlines()[0]) == (0, "Spent $0.00")
    assert "saved est.  " in told.out
    assert "SAVED (EST.)" in told.out
    assert "Saved is an estimate" in told.err
    # The result is thrown away: nothing was saved by it.
    assert (await shell.here("reject", "T1")).code == 0
    assert (await shell.here("costs", "--json")).rows()[0]["saved_est_usd"] == 0.0


async def test_the_ledger_is_what_the_provider_counted(shell: CommandLine) -> None:
    async with AnthropicServer(*work()) as claude:
        shell.environ |= {"ANTHROPIC_BASE_URL": claude.url, "ANTHROPIC_API_KEY": "k-test"}
        done = await shell(*PROVEN, "--tier", "haiku", "--json")
        assert done.code == 0, done.err
    async with await Store.open(shell.home / "warroom.db", SystemClock()) as store:
        calls = await store.calls(1)
    assert [(row.request_id, row.attempt, row.price_date != "") for row in calls] == [
        ("req_001", 1, True),
        ("req_002", 1, True),
    ]
    assert {row.owner.count(":") for row in calls} == {2}
    cost = sum(price("claude-haiku-5-5", row.usage) for row in calls)
    total, *others = (await shell.here("costs", "--json")).rows()
    assert total["spent_usd"] == cost / NANO == done.rows()[-1]["cost_usd"]
    assert (total["saved_est_usd"], total["reserved_usd"]) == (0.0, 0.0)
    assert {row["spent_usd"] for row in others} == {cost / NANO}
    assert sum((row.usage for row in calls), Usage()) == claude.served


async def test_an_unknown_cost_is_never_nothing(shell: CommandLine, store: Store) -> None:
    known = await call(store, NANO)
    await store.settle_call(known, usage=Usage(input=5), cost_nano=NANO // 4, request_id=None)
    unknown = await call(store, NANO, tier="lab", model="llama")
    await store.settle_call(unknown, usage=Usage(output=7), cost_nano=None, request_id=None)
    await call(store, NANO // 2)
    told = await shell.here("costs")
    assert told.out.startswith("Spent $0.25 + n/a\n")
    (lab,) = [line for line in told.out.splitlines() if line.startswith("lab")]
    assert "n/a" in lab
    assert "$0.00" not in lab
    assert "T1 Fix CSV" in told.out
    assert "\x1b" not in told.out
    assert "nobody knows what 1 call cost" in told.err
    rows = {(row["by"], row.get("tier")): row for row in (await shell.here("costs", "--json")).rows()}
    assert rows[("tier", "lab")]["spent_usd"] is None
    assert rows[("tier", "lab")]["known_usd"] == 0.0
    assert rows[("total", None)]["spent_usd"] is None
    assert (rows[("total", None)]["known_usd"], rows[("total", None)]["reserved_usd"]) == (0.25, 0.5)
    assert rows[("tier", "haiku")]["spent_usd"] == 0.25
    (budget,) = (await shell.here("budget", "--json")).rows()
    assert (budget["spent_usd"], budget["reserved_usd"], budget["left_usd"], budget["unknown_calls"]) == (
        1.25,
        0.5,
        3.25,
        1,
    )


async def test_only_calls_since_a_moment_are_counted(shell: CommandLine, store: Store) -> None:
    await store.settle_call(await call(store, NANO), usage=Usage(), cost_nano=NANO, request_id=None)
    now = datetime.now(UTC)
    for since, calls in (
        ("1h", 1),
        ("7d", 1),
        ((now - timedelta(days=1)).date().isoformat(), 1),
        ((now - timedelta(minutes=5)).isoformat(), 1),
        ((now + timedelta(minutes=5)).isoformat(), 0),
        ((now + timedelta(days=2)).date().isoformat(), 0),
    ):
        rows = (await shell.here("costs", "--since", since, "--json")).rows()
        assert rows[0]["calls"] == calls, since
        assert len(rows) == (5 if calls else 1)
    assert "No call was made since" in (await shell.here("costs", "--since", "2999-01-01")).err


async def test_a_raise_holds_at_once_and_is_said(shell: CommandLine, store: Store) -> None:
    await store.settle_call(await call(store, 4 * NANO), usage=Usage(), cost_nano=5 * NANO, request_id=None)
    told = await shell.here("budget")
    assert told.out.splitlines()[:3] == [
        "today (UTC)  $5.00 of $5.00 spent",
        "reserved     $0.00",
        "left         $0.00",
    ]
    assert "local work goes on" in told.err
    with pytest.raises(OverBudget):
        await call(store, 1)
    raised = await shell.here("budget", "raise", "$7.5")
    assert (raised.code, raised.out) == (0, "Today (UTC) may cost up to $7.50; it was $5.00.\n")
    with pytest.raises(OverBudget, match="--task T1"):
        await call(store, 1)
    raised = await shell.here("budget", "raise", "6", "--task", "T1", "--json")
    assert raised.rows() == [{"scope": "task", "task": 1, "from_usd": 1.0, "cap_usd": 6.0}]
    await call(store, NANO)
    assert "$5.00 of $7.50 spent, raised from $5.00 for today" in (await shell.here("budget")).out
    for lower in (("7",), ("7.5",), ("5.99", "--task", "1")):
        refused = await shell.here("budget", "raise", *lower)
        assert (refused.code, refused.out) == (2, "")
        assert "only ever raised" in refused.err
    unknown = await shell.here("budget", "raise", "9", "--task", "T7")
    assert unknown.code == 2
    assert "there is no task T7" in unknown.err
    await shell.here("budget", "raise", "8")
    told_events = [event.type for event in await store.events_after(0)]
    assert told_events.count("budget.raised") == 3


async def test_a_repository_of_ones_own_may_have_a_cap_of_its_own(shell: CommandLine) -> None:
    (shell.folder / "warroom.toml").write_text("[budget]\ndaily_usd = 2.0\ntask_usd = 0.5\n")
    await shell.here("trust", "--yes")
    (row,) = (await shell.here("budget", "--json")).rows()
    assert (row["cap_usd"], row["task_cap_usd"]) == (2.0, 0.5)
    assert (await shell.here("budget", "raise", "2.5")).out == "Today (UTC) may cost up to $2.50; it was $2.00.\n"


async def test_an_empty_home_has_no_costs(shell: CommandLine) -> None:
    told = await shell.here("costs")
    assert (told.code, told.out, told.err) == (0, "", "No call was made yet.\n")
    (row,) = (await shell.here("costs", "--json")).rows()
    assert (row["by"], row["calls"], row["spent_usd"]) == ("total", 0, 0.0)
    assert Settings().budget.daily_nano == 5 * NANO


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["costs", "--since", "yesterday"], "no date"),
        (["costs", "--since", "9999999d"], "no date"),
        (["costs", "--since", "2026-13-01"], "no date"),
        (["budget", "raise"], "USD"),
        (["budget", "raise", "much"], "no amount of dollars"),
        (["budget", "raise", "--", "-1"], "no amount of dollars"),
        (["budget", "lower", "1"], "lower"),
        (["export"], "FILE"),
        (["export", "-", "--what", "secrets"], "secrets"),
        (["export", "x.csv", "--what", "training"], "do not fit a table"),
        (["export", "/nowhere/at/all.jsonl"], "there is no folder /nowhere/at"),
        (["export", "/dev/null", "--force"], "no ordinary file"),
    ],
)
def test_slips_of_the_pen(
    arguments: list[str],
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path))
    assert run(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert says in told.err
