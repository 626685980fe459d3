"""After the last kill: does everything add up? The board, the log, the repository, and the books of both sides."""

import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agents.clock import SystemClock
from agents.events import Event, MissionFinished, MissionStarted, TaskFinished, TaskPosted
from agents.store import Call, CallState, Store
from agents.store.replay import replay
from agents.tasks import Mission, Outcome, Task, TaskStatus, Usage
from agents.workspace import Repository
from tests.bench.books import compared, price
from tests.fakes.paid_and_free import GOOD, Kind, PaidAndFree


@dataclass
class Reckoning:
    """What was found."""

    faults: list[str] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)


async def reckon(home: Path, repo: Path, servers: PaidAndFree) -> Reckoning:
    """Look at everything a batch left behind; nobody works there any more."""
    found = Reckoning()
    async with await Store.open(home / "warroom.db", SystemClock()) as store:
        found.faults += [f"integrity: {said}" for said in await store.integrity()]
        tasks = await store.tasks()
        events = [event async for event in _events(store)]
        missions = [mission for task in tasks for mission in await store.missions(task.id)]
        calls = [call for task in tasks for call in await store.calls(task.id)]
        beats = await store.beats()
        holders = await store.slot_holders()
    found.faults += [f"a War Room that is gone still counts as there: {owner}" for owner in beats]
    found.faults += [f"slot {name} is held by {owner}, which is gone" for name, owner in holders.items()]
    found.faults += _board(tasks, servers.kinds)
    found.faults += _log(tasks, missions, events)
    found.faults += [said async for said in _worktrees(home, repo)]
    found.faults += _refs(tasks, home, repo)
    found.faults += _results(tasks, repo)
    found.faults += compared({task.id: _number(task) for task in tasks}, calls, servers)
    found.faults += _costs(tasks, calls)
    found.figures = _figures(tasks, missions, calls, servers)
    found.figures["worktrees kept, with work in them"] = len(list((home / "worktrees").glob("*/*.state")))
    return found


async def _events(store: Store) -> AsyncIterator[Event]:
    seq = 0
    while page := await store.events_after(seq):
        for event in page:
            yield event
        seq = page[-1].seq


def _number(task: Task) -> int:
    return int((task.external_id or "").removeprefix("task-"))


def _board(tasks: list[Task], kinds: Mapping[int, Kind]) -> Iterator[str]:
    """Every task is there once and came to the end that it had to come to."""
    for number, times in Counter(_number(task) for task in tasks).items():
        if times != 1:
            yield f"task {number} is on the board {times} times"
    for number in kinds.keys() - {_number(task) for task in tasks}:
        yield f"task {number} is not on the board"
    for task in tasks:
        hopeless = kinds[_number(task)] == "hopeless"
        wanted = (TaskStatus.FAILED, Outcome.FAILED) if hopeless else (TaskStatus.REVIEW, Outcome.PROVEN)
        if (task.status, task.outcome) != wanted:
            yield f"{task.label} ({kinds[_number(task)]}) is {task.status}, {task.outcome}: {task.reason}"


def _log(tasks: list[Task], missions: list[Mission], events: list[Event]) -> Iterator[str]:
    """Every task ended exactly once, nothing was begun after, and the log tells what the rows say."""
    told = replay(events)
    for task in tasks:
        own = [event for event in events if event.task == task.id]
        for kind in (TaskPosted, TaskFinished):
            times = sum(isinstance(event, kind) for event in own)
            if times != 1:
                yield f"{task.label}: {times} {kind.model_fields['type'].default}"
        ends = [at for at, event in enumerate(own) if isinstance(event, TaskFinished)]
        if ends and any(isinstance(event, MissionStarted) for event in own[ends[0] :]):
            yield f"{task.label}: a mission was started after the end"
        if told.get(task.id) != (task.status, task.outcome):
            yield f"{task.label} is {task.status}, {task.outcome}, but its events say {told.get(task.id)}"
    ended = Counter(event.mission for event in events if isinstance(event, MissionFinished))
    for mission in missions:
        if mission.finished_at is None or ended[mission.id] != 1:
            yield f"{mission.label}: ended {ended[mission.id]} times, finished_at {mission.finished_at}"
    good = Counter(mission.task for mission in missions if mission.outcome is Outcome.PROVEN)
    for task_id, times in good.items():
        if times > 1:
            yield f"T{task_id} was proven by {times} missions"


