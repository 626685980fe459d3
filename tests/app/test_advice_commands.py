"""`review`, `split`, `approve` and `retry --from-review` as a person's shell runs them."""

import json
import signal
from pathlib import Path

import pytest

from tests.agents.conftest import BAD_SLUG, GOOD_SLUG, SLUG_CHECK, SLUG_TASK, run_git
from tests.agents.council_table import FINDING, part, parts, says, verdict
from tests.app.command_line import CommandLine, ended
from tests.fakes.anthropic_replies import Wait, broken_off
from tests.fakes.anthropic_replies import text as reply_text
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama, text

RUN = ("run", *SLUG_TASK.split(), "--check", SLUG_CHECK)
HARSH = verdict(FINDING, {**FINDING, "path": "", "line": 0, "severity": "error", "text": "No test."}, approves=False)


def fenced(code: str, name: str = "slug.py") -> str:
    return f"{name}\n```python\n{code}```\n"


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def connected(shell: CommandLine, ollama: FakeOllama, claude: AnthropicServer) -> None:
    shell.environ |= {"OLLAMA_HOST": ollama.url, "ANTHROPIC_BASE_URL": claude.url, "ANTHROPIC_API_KEY": "test"}


async def test_a_review_is_told_shown_and_sent_back(shell: CommandLine) -> None:
    async with FakeOllama() as ollama, AnthropicServer(says(HARSH), says(verdict())) as claude:
        connected(shell, ollama, claude)
        ollama.answer = lambda body: text(fenced(GOOD_SLUG))
        assert (await shell(*RUN)).code == 0
        done = await shell("review", "T1")
        assert done.code == 1, "not approved"
        lines = done.out.splitlines()
        assert lines[0].startswith("Review by opus claude-opus-5-5, $0.")
        assert lines[0].endswith("does not approve, 2 findings. Does what it says.")
        assert lines[1:] == ["  slug.py:4 warning: It drops letters with accents.", "  error: No test."]
        assert "reads the diff of T1: opus claude-opus-5-5" in done.err
        assert "retry T1 --from-review" in done.err

        shown = await shell.here("show", "1")
        assert "slug.py:4 warning: It drops letters with accents." in shown.out
        assert "T1.2 Oracle-1 opus claude-opus-5-5 review  answered" in shown.out
        diff = await shell.here("diff", "1")
        assert "slug.py:4 warning" in diff.err
        assert "exit 1 → exit 0" in diff.err
        assert "Review by" not in diff.out, "stdout is the diff alone"
        (row,) = (await shell.here("show", "1", "--json")).rows()
        assert row["review"]["findings"][0] == FINDING
        assert [mission["role"] for mission in row["missions"]] == ["code", "review"]

        again = await shell("retry", "T1", "--from-review", "--comment", "Please.")
        assert again.code == 0, again.err
        told = ollama.chats[-1].body["messages"][-1]["content"]
        assert "Please." in told
        assert "warning in slug.py:4: It drops letters with accents." in told
        as_json = await shell("review", "1", "--json")
        assert as_json.code == 0
        (row,) = as_json.rows()
        assert (row["task"], row["approves"], row["tier"], row["findings"]) == (1, True, "opus", [])
        assert row["cost_usd"] > 0
        assert as_json.err == ""


async def test_what_cannot_be_reviewed_says_why(shell: CommandLine) -> None:
    async with FakeOllama() as ollama, AnthropicServer(says("?"), says("?")) as claude:
        connected(shell, ollama, claude)
        ollama.answer = lambda body: text(fenced(GOOD_SLUG))
        assert (await shell(*RUN)).code == 0
        useless = await shell("review", "T1")
        assert (useless.code, useless.out) == (1, "")
        assert "T1 was not reviewed: no usable answer came, twice" in useless.err


async def test_no_money_no_key_and_no_review_have_exit_codes_of_their_own(shell: CommandLine) -> None:
    async with FakeOllama() as ollama, AnthropicServer() as claude:
        connected(shell, ollama, claude)
        ollama.answer = lambda body: text(fenced(GOOD_SLUG))
        assert (await shell(*RUN)).code == 0
        shell.environ["WARROOM_BUDGET__TASK_USD"] = "0.01"
        assert (await shell("review", "T1")).code == 4
        del shell.environ["ANTHROPIC_API_KEY"]
        offline = await shell("review", "T1")
        assert (offline.code, offline.out) == (3, "")
        assert "set ANTHROPIC_API_KEY" in offline.err
        back = await shell("retry", "T1", "--from-review")
        assert back.code == 2
        assert "`warroom review T1` makes one" in back.err
    assert not claude.requests


