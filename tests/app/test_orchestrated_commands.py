"""Orchestrated work as a person's shell asks for it, follows it and looks at it."""

import re
from pathlib import Path

import pytest

from agents.headquarters import Headquarters
from agents.settings import Settings
from agents.store.work_orders import AcceptanceCheck, Orchestration, WorkOrder
from agents.tasks import NewTask
from app.screen.order_words import order_lines
from tests.agents.conftest import GOOD_SLUG
from tests.agents.council_table import says
from tests.agents.orchestra import TASK, planned, verdict, writes
from tests.app.command_line import CommandLine
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


async def test_a_run_by_a_work_order_is_told_and_shown(shell: CommandLine) -> None:
    better = GOOD_SLUG.replace("(text):\n", '(text):\n    """The slug of a text."""\n')
    scripts = planned(verdict("Say in a docstring what it does."), verdict())
    async with FakeOllama() as ollama, AnthropicServer(*scripts) as claude:
        shell.environ |= {"OLLAMA_HOST": ollama.url, "ANTHROPIC_BASE_URL": claude.url, "ANTHROPIC_API_KEY": "test"}
        ollama.answer = lambda body: writes(GOOD_SLUG if len(ollama.chats) < 2 else better)
        done = await shell("run", "--orchestrate", *TASK.title.split())
    assert done.code == 0, done.err
    for line in (
        "orders 1 part: One small module.",
        "acceptance check: 2/2 stubs refused",
        "part 1 of 1 is written",
        "review 1 asks for 1 correction: Nearly.",
        "review 2 approves: As ordered.",
    ):
        assert line in done.err
    shown = (await shell.here("show", "T1")).out
    order = [line.strip() for line in shown[shown.index("Work order") :].splitlines()]
    assert order[1:3] == ["One small module. (by sonnet, claude-sonnet-5-5)", "files: slug.py"]
    assert "convention: No dependencies." in order
    assert re.search(r"check: .*written by sonnet, claude-sonnet-5-5, test_warroom_t1\.py; 2/2 stubs refused", shown)
    assert "part 1 (function): Write slugify: T1.3 local m:1b" in order
    assert re.search(r"review 1 by sonnet, \$0\.\d+: asks for 1 correction\. Nearly\.", shown)
    assert "slug.py:1 Say in a docstring what it does." in order
    assert ", orchestrated" in shown
    (row,) = (await shell.here("show", "T1", "--json")).rows()
    assert (row["orchestrate"], row["work_order"]["ended"], len(row["work_order"]["rounds"])) == (True, "done", 2)
    assert row["cost_usd"] > 0
    bill = next(one for one in (await shell.here("costs", "--json")).rows() if one["by"] == "orchestrated")
    assert (bill["task"], bill["title"]) == (1, row["title"])
    assert {step: part["calls"] for step, part in bill["cloud"].items()} == {"plan": 1, "check": 1, "review": 2}
    assert bill["cloud_usd"] == pytest.approx(row["cost_usd"])
    assert set(bill["local"]) == {"write"}
    assert bill["local"]["write"]["spent_usd"] == 0
    written = {where: sum(part["tokens"]["output"] for part in bill[where].values()) for where in ("cloud", "local")}
    assert bill["local_output_share"] == pytest.approx(written["local"] / sum(written.values()), abs=1e-4)
    assert bill["all_cloud_tier"] == "haiku"
    assert bill["all_cloud_est_usd"] > bill["cloud_usd"]
    told = (await shell.here("costs")).out
    assert re.search(r"^ORCHESTRATED .* ALL CLOUD \(EST\.\)$", told, re.MULTILINE)
    assert re.search(rf"^T1 .* {bill['local_output_share']:.0%} ", told, re.MULTILINE)


async def test_an_answer_of_no_use_is_shown(shell: CommandLine) -> None:
    async with (
        FakeOllama() as ollama,
        AnthropicServer(says("Certainly!"), says("Sure:\nhere is \x1b[31mcode")) as claude,
    ):
        shell.environ |= {"OLLAMA_HOST": ollama.url, "ANTHROPIC_BASE_URL": claude.url, "ANTHROPIC_API_KEY": "test"}
        done = await shell("run", "--orchestrate", *TASK.title.split())
    assert done.code == 1
    assert "its words are in `warroom show T1`" in done.out
    shown = (await shell.here("show", "T1")).out
    assert "What T1.1 answered, which could not be used\n  Sure:\n  here is" in shown
    assert "\x1b" not in shown


def test_a_check_that_is_written_but_not_tried_yet_says_so() -> None:
    order = WorkOrder(summary="One.", files=("a.py",), acceptance="It runs.", parts=())
    check = AcceptanceCheck(command="python3 test_a.py", path="test_a.py", content="", tier="opus", model="o")
    state = Orchestration(
        task=1, asked="", dispatch=1, base="0" * 40, tier="opus", model="o", since=1, order=order, check=check, parts=()
    )
    assert ("check: python3 test_a.py (written by opus, o, test_a.py; not tried yet)", "info") in order_lines(state, ())


async def test_a_task_is_pinned_to_a_work_order_and_freed_again(shell: CommandLine) -> None:
    async with Headquarters(Settings(), home=shell.home, folder=shell.folder) as hq:
        await hq.post(NewTask(title="Anything"))
    for option, pinned in (("--orchestrate", True), ("--no-orchestrate", False)):
        done = await shell.here("edit", "T1", option)
        assert (done.code, done.out) == (0, "T1 changed: orchestrate\n")
        (row,) = (await shell.here("show", "T1", "--json")).rows()
        variants = {arm["variant"] for arm in row["plan"]}
        assert (row["orchestrate"], variants == {"orchestrated"}) == (pinned, pinned)