async def _worktrees(home: Path, repo: Path) -> AsyncIterator[str]:
    """What is left on the disk of the missions has work in it."""
    repository = await Repository.open(repo, home)
    known = _git(repo, "worktree", "list", "--porcelain")
    listed = {line.removeprefix("worktree ") for line in known.splitlines() if line.startswith("worktree ")}
    for folder in sorted((home / "worktrees").glob("*/*")):
        if folder.suffix == ".state":
            if not folder.with_suffix("").exists():
                yield f"the state of a worktree that is gone: {folder.name}"
        elif not await repository.has_unsaved_work(folder):
            yield f"a worktree without work in it: {folder.name}"
    for place in sorted(listed - {str(repo)}):
        if not Path(place).exists():
            yield f"git knows a worktree that is gone: {place}"
    for checkout in sorted((home / "checkouts").glob("*/*")):
        yield f"a checkout nobody uses: {checkout.name}"


def _refs(tasks: list[Task], home: Path, repo: Path) -> Iterator[str]:
    """The person's list of branches holds the results, and what is checked out in worktrees with work in them; no lock
    of git's is left."""
    results = {task.branch for task in tasks if task.branch}
    branches = set(_git(repo, "for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines()) - {"main"}
    kept = {f"warroom/{folder.name}" for folder in (home / "worktrees").glob("*/*") if folder.suffix != ".state"}
    for branch in sorted(branches - results - kept):
        commits = _git(repo, "rev-list", "--count", f"main..{branch}")
        yield f"a branch that is no result: {branch}, {commits} commits"
    for branch in sorted(results - branches):
        yield f"a result without its branch: {branch}"
    if status := _git(repo, "status", "--porcelain"):
        yield f"the person's folder was touched: {status}"
    for lock in sorted((repo / ".git").rglob("*.lock")):
        yield f"a lock of git's: {lock.relative_to(repo)}"
    if broken := _git(repo, "fsck", "--connectivity-only", "--no-dangling"):
        yield f"git fsck: {broken[:300]}"


def _results(tasks: list[Task], repo: Path) -> Iterator[str]:
    for task in tasks:
        if task.branch and task.commit:
            number = _number(task)
            parents = _git(repo, "rev-list", "--parents", "-1", task.commit).split()[1:]
            written = _git(repo, "show", f"{task.branch}:mod_{number}.py")
            if written != GOOD.format(number=number).strip() or len(parents) != 1:
                yield f"{task.label}: the result is {written!r} on {parents}"
            if _git(repo, "rev-parse", task.branch) != task.commit:
                yield f"{task.label}: {task.branch} is not at the checked commit"


def _costs(tasks: list[Task], calls: list[Call]) -> Iterator[str]:
    """What a task says it cost is what the ledger says."""
    for task in tasks:
        own = [call for call in calls if call.task == task.id]
        cost, used = sum(call.cost_nano or 0 for call in own), sum((call.usage for call in own), Usage())
        if (task.cost_nano, task.usage) != (cost, used):
            yield f"{task.label} says it cost {task.cost_nano} for {task.usage}; the ledger {cost} for {used}"


def _figures(tasks: list[Task], missions: list[Mission], calls: list[Call], servers: PaidAndFree) -> dict[str, object]:
    settled = [call for call in calls if call.state is CallState.SETTLED]
    whole = [served for served in servers.served if served.whole]
    by_usage = {call.usage for call in settled}
    unsettled = [served for served in whole if served.usage not in by_usage]
    return {
        "tasks": len(tasks),
        "missions": len(missions),
        "missions interrupted": sum(mission.interrupted for mission in missions),
        "requests the servers saw": len(servers.served),
        "rows of the ledger": len(calls),
        "settled": len(settled),
        "abandoned": sum(call.state is CallState.ABANDONED for call in calls),
        "tokens served in full": sum(served.usage.total for served in whole),
        "tokens settled": sum(call.usage.total for call in settled),
        "tokens served in full, the kill was quicker than the ledger": sum(one.usage.total for one in unsettled),
        "spent, nano-dollars": sum(call.cost_nano or 0 for call in calls),
        "of it by the servers' books": sum(price(one.usage) for one in whole if one.provider == "anthropic"),
    }


def _git(repo: Path, *args: str) -> str:
    return subprocess.run(["git", *args], cwd=repo, capture_output=True, text=True, check=True).stdout.strip()