async def test_an_interrupted_review_is_stopped_in_order_and_the_result_stays(shell: CommandLine) -> None:
    stalled = broken_off(reply_text('{"approves"'), last=Wait())
    async with FakeOllama() as ollama, AnthropicServer(stalled) as claude:
        connected(shell, ollama, claude)
        ollama.answer = lambda body: text(fenced(GOOD_SLUG))
        assert (await shell(*RUN)).code == 0
        process = await shell.start("review", "T1")
        await claude.requested.wait()
        process.send_signal(signal.SIGINT)
        done = await ended(process)
        assert (done.code, done.out) == (130, "")
        assert "Interrupted: the review was stopped." in done.err
        (row,) = (await shell.here("show", "1", "--json")).rows()
        assert (row["status"], row["missions"][1]["outcome"]) == ("review", "cancelled")
        await claude.idle.wait()


async def test_a_task_is_split_approved_and_its_parts_done(shell: CommandLine) -> None:
    plan = parts(
        part("Create one.py with ONE = 1", brief="Only that.", check='python3 -c "from one import ONE"'),
        part("Create two.py with TWO = 2", check='python3 -c "from two import TWO"'),
    )
    async with FakeOllama() as ollama, AnthropicServer(says(plan), says(plan)) as claude:
        connected(shell, ollama, claude)
        shell.environ |= {"WARROOM_ROUTING__SAMPLES": "0", "WARROOM_ROUTING__JUDGE": "none"}
        ollama.answer = lambda body: text(fenced(BAD_SLUG))
        failed = await shell(*RUN, "--tier", "local")
        assert failed.code == 1
        done = await shell("split", "T1")
        assert done.code == 0, done.err
        assert done.out.splitlines() == [
            "T2 C2 open  Create one.py with ONE = 1",
            "    Only that.",
            '    check   python3 -c "from one import ONE"',
            "T3 C2 open  Create two.py with TWO = 2",
            "    Do it.",
            '    check   python3 -c "from two import TWO"',
        ]
        assert "split into T2, T3: One file each." in done.err
        assert "warroom approve T1" in done.err
        shown = await shell.here("show", "T1")
        assert "split into 2 parts: T2, T3; approve them or change them" in shown.out
        assert "Create two.py with TWO = 2" in shown.out
        (row,) = (await shell.here("show", "1", "--json")).rows()
        assert row["parts"] == [2, 3]
        twice = await shell("split", "T1")
        assert (twice.code, "T1 has parts already: T2, T3" in twice.err) == (2, True)

        def do(body: dict[str, object]) -> object:
            name = "two" if "Create two.py" in json.dumps(body) else "one"
            return text(fenced(f"{name.upper()} = 1\n", f"{name}.py"))

        ollama.answer = do
        sent = await shell("approve", "T1")
        assert sent.code == 0, sent.err
        assert "T2 proven, review" in sent.out
        assert "T3 proven, review" in sent.out
        (row,) = (await shell.here("show", "1", "--json")).rows()
        assert row["status"] == "blocked", "it goes on waiting in the next War Room"
    assert sorted(run_git(shell.folder, "branch", "--list", "warroom/*").split()) == ["warroom/T2-1", "warroom/T3-1"]


async def test_split_for_programs(shell: CommandLine) -> None:
    plan = parts(part("a", check="make a"), part("b", 1))
    async with FakeOllama() as ollama, AnthropicServer(says(plan)) as claude:
        connected(shell, ollama, claude)
        ollama.answer = lambda body: text("I cannot.")
        assert (await shell("run", "Too much", "--tier", "local")).code == 1
        done = await shell("split", "T1", "--json")
    rows = done.rows()
    assert [(row["task"], row["title"], row["parent"], row["depends_on"], row["check"]) for row in rows] == [
        (2, "a", 1, [], "make a"),
        (3, "b", 1, [2], None),
    ]


async def test_a_task_that_looks_too_large_says_so_when_it_is_sent_out(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.answer = lambda body: text("I cannot.")
        brief = "A shop\n- add carts\n- add orders\n- write an importer\n- create users\n- test it all"
        done = await shell("run", brief, "--tier", "local")
    assert (
        "T1 looks too large for one mission (its brief lists 5 separate pieces of work): warroom split T1" in done.err
    )
