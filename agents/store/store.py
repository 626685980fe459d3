"""The one place that writes to disk: every state change is one transaction that writes the row and appends the events,
and the bus publishes only what was committed, in the order of the commits."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from agents.bus import EventBus
from agents.clock import Clock
from agents.events import Event
from agents.models.chat import Message
from agents.store import board, log, notes, parts, squads, trials, work_orders
from agents.store.database import Database, Transaction
from agents.store.encoding import without_secrets
from agents.store.parts import NewPart
from agents.store.permissions import Permissions
from agents.store.records import Expected, Order, Probe, Trial
from agents.store.work_orders import Orchestration
from agents.tasks import Mission, NewTask, Role, Task, TaskKind, TaskStatus, Variant, Way

BUSY_S = 10.0
"""How long we wait for another process that is writing."""
MOST_TRIALS = 5000
"""Trials that count: at a discount of .98 a trial an older one weighs nothing."""


class Store(Permissions):
    """A home's database. Everything raises StoreError or one of its kinds when it cannot be done.

    Cancelling a call does not undo it: it is carried out whole, and told, or was refused whole. Callbacks that make
    events run in the database's thread, inside the transaction: they only build events.
    """

    def __init__(self, database: Database, clock: Clock, *, after_seq: int, version: int) -> None:
        """Use `open`."""
        self.path = database.path
        self.bus = EventBus(self._replay, after_seq=after_seq)
        self._database = database
        self._clock = clock
        self._seen_version = version

    @classmethod
    async def open(cls, path: Path, clock: Clock, *, busy_s: float = BUSY_S) -> Self:
        """Open the database at `path`, made private (0600, its folder 0700) and migrated.

        Raises NewerSchema, CorruptDatabase, StoreLocked (after `busy_s` seconds), StoreError.
        """
        database = await Database.open(path, busy_s=busy_s)
        try:
            version = await database.data_version()
            return cls(database, clock, after_seq=await database.read(log.last_seq), version=version)
        except BaseException:
            await database.close()
            raise

    async def close(self) -> None:
        """Finish what was asked, end the subscriptions, close the file. Safe to call twice."""
        self.bus.close()
        await self._database.close()

    async def __aenter__(self) -> Self:
        """Use as a context manager to be sure it is closed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    # Tasks

    async def insert_task(
        self,
        new: NewTask,
        *,
        repo: str,
        complexity: int,
        kind: TaskKind,
        simulated: bool,
        events: Callable[[Task], Sequence[Event]],
        **assessed: object,
    ) -> Task:
        """Post a task and append `events(task)`, with a task.posted where they have none. Raises AlreadyPosted.

        `assessed`: further fields of the row that say how hard it looks.
        """
        at = self._clock.now()
        fields = {"repo": repo, "complexity": complexity, "kind": kind, "simulated": simulated, **assessed}
        return await self._write(lambda work: board.insert_task(work, new, fields, at, events))

    async def save_task(
        self,
        task_id: int,
        events: Sequence[Event] = (),
        *,
        provided: Callable[[Task], None] | None = None,
        **changes: object,
    ) -> Task:
        """Change fields of a task and append `events`. Where the task stands is what its events say.

        `provided` is called inside the transaction, over all processes, with the task as it stands: whatever it raises
        is raised, and nothing is changed.

        A new status that none of them tells gets a task.status of its own. The outcome is that of the last
        task.finished, and goes when the task is open or queued again; passing None leaves it to the events. Raises
        UnknownRow; ValueError for a wrong field or value, and for an outcome that the events do not tell.
        """
        at = self._clock.now()
        return await self._write(lambda work: board.save_task(work, task_id, events, changes, at, provided=provided))

    async def task(self, task_id: int) -> Task | None:
        """The task, or None."""
        return await self._database.read(lambda sql: board.get_task(sql, task_id))

    async def task_by_external_id(self, repo: str, external_id: str) -> Task | None:
        """The task a batch file knows by `external_id`, or None."""
        found = await self._database.read(lambda sql: board.find_tasks(sql, repo=repo, external_id=external_id))
        return found[0] if found else None

    async def tasks(
        self,
        *,
        repo: str | None = None,
        statuses: Collection[TaskStatus] | None = None,
        parent: int | None = None,
    ) -> list[Task]:
        """The tasks of a repository, or of all; in one of `statuses`, or parts of `parent`, if given; by id."""
        return await self._database.read(lambda sql: board.find_tasks(sql, repo=repo, statuses=statuses, parent=parent))

    async def split_task(
        self, task_id: int, new: Sequence[NewPart], split: parts.Split, *, provided: parts.Provided
    ) -> tuple[Task, ...]:
        """Post the parts of a task and change it as `split` says, all or nothing; the parts.

        `provided` gets the task and those of its parts that have not ended, and raises when it may not be split.
        """
        at = self._clock.now()
        return await self._write(lambda work: parts.split_task(work, task_id, new, at, split, provided=provided))

    # Missions

    async def insert_mission(
        self,
        *,
        task: int,
        number: int | None,
        agent: str,
        tier: str,
        model: str,
        way: Way,
        variant: Variant,
        owner: str,
        branch: str,
        worktree: str,
        start_commit: str,
        events: Callable[[Mission], Sequence[Event]],
        role: Role = Role.CODE,
        conventions: tuple[str, ...] = (),
        provided: Callable[[Task], None] | None = None,
    ) -> Mission:
        """Start a mission and append `events(mission)`. `number` None: the next; `provided`: as in `save_task`.

        Raises StoreError when the task has that number already.
        """
        at = self._clock.now()
        fields = {
            "task": task,
            "number": number,
            "agent": agent,
            "tier": tier,
            "model": model,
            "way": way,
            "variant": variant,
            "role": role,
            "conventions": conventions,
            "owner": owner,
            "branch": branch,
            "worktree": worktree,
            "start_commit": start_commit,
        }
        return await self._write(lambda work: board.insert_mission(work, fields, at, events, provided=provided))

    async def save_mission(self, mission_id: int, events: Sequence[Event] = (), **changes: object) -> Mission:
        """Change fields of a mission and append `events`. Raises UnknownRow, ValueError for a wrong field or value."""
        at = self._clock.now()
        return await self._write(lambda work: board.save_mission(work, mission_id, events, changes, at))

    async def judge_mission(
        self, mission_id: int, events: Sequence[Event], expected: Expected, **changes: object
    ) -> Mission:
        """As `save_mission`, for one that a check has judged: that is kept as a trial beside what was `expected`."""
        at = self._clock.now()

        def save(work: Transaction) -> Mission:
            mission = board.save_mission(work, mission_id, events, changes, at)
            trials.add(work, mission, expected, at)
            return mission

        return await self._write(save)

    async def judge_orchestrated(self, mission: Mission, expected: Expected, state: Orchestration | None) -> None:
        """Keep what came of an orchestrated attempt as a trial, and its `state`, if it came to an order. `mission` is
        the attempt as one: who wrote, what all its missions used up; its id is that of one of these."""
        at = self._clock.now()

        def judge(work: Transaction) -> None:
            if state is not None:
                work_orders.save(work, state, (), at)
            trials.add(work, mission, expected, at)

        await self._write(judge)

    async def save_work_order(self, state: Orchestration, events: Sequence[Event] = ()) -> None:
        """Keep how far an orchestrated attempt is, and append `events`."""
        at = self._clock.now()
        await self._write(lambda work: work_orders.save(work, state, events, at))

    async def work_order(self, task_id: int) -> Orchestration | None:
        """The task's latest orchestrated attempt, or None."""
        return await self._database.read(lambda sql: work_orders.get(sql, task_id))

    async def add_strength(self, repo: str, *, tried: int, accepted: int) -> None:
        """Keep that a check of `repo` accepted so many of the stubs it was tried on."""
        await self._write(lambda work: work_orders.add_strength(work.sql, repo, tried=tried, accepted=accepted))

    async def strength(self, repo: str) -> tuple[int, int]:
        """Stubs that checks of `repo` were tried on, and how many of these they accepted."""
        return await self._database.read(lambda sql: work_orders.strength(sql, repo))

    async def last_trial(self) -> int:
        """Grows with every trial that is kept; 0 when there is none. Cheap."""
        return await self._database.read(trials.last)

    async def trials(self, limit: int = MOST_TRIALS) -> tuple[Trial, ...]:
        """The last `limit` attempts that a check judged, in all repositories, in the order they ended."""
        return await self._database.read(lambda sql: trials.newest(sql, limit))

    async def missions(self, task_id: int) -> list[Mission]:
        """The task's missions, first to last."""
        return await self._database.read(lambda sql: board.missions_of(sql, task_id))

    async def proven_missions_after(self, mission_id: int, limit: int = 500) -> list[Mission]:
        """The oldest coding missions after `mission_id` whose result was proven, at most `limit`, in order."""
        return await self._database.read(lambda sql: board.proven_missions(sql, mission_id, limit))

    async def results(self, repo: str, *, tiers: Collection[str], until: Mission) -> int:
        """How many results `tiers` have brought to a repository's tasks up to and with that of `until`."""
        return await self._database.read(lambda sql: board.count_results(sql, repo, tiers, until))

    async def open_missions(self) -> list[Mission]:
        """Missions that did not finish, in any process, dead ones too."""
        return await self._database.read(board.open_missions)

    # Events

    async def append(self, *events: Event) -> None:
        """Append state events, then publish; transient ones are published without being stored.

        The row of a task they move follows. Raises ValueError for an event that could not be read back.
        """
        if all(event.transient for event in events):
            for event in events:
                self.bus.publish(without_secrets(event))
            return
        at = self._clock.now()
        await self._write(lambda work: board.record(work, events, at))

    async def events_after(
        self, seq: int, limit: int = 500, *, task: int | None = None, since: datetime | None = None
    ) -> list[Event]:
        """The oldest events after `seq`, at most `limit`, in order; of one task, of the second of `since` or later."""
        return await self._database.read(lambda sql: log.after(sql, seq, limit, task, since))

    async def recent_events(self, limit: int, *, repo: str | None = None) -> list[Event]:
        """The last `limit` events, oldest first; of one repository's tasks and of no task, if given."""
        return await self._database.read(lambda sql: log.newest(sql, limit, repo))

    async def last_event(self, task: int, kind: str) -> Event | None:
        """The task's newest event of type `kind`, such as `task.finished`, or None."""
        return await self._database.read(lambda sql: log.last_of(sql, task, kind))

    async def tool_times(self, among: int = 50_000) -> list[tuple[str, float, bool]]:
        """Tool, seconds and success of the tool calls among the last `among` events of this home, newest first."""
        return await self._database.read(lambda sql: log.tool_times(sql, among))

    async def last_seq(self) -> int:
        """The seq of the newest event in the log, whoever wrote it; 0 when there is none."""
        return await self._database.read(log.last_seq)

    async def changed(self) -> bool:
        """True when another process committed since this was last asked (or since opening)."""
        seen = await self._database.data_version()
        changed, self._seen_version = seen != self._seen_version, seen
        return changed

    async def publish_foreign(self) -> None:
        """Have subscribers told what other processes committed. Call it when `changed()`.

        Subscribers read the log up to its present end, so nothing comes twice, out of order, or is left out, however
        other processes' commits lie between ours; even without this call they notice and fill a gap at our next event.
        """
        self.bus.announce(await self.last_seq())

    # Transcripts

    async def add_message(self, mission_id: int, message: Message, events: Sequence[Event] = ()) -> None:
        """Add to the mission's transcript and append `events`. Raises StoreError when there is no such mission."""
        at = self._clock.now()

        def add(work: Transaction) -> None:
            notes.add_message(work.sql, mission_id, message)
            board.record(work, events, at)

        await self._write(add)

    async def transcript(self, mission_id: int) -> list[Message]:
        """The mission's messages, in order."""
        return await self._database.read(lambda sql: notes.transcript(sql, mission_id))

    # Probes and orders

    async def save_probe(self, probe: Probe) -> None:
        """Keep what a probe measured, in place of that model's last one."""
        await self._write(lambda work: notes.save_probe(work.sql, probe))

    async def probe(self, provider: str, model: str) -> Probe | None:
        """What the last probe of the model measured, or None."""
        return await self._database.read(lambda sql: notes.probe(sql, provider, model))

    async def give_order(self, task_id: int, order: str, argument: str = "") -> int:
        """Leave an order for whichever process runs the task; its id. Raises StoreError when there is no such task."""
        at = self._clock.now()
        return await self._write(lambda work: notes.give_order(work.sql, task_id, order, argument, at))

    async def take_orders(self, task_ids: Collection[int]) -> list[Order]:
        """The waiting orders for these tasks, oldest first. Each is taken once, by one process."""
        if not await self._database.read(lambda sql: notes.waiting_orders(sql, task_ids)):
            return []
        return await self._write(lambda work: notes.take_orders(work.sql, task_ids))

    # War Rooms and slots

    async def beat(self, owner: str) -> None:
        """Say that `owner` lives."""
        at = self._clock.now()
        await self._write(lambda work: squads.beat(work.sql, owner, at))

    async def beats(self) -> dict[str, str]:
        """Every War Room that was heard and did not say goodbye, with its last beat."""
        return await self._database.read(squads.beats)

    async def forget_owners(self, owners: Collection[str]) -> None:
        """These War Rooms are gone, or leave: the slots they held are free."""
        await self._write(lambda work: squads.forget(work.sql, owners))

    async def take_slot(
        self, names: Sequence[str], *, owner: str, task: int, max_running: int = 0
    ) -> tuple[str | None, bool]:
        """Hold the first free slot of `names` for `task`, over all processes; its name, or None and whether all are
        taken: if not, one task more would be under way in this home than `max_running` (0: no limit) allows.

        Raises StoreError.
        """
        return await self._write(
            lambda work: squads.take_slot(work.sql, names, owner=owner, task=task, max_running=max_running)
        )

    async def free_slot(self, name: str, owner: str) -> None:
        """`owner` does not hold the slot any more."""
        await self._write(lambda work: squads.free_slot(work.sql, name, owner))

    async def slot_holders(self) -> dict[str, str]:
        """Who holds which slot, by its name."""
        return await self._database.read(squads.slot_holders)

    async def standings(self, repo: str) -> Mapping[int, TaskStatus]:
        """Where every task of a repository stands; cheap."""
        return await self._database.read(lambda sql: squads.standings(sql, repo))

    async def parts_of(self, task_id: int) -> tuple[int, ...]:
        """The tasks a task was split into, but those a person cancelled; these too when all were."""
        return await self._database.read(lambda sql: squads.parts_of(sql, task_id))

    async def integrity(self) -> list[str]:
        """What SQLite's integrity check and the foreign keys complain of; empty when all is well. Reads everything."""
        return await self._database.read(notes.integrity)

    async def _replay(self, after_seq: int, limit: int) -> Sequence[Event]:
        return await self.events_after(after_seq, limit)
