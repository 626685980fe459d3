"""A scripted engine in memory: satisfies the screen's protocol and tells real events over the real bus."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agents.bus import EventBus, Listener, Subscription
from agents.events import (
    ApprovalAnswered,
    ApprovalRequested,
    Event,
    MissionStarted,
    TaskPaused,
    TaskPosted,
    TaskQueued,
    TaskReviewed,
    TaskSplit,
    TaskStatusChanged,
)
from agents.models.chat import Message
from agents.permission import Answer, Ask
from agents.settings import Settings
from agents.tasks import Agent, CheckResult, Mission, NewTask, Outcome, Review, Task, TaskStatus

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
DIFF = """diff --git a/slug.py b/slug.py
new file mode 100644
--- /dev/null
+++ b/slug.py
@@ -0,0 +1,2 @@
+def slugify(text):
+    return "-".join(text.lower().split())
diff --git a/README.md b/README.md
--- a/README.md
+++ b/README.md
@@ -1 +1 @@
-old
+new
"""


class FixedClock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Ledger:
    spent_nano: int = 420_000_000
    reserved_nano: int = 0
    cap_nano: int = 5_000_000_000
    unknown_calls: int = 0
    saved_nano: int | None = 0


@dataclass
class Where:
    branch: str | None = "main"


@dataclass
class Folder:
    root: Path = Path("/home/ada/shop")

    async def base(self) -> Where:
        return Where()


class Refused(Exception):
    """What the engine raises for people."""


@dataclass
class FakeCommand:
    """Orders are noted in `orders` and change the board as the engine would."""

    settings: Settings = field(default_factory=Settings)
    simulated: bool = False
    walled: bool = True
    warnings: tuple[str, ...] = ()
    repository: Folder = field(default_factory=Folder)
    bus: EventBus = field(default_factory=EventBus)
    board: dict[int, Task] = field(default_factory=dict)
    roster: tuple[Agent, ...] = (Agent(callsign="CodeX-7", tier="local"), Agent(callsign="Viper-2", tier="haiku"))
    ledger: Ledger = field(default_factory=Ledger)
    orders: list[tuple[object, ...]] = field(default_factory=list)
    attempts: dict[int, list[Mission]] = field(default_factory=dict)
    said: dict[int, list[Message]] = field(default_factory=dict)
    refuse: Exception | None = None
    ledger_error: Exception | None = None
    diff_text: str = DIFF
    of: dict[int, int] = field(default_factory=dict)
    """The tasks of what was asked."""
    verdict: Review | None = None
    planned: tuple[str, ...] = ()
    past: list[Event] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)
    """What agents asked before the screen opened."""
    elsewhere: set[int] = field(default_factory=set)
    """Tasks that another War Room carries out."""
    busy: set[int] = field(default_factory=set)
    _seq: int = 0

    # For the test

    def put(self, title: str, status: TaskStatus = TaskStatus.OPEN, **changes: object) -> Task:
        """A task that is there before the screen opens."""
        number = len(self.board) + 1
        values: dict[str, object] = {
            "id": number,
            "repo": str(self.repository.root),
            "title": title,
            "status": status,
            "complexity": 3,
            "created_at": START,
            "updated_at": START,
        }
        task = Task.model_validate(values | changes)
        self.board[number] = task
        return task

    def tell(self, event: Event) -> None:
        """Publish, with a sequence number unless it is transient."""
        if not event.transient:
            self._seq += 1
            event = event.model_copy(update={"seq": self._seq})
        if event.task is not None:
            if isinstance(event, MissionStarted | TaskQueued):
                self.busy.add(event.task)
            elif isinstance(event, TaskStatusChanged) and event.status.at_rest:
                self.busy.discard(event.task)
        self.bus.publish(event)

    def ask(self, number: int, task: int, command: str = "npm install", **more: object) -> None:
        """An agent asks."""
        self.of[number] = task
        fields: dict[str, object] = {
            "at": START,
            "task": task,
            "mission": task,
            "agent": "CodeX-7",
            "tier": "local",
            "question": command[:200],
            "ask": number,
            "command": command,
            "folder": f"/home/ada/.warroom/worktrees/T{task}-1",
            "reason": "it needs its packages",
            "crossings": ("network",),
            "reach": "network",
            "pattern": "npm install *",
        }
        self.tell(ApprovalRequested.model_validate(fields | more))

    # The protocol

    @property
    def approvals(self) -> "FakeCommand":
        return self

    async def waiting(self) -> Sequence[Ask]:
        return self.asked

    async def answer(
        self, numbers: Collection[int], answer: Answer, *, message: str = "", remember: bool = False
    ) -> None:
        self._note("answer", *numbers, answer.value, *([message] if message else []), *(["for good"] * remember))
        for number in numbers:
            self.tell(ApprovalAnswered(at=START, task=self.of[number], ask=number, answer=answer.value))

    def events(self) -> Subscription:
        return self.bus.subscribe()

    def listen(self, listener: Listener) -> Callable[[], None]:
        return self.bus.listen(listener)

    def agents(self) -> tuple[Agent, ...]:
        return self.roster

    def under_way(self) -> frozenset[int]:
        return frozenset(self.busy - self.elsewhere)

    async def post(self, new: NewTask) -> Task:
        self._note("post", new)
        task = self.put(new.title, **{k: v for k, v in new.model_dump().items() if k != "title"})
        self.tell(TaskPosted(at=START, task=task.id, title=task.title, priority=task.priority, repo=task.repo))
        return task

    async def dispatch(self, task_id: int) -> Task:
        self._note("dispatch", task_id)
        return self._move(task_id, TaskStatus.QUEUED)

    async def dispatch_all(self) -> list[Task]:
        self._note("dispatch_all")
        waiting = [task.id for task in self.board.values() if task.status is TaskStatus.OPEN]
        return [self._move(number, TaskStatus.QUEUED) for number in waiting]

    async def cancel(self, task_id: int) -> None:
        self._note("cancel", task_id)
        self._move(task_id, TaskStatus.CANCELLED)

    async def accept(self, task_id: int) -> Task:
        self._note("accept", task_id)
        return self._move(task_id, TaskStatus.DONE)

    async def reject(self, task_id: int) -> Task:
        self._note("reject", task_id)
        return self._move(task_id, TaskStatus.OPEN)

    async def retry(self, task_id: int, comment: str = "") -> Task:
        self._note("retry", task_id, comment)
        return self._move(task_id, TaskStatus.QUEUED)

    async def pause(self, task_id: int) -> Task:
        return self._hold(task_id, paused=True)

    async def resume(self, task_id: int) -> Task:
        return self._hold(task_id, paused=False)

    def _hold(self, task_id: int, *, paused: bool) -> Task:
        self._note("pause" if paused else "resume", task_id)
        self.board[task_id] = task = self.board[task_id].model_copy(update={"paused": paused})
        self.tell(TaskPaused(at=START, task=task_id, paused=paused))
        return task

    async def escalate(self, task_id: int) -> Task:
        self._note("escalate", task_id)
        return self._move(task_id, TaskStatus.QUEUED)

    async def force(self, task_id: int) -> Task:
        self._note("force", task_id)
        return self._move(task_id, TaskStatus.QUEUED)

    async def edit(self, task_id: int, **changes: object) -> Task:
        self._note("edit", task_id, changes)
        self.board[task_id] = task = self.board[task_id].model_copy(update=changes)
        return task

    async def rework(self, task_id: int) -> Task:
        self._note("rework", task_id)
        return self._move(task_id, TaskStatus.QUEUED)

    async def raise_daily_cap(self, usd: float) -> Ledger:
        self._note("raise_daily_cap", usd)
        return self.ledger

    async def raise_task_cap(self, task_id: int, usd: float) -> Task:
        self._note("raise_task_cap", task_id, usd)
        return self.board[task_id]

    async def abort_all(self) -> None:
        self._note("abort_all")
        for task in list(self.board.values()):
            if task.status in {TaskStatus.QUEUED, TaskStatus.RUNNING, TaskStatus.BLOCKED}:
                self._move(task.id, TaskStatus.CANCELLED)

    async def review(self, task_id: int) -> Task:
        self._note("review", task_id)
        task = self.board[task_id].model_copy(update={"review": self.verdict})
        self.board[task_id] = task
        if self.verdict is not None:
            told = {"model": "claude-opus-5-5", "summary": "", "approves": self.verdict.approves}
            self.tell(TaskReviewed(at=START, task=task_id, findings=len(self.verdict.findings), **told))
        return task

    async def send_back(self, task_id: int, comment: str = "") -> Task:
        self._note("send_back", task_id)
        return self._move(task_id, TaskStatus.QUEUED)

    async def split(self, task_id: int) -> tuple[Task, ...]:
        self._note("split", task_id)
        made = tuple(self.put(title, parent=task_id) for title in self.planned)
        for part in made:
            self.tell(TaskPosted(at=START, task=part.id, title=part.title, priority=5, repo=part.repo))
        self._move(task_id, TaskStatus.NEEDS_HUMAN)
        self.tell(TaskSplit(at=START, task=task_id, parts=tuple(part.id for part in made), summary="by file"))
        return made

    async def approve(self, task_id: int) -> tuple[Task, ...]:
        self._note("approve", task_id)
        self._move(task_id, TaskStatus.BLOCKED)
        return tuple(self._move(part.id, TaskStatus.QUEUED) for part in await self.parts(task_id))

    async def parts(self, task_id: int) -> Sequence[Task]:
        return [task for task in self.board.values() if task.parent == task_id]

    async def diff(self, task_id: int) -> str:
        return self.diff_text

    async def task(self, task_id: int) -> Task:
        return self.board[task_id]

    async def tasks(self) -> list[Task]:
        return list(self.board.values())

    async def history(self, limit: int) -> Sequence[Event]:
        return self.past[-limit:]

    async def missions(self, task_id: int) -> Sequence[Mission]:
        return self.attempts.get(task_id, [])

    async def open_missions(self) -> Sequence[Mission]:
        return [mission for all_ in self.attempts.values() for mission in all_ if mission.finished_at is None]

    async def transcript(self, mission_id: int) -> Sequence[Message]:
        return self.said.get(mission_id, [])

    async def credits(self) -> Ledger:
        if self.ledger_error is not None:
            raise self.ledger_error
        return self.ledger

    def _note(self, *order: object) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.orders.append(order)

    def _move(self, task_id: int, status: TaskStatus) -> Task:
        task = self.board[task_id].model_copy(update={"status": status})
        self.board[task_id] = task
        self.tell(TaskStatusChanged(at=START, task=task_id, status=status))
        if status is TaskStatus.QUEUED:
            self.tell(TaskQueued(at=START, task=task_id))
        return task


def result(exit_code: int, output: str = "1 passed") -> CheckResult:
    """A run of the check."""
    return CheckResult(command="pytest -q", commit="abc", exit_code=exit_code, output=output, seconds=1.3)


def in_review(command: FakeCommand, title: str = "Fix CSV quoting") -> Task:
    """A proven result that waits for the person."""
    return command.put(
        title,
        TaskStatus.REVIEW,
        outcome=Outcome.PROVEN,
        reason="the check failed on the base and passes on the result",
        base_check=result(1, "AssertionError: want a-b"),
        result_check=result(0),
        files=("slug.py",),
    )
