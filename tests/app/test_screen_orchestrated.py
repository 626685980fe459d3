"""Orchestrated work on the task's page and in the log: what was ordered, who wrote what, what a reviewer said."""

from dataclasses import dataclass
from pathlib import Path

from fake_command import START, FakeCommand, FixedClock
from screen_pilot import NORMAL, opened, seen, until

from agents.events import OrderCheck, OrderMended, OrderPart, OrderReviewed, OrderWritten
from agents.store import Store
from agents.store.work_orders import (
    AcceptanceCheck,
    Interface,
    Orchestration,
    OrderedPart,
    PartState,
    Round,
    WorkOrder,
)
from agents.tasks import CheckResult, Finding, Mission, NewTask, Role, TaskKind, TaskStatus, Variant, Way
from app.commands.narration import narrate
from app.screen.chronicle import chronicle
from app.screen.log_book import LogBook
from app.screen.order_words import order_lines
from app.screen.task_screen import TaskScreen

ORDER = WorkOrder(
    summary="Two small modules.",
    files=("words.py", "slug.py"),
    interfaces=(Interface(file="slug.py", signature="slugify(text: str) -> str", does="the slug"),),
    conventions=("No dependencies.",),
    acceptance="Several spaces become one hyphen.",
    parts=(
        OrderedPart(title="Words", files=("words.py",), work="function"),
        OrderedPart(title="Slug", files=("slug.py",), work="function"),
    ),
)
CHECK = AcceptanceCheck(
    command="python3 test_warroom_t1.py",
    path="test_warroom_t1.py",
    content="assert 1\n",
    tier="sonnet",
    model="s-5",
    tried=11,
    refused=11,
    base=CheckResult(command="python3 test_warroom_t1.py", commit="abc", exit_code=1),
)
HARSH = Round(
    mission=4,
    tier="opus",
    model="o-5",
    commit="abc",
    approves=False,
    summary="Nearly.",
    findings=(Finding(path="slug.py", line=3, severity="error", text="Say what it does.\x1b[2J"),),
    cost_nano=31_000_000,
    at=START,
)
STATE = Orchestration(
    task=1,
    asked="x",
    dispatch=1,
    base="abc",
    tier="sonnet",
    model="s-5",
    since=1,
    order=ORDER,
    check=CHECK,
    parts=(PartState(mission=3, commit="abc"), PartState(mended=True, tier="haiku")),
    rounds=(HARSH,),
)


@dataclass
class Kept(FakeCommand):
    """A scripted engine with a store of its own."""

    store: Store | None = None


def wrote(number: int) -> Mission:
    return Mission(
        id=number,
        task=1,
        number=number,
        agent="CodeX-7",
        tier="local",
        model="m:1b",
        way=Way.DIRECT,
        variant=Variant.ORCHESTRATED,
        role=Role.CODE,
        owner="me",
        branch="b",
        worktree="",
        start_commit="",
        started_at=START,
    )


def test_who_wrote_what_is_said_and_what_became_of_it() -> None:
    lines = dict(order_lines(STATE, [wrote(3)]))
    assert lines == {
        "Two small modules. (by sonnet, s-5)": "plain",
        "files: words.py, slug.py": "quiet",
        "slug.py: slugify(text: str) -> str: the slug": "quiet",
        "convention: No dependencies.": "quiet",
        "to be shown: Several spaces become one hyphen.": "quiet",
        "check: python3 test_warroom_t1.py (written by sonnet, s-5, test_warroom_t1.py; 11/11 stubs refused)": "info",
        "part 1 (function): Words: T1.3 local m:1b": "good",
        "part 2 (function): Slug: not written yet, mended, handed to haiku": "info",
        "review 1 by opus, $0.0310: asks for 1 correction. Nearly.": "warn",
        "  slug.py:3 Say what it does.": "quiet",
    }
    fresh = STATE.model_copy(update={"check": None, "rounds": (), "parts": (PartState(), PartState())})
    assert ("no acceptance check yet", "info") in order_lines(fresh, [])
    failed = STATE.model_copy(update={"ended": "failed", "reason": "part 2 of 2 failed: red"})
    assert list(order_lines(failed, [wrote(3)]))[-1] == ("given up: part 2 of 2 failed: red", "bad")
    own = AcceptanceCheck(command="make", tried=2, refused=1, passed=("empty files",), base=CHECK.base)
    said = ("check: make (the task's own; 1/2 stubs refused)", "warn")
    assert said in order_lines(STATE.model_copy(update={"check": own}), [])


async def test_the_order_is_on_the_tasks_page(tmp_path: Path) -> None:
    async with await Store.open(tmp_path / "warroom.db", FixedClock()) as store:
        await store.insert_task(
            NewTask(title="Slugs", orchestrate=True),
            repo="/home/ada/shop",
            complexity=4,
            kind=TaskKind.FUNCTION,
            simulated=False,
            events=lambda task: [],
        )
        await store.save_work_order(STATE)
        command = Kept(store=store)
        command.put("Slugs", TaskStatus.RUNNING, orchestrate=True)
        command.attempts[1] = [wrote(3)]
        async with opened(command, NORMAL) as (app, pilot):
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, TaskScreen))
            await seen(
                pilot, "orchestrated", "WORK ORDER", "Two small modules. (by sonnet, s-5)", "11/11 stubs refused"
            )


def test_every_step_is_a_line_in_the_log_and_of_a_run() -> None:
    where = {"at": START, "task": 1, "mission": 1, "agent": "Oracle-1", "tier": "sonnet"}
    steps = [
        OrderWritten(**where, summary="Two modules.", parts=2),
        OrderCheck(**where, command="c", tried=2, refused=1, accepted=False, reason="satisfied by empty files"),
        OrderCheck(**where, command="c", tried=11, refused=11, accepted=True),
        OrderPart(**where, part=1, parts=2, title="Words", written=True, model="m:1b"),
        OrderPart(**where, part=2, parts=2, title="Slug", written=False, model="m:1b", reason="red"),
        OrderMended(**where, part=2, reason="It was unclear."),
        OrderMended(**where, part=2, to_tier="haiku", reason="Too weak."),
        OrderReviewed(**where, round=1, model="o-5", approves=False, summary="Nearly.", corrections=1),
        OrderReviewed(**where, round=2, model="o-5", approves=True, summary="As ordered.", corrections=0),
    ]
    log = LogBook()
    for event in steps:
        chronicle(log, event)
    assert [record.text for record in log] == [
        "T1 in 2 parts: Two modules.",
        "1/2 stubs refused: satisfied by empty files",
        "11/11 stubs refused",
        "T1 1/2 Words: written",
        "T1 2/2 Slug: given up: red",
        "T1 part 2 mended: It was unclear.",
        "T1 part 2 handed to haiku: Too weak.",
        "T1: o-5 corrects 1 place: Nearly.",
        "T1: o-5 approves: As ordered.",
    ]
    told = [line[0] for event in steps if (line := narrate(event))]
    assert [line.partition("Oracle-1 ")[2] or line for line in told] == [
        "orders 2 parts: Two modules.",
        "◇ acceptance check refused: satisfied by empty files",
        "◇ acceptance check: 11/11 stubs refused",
        "part 1 of 2 is written",
        "part 2 of 2 is given up: red",
        "part 2 is ordered anew: It was unclear.",
        "part 2 goes to haiku: Too weak.",
        "review 1 asks for 1 correction: Nearly.",
        "review 2 approves: As ordered.",
    ]
