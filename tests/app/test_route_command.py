"""`route` as a person's shell runs it: an assessment and a plan, and nothing else."""

import json
from pathlib import Path

import pytest

from agents.clock import SystemClock
from agents.store import Store
from tests.app.command_line import CommandLine


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


async def test_a_task_is_assessed_and_planned(shell: CommandLine) -> None:
    (row,) = (
        await shell.here("route", "Create", "slug.py", "with", "slugify(text)", "--check", "true", "--json")
    ).rows()
    assert set(row) >= {"complexity", "source", "rules", "judge", "kind", "plan", "preset"}
    assert (row["source"], row["judge"], row["kind"], row["preset"]) == ("rules", None, "function", "free-first")
    assert set(row["rules"]) == {"score", "component", "coordinative", "dynamic", "evidence"}
    first = row["plan"][0]
    assert set(first) >= {"tier", "model", "p", "cost_usd", "seconds", "why"}
    assert (first["tier"], first["cost_usd"]) == ("local", 0.0)
    assert 0 < first["p"] < 1
    assert first["evidence"]["source"] in {"guess", "measured elsewhere"}
    told = await shell.here("route", "Create slug.py with slugify(text)", "--check", "true")
    assert "local ." in told.out
    assert "at $0" in told.out


async def test_without_a_check_there_is_one_arm_and_it_says_so(shell: CommandLine) -> None:
    (row,) = (await shell.here("route", "Create slug.py", "--json")).rows()
    assert len(row["plan"]) == 1
    assert "unverified" in row["plan"][0]["why"]


async def test_paid_tiers_are_there_with_a_key(shell: CommandLine) -> None:
    words = ("route", "Fix the intermittent deadlock in worker.py", "--check", "true", "--json")
    (row,) = (await shell.here(*words)).rows()
    assert {arm["tier"] for arm in row["plan"]} == {"local"}
    shell.environ["ANTHROPIC_API_KEY"] = "k"
    (row,) = (await shell.here(*words)).rows()
    assert {arm["tier"] for arm in row["plan"]} >= {"local", "sonnet"}
    paid = next(arm for arm in row["plan"] if arm["tier"] == "sonnet")
    assert paid["cost_usd"] > 0


async def test_the_plan_is_that_of_a_dispatch_with_a_planner_too(shell: CommandLine) -> None:
    shell.environ |= {"ANTHROPIC_API_KEY": "k", "WARROOM_ROUTING__PRESET": "balanced"}
    words = ("route", "Redesign the whole distributed system as services", "--check", "true", "--json")
    (row,) = (await shell.here(*words)).rows()
    assert "planned" in {arm["variant"] for arm in row["plan"]}


async def test_a_task_can_be_routed_as_if_pinned_to_a_work_order(shell: CommandLine) -> None:
    shell.environ["ANTHROPIC_API_KEY"] = "k"
    (row,) = (await shell.here("route", "--orchestrate", "Create slug.py with slugify(text)", "--json")).rows()
    assert [arm["variant"] for arm in row["plan"]] == ["orchestrated"]
    assert row["plan"][0]["cost_usd"] > 0


async def test_what_stubs_said_of_the_checks_here_counts_as_it_does_for_a_dispatch(shell: CommandLine) -> None:
    shell.environ |= {"ANTHROPIC_API_KEY": "k", "WARROOM_ROUTING__PRESET": "balanced"}
    words = ("route", "Write an LRU cache class in lru.py", "--check", "true", "--json")
    (before,) = (await shell.here(*words)).rows()
    async with await Store.open(shell.home / "warroom.db", SystemClock()) as store:
        await store.add_strength(str(shell.folder), tried=100, accepted=90)
    (after,) = (await shell.here(*words)).rows()
    assert [arm["tier"] for arm in before["plan"]][0] == "local"
    assert before["plan"] != after["plan"]


async def test_a_file_is_answered_line_by_line_in_order(shell: CommandLine) -> None:
    texts = ["Fix a typo in the README", "Write an LRU cache class in lru.py", "Redesign the monolith as services"]
    lines = [json.dumps({"text": text, "check": "true"}) for text in texts]
    (shell.folder / "tasks.jsonl").write_text("\ufeff" + "\r\n".join([*lines, ""]))
    rows = (await shell.here("route", "--batch", "tasks.jsonl", "--json")).rows()
    assert [row["complexity"] for row in rows] == sorted(row["complexity"] for row in rows)
    assert len(rows) == 3
    assert rows[0]["complexity"] < rows[2]["complexity"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "line 1 is no JSON"),
        ('{"text": "a"}\n[]', "line 2 is no object"),
        ('{"text": "a", "tier": "x"}', "there is no key 'tier'"),
        ('{"brief": "a"}', "text is missing"),
        ('{"text": 3}', "text is no text"),
        (b"\xff\xfe\x00", "is no JSON"),
    ],
)
async def test_a_faulty_line_is_named(shell: CommandLine, content: str | bytes, said: str) -> None:
    file = shell.folder / "tasks.jsonl"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = await shell.here("route", "--batch", "tasks.jsonl", "--json")
    assert done.code == 2
    assert said in done.err


async def test_hostile_words_are_only_words(shell: CommandLine) -> None:
    done = await shell.here("route", "Fix \x1b]52;c;aGk=\x07 [@click=app.quit]x[/] ../../etc/passwd", "--check", "true")
    assert done.code == 0
    assert "\x1b" not in done.out + done.err


@pytest.mark.parametrize("words", [(), ("a", "--batch", "f.jsonl"), ("a", "--tier", "locl"), ("--batch", "nowhere")])
async def test_a_slip_of_the_pen_is_told(shell: CommandLine, words: tuple[str, ...]) -> None:
    done = await shell.here("route", *words)
    assert done.code == 2
    assert done.err
