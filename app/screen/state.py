"""What the screen knows: rows made from events, pure of Textual. `app.screen.reduce` says what each event changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Flag, auto
from typing import TYPE_CHECKING, Any

from agents.sanitize import one_line
from app.screen.asks import AskRow
from app.screen.burn import Burn
from app.screen.log_book import LogBook
from app.screen.task_index import TaskIndex

if TYPE_CHECKING:
    from textual.content import Content

    from agents.tasks import Agent, Mission, Task

ENDED = frozenset({"done", "failed", "cancelled"})
NEEDS_PERSON = frozenset({"review", "needs_human"})
WAITING = frozenset({"open", "queued", "blocked"})
UNDER_WAY = frozenset({"queued", "running", "blocked"})
AFRESH = frozenset({"open", "queued"})
"""Statuses of a task that is tried again: what was said of its last result no longer holds."""
AT_EASE = frozenset({"ready", "offline"})
"""Healths of an agent that has nothing to do."""
TAIL = 8_000
"""Characters kept of what a model is saying right now."""
_TAILS = 16
_GRACE = timedelta(seconds=10)
"""How long after its time an agent still counts as resting."""
_RESET_GRACE = timedelta(minutes=30)
"""The same for a full reset, which waits for the other agents of the model and then for the model."""


class Part(Flag):
    """The parts of the screen an event touches."""

    NONE = 0
    BOARD = auto()
    MISSIONS = auto()
    LOG = auto()
    RADAR = auto()
    CREDITS = auto()
    ROSTER = auto()
    HEADER = auto()
    TRANSCRIPT = auto()
    ASKS = auto()
    TASK = BOARD | RADAR | HEADER
    FIELD = MISSIONS | RADAR | ROSTER
    ALL = BOARD | MISSIONS | LOG | RADAR | CREDITS | ROSTER | HEADER | TRANSCRIPT | ASKS


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A bounty on the board."""

    id: int
    title: str
    status: str = "open"
    complexity: int = 1
    priority: int = 5
    tier: str = ""
    """The tier that worked on it, else the one it would start on; empty when nobody knows yet."""
    outcome: str = ""
    reason: str = ""
    cost_nano: int | None = 0
    asks: bool = False
    """An agent waits for an answer about it."""
    paused: bool = False
    """A person holds it."""
    reviewed: bool = False
    """A reviewer has read the result it has now."""
    parent: int | None = None
    """The task it is a part of."""
    odds: float | None = None
    """Of the arm it would start on; None where nobody reckoned them."""
    expected_usd: float | None = None
    """What one try of that arm costs; None: nobody knows."""

    @property
    def label(self) -> str:
        """T12."""
        return f"T{self.id}"

    @property
    def shown(self) -> str:
        """Its status, as the board shows it."""
        if self.asks:
            return "needs_human"
        return "held" if self.paused and self.status in UNDER_WAY else self.status

    @property
    def ended(self) -> bool:
        """Nothing more happens unless a person asks."""
        return self.status in ENDED

    @property
    def needs_person(self) -> bool:
        """It waits for a review, a decision or an answer."""
        return self.asks or self.status in NEEDS_PERSON


@dataclass(frozen=True, slots=True)
class MissionRow:
    """A mission in the field."""

    id: int
    task: int
    number: int
    agent: str
    tier: str
    model: str
    started_at: datetime
    health: str = "working"
    step: int = 0
    max_steps: int = 0
    note: str = ""
    checking: bool = False
    cost_nano: int | None = 0
    heard_at: datetime | None = None
    """When it last gave a sign of life."""


@dataclass(frozen=True, slots=True)
class UnitRow:
    """An agent of the roster."""

    callsign: str
    tier: str
    health: str = "ready"
    task: int | None = None
    note: str = ""
    cooling_until: datetime | None = None
    resets: bool = False
    """Its rest ends when its model is loaded again, and nobody knows when that is."""
    low_power: bool = False
    power: str = ""
    """How its local model lies in memory, where not all of it is on the card."""


def task_row(task: Task) -> TaskRow:
    """The board's row of a stored task."""
    first = task.plan[0].tier if task.plan else ""
    return TaskRow(
        id=task.id,
        title=one_line(task.title, 300),
        status=str(task.status),
        complexity=task.complexity,
        priority=task.priority,
        tier=one_line(task.tier_used or first or task.tier or "", 20),
        outcome=str(task.outcome) if task.outcome is not None else "",
        reason=one_line(task.reason, 300),
        cost_nano=task.cost_nano,
        paused=task.paused,
        reviewed=task.present_review is not None,
        parent=task.parent,
        odds=task.plan[0].p if task.plan else None,
        expected_usd=task.plan[0].cost_usd if task.plan else None,
    )


def mission_row(mission: Mission) -> MissionRow:
    """The row of a stored mission that is under way."""
    return MissionRow(
        id=mission.id,
        task=mission.task,
        number=mission.number,
        agent=one_line(mission.agent, 24),
        tier=one_line(mission.tier, 20),
        model=one_line(mission.model, 60),
        started_at=mission.started_at,
        step=mission.steps,
        cost_nano=mission.cost_nano,
    )


class War:
    """The whole view of the engine. Collections are bounded; rows are frozen and replaced, never changed in place."""

    def __init__(self) -> None:
        self.tasks: dict[int, TaskRow] = {}
        self.index = TaskIndex()
        """The same rows in order, by status and by parent: they are asked for at every drawing."""
        self.missions: dict[int, MissionRow] = {}
        self.asks: dict[int, AskRow] = {}
        """What agents ask and nobody answered."""
        self.units: dict[str, UnitRow] = {}
        self.streaks: dict[str, int] = {}
        """Missions in a row, by callsign, whose result the check passed."""
        self.roster: set[str] = set()
        """Callsigns of this War Room. Others are there for as long as another one has them at work."""
        self.log = LogBook()
        self.burn = Burn()
        self.tails: dict[int, str] = {}
        self.opened = False
        self.sound = ""
        """What is heard where, as the header shows it; empty before that is known."""
        self.simulated = False
        self.distrusted = False
        """The folder is not trusted, and that makes a difference here."""
        self.open_field = False
        """No wall is up: agents' commands run as the person."""
        self.replayed = False
        """It is a recording, not an engine: nothing can be ordered."""
        self.silent = False
        """Radio silence: nothing is sent to any other machine."""
        self.offline: Mapping[str, str] = {}
        """Why a tier's agents cannot work, by tier, as it was found on opening."""
        self.paid: frozenset[str] = frozenset()
        """Tiers whose calls cost money."""
        self.providers: Mapping[str, tuple[str, ...]] = {}
        """The tiers in use behind each provider's light, by what stands beside it."""
        self.failing: dict[str, datetime] = {}
        """Tiers whose last call failed, and when it is made again."""
        self.host = ""
        """The machine, when the screen is looked at from another one."""
        self.repository = ""
        self.branch = ""
        self.welcome: Sequence[Content] = ()
        """What an empty board says."""
        self.repositories: set[str] = set()
        """Folders whose tasks belong on this board, as events name them."""

    # Opening

    def load(
        self,
        tasks: Iterable[Task],
        agents: Iterable[Agent],
        missions: Iterable[Mission],
        asks: Iterable[AskRow] = (),
    ) -> None:
        """Take the engine's stored state: what was there before the first event."""
        for task in tasks:
            self.put_task(task)
        for agent in agents:
            callsign, why = one_line(agent.callsign, 24), self.offline.get(agent.tier, "")
            health, note = ("offline", why) if why and agent.task is None else (str(agent.health), agent.note)
            self.roster.add(callsign)
            unit = UnitRow(
                callsign,
                one_line(agent.tier, 20),
                health,
                agent.task,
                one_line(note, 120),
                low_power=agent.low_power,
                power=one_line(agent.power, 60),
            )
            self.put_unit(unit)
        for mission in missions:
            if mission.finished_at is None and mission.task in self.tasks:
                row = self.missions.setdefault(mission.id, mission_row(mission))
                self.put_unit(replace(self.unit(row.agent, row.tier), health=row.health, note="", task=row.task))
        for ask in asks:
            self.put_ask(ask)
        self.opened = True

    def put_ask(self, ask: AskRow) -> None:
        """An agent waits for an answer."""
        self.asks[ask.id] = ask
        self.change_task(ask.task, asks=True)

    def end_ask(self, number: int | None, task_id: int | None) -> None:
        """It was answered, or nobody wants to know any more."""
        if number is not None:
            self.asks.pop(number, None)
        self.change_task(task_id, asks=any(ask.task == task_id for ask in self.asks.values()))

    def take_offline(self, why: Mapping[str, str]) -> Part:
        """Why a tier's agents cannot work, by tier. Those that do work are left alone."""
        self.offline = dict(why)
        for unit in tuple(self.units.values()):
            if unit.tier in why and unit.health == "ready":
                self.put_unit(replace(unit, health="offline", note=one_line(why[unit.tier], 120)))
        return Part.FIELD

    def put_task(self, task: Task) -> None:
        """Put a stored task on the board, or bring its row up to date."""
        self.repositories.add(task.repo)
        self.put_row(task_row(task))

    # Changing rows

    def change_task(self, task_id: int | None, **changes: Any) -> None:
        """Replace fields of a task's row; unknown tasks are left alone."""
        if task_id is not None and (row := self.tasks.get(task_id)) is not None:
            self.put_row(replace(row, **changes))

    def put_row(self, row: TaskRow) -> None:
        """Put a row on the board in place of the one it had."""
        before = self.tasks.get(row.id)
        if row != before:
            self.tasks[row.id] = row
            self.index.put(row, before)

    def change_mission(self, mission_id: int | None, **changes: Any) -> None:
        """Replace fields of a mission's row; unknown missions are left alone."""
        if mission_id is not None and (row := self.missions.get(mission_id)) is not None:
            self.missions[mission_id] = replace(row, **changes)

    def unit(self, callsign: str, tier: str) -> UnitRow:
        """The agent of that name; one nobody has heard of is ready."""
        return self.units.get(callsign) or UnitRow(callsign, tier)

    def put_unit(self, unit: UnitRow) -> None:
        """Change an agent. One of another War Room that has nothing more to do goes."""
        if unit.callsign in self.roster or unit.health not in AT_EASE:
            self.units[unit.callsign] = unit
        else:
            self.units.pop(unit.callsign, None)

    def agent_on(self, task_id: int) -> str | None:
        """Who works on a task now."""
        return next((row.agent for row in self.missions.values() if row.task == task_id), None)

    def end_missions(self, task_id: int) -> None:
        """No mission of the task is in the field any more."""
        for mission_id in [row.id for row in self.missions.values() if row.task == task_id]:
            del self.missions[mission_id]

    def end_rests(self, now: datetime) -> Part:
        """Agents whose rest is long over are ready, whether or not anybody is left to say so."""
        over = [
            unit
            for unit in self.cooling()
            if unit.cooling_until is not None and unit.cooling_until + (_RESET_GRACE if unit.resets else _GRACE) <= now
        ]
        for unit in over:
            self.put_unit(replace(unit, health="ready", note="", cooling_until=None, resets=False))
        return Part.FIELD if over else Part.NONE

    def hear(self, mission_id: int, text: str) -> None:
        """A model said more: keep the tail of it."""
        said = self.tails.pop(mission_id, "") + text
        self.tails[mission_id] = said[-TAIL:]
        while len(self.tails) > _TAILS:
            self.tails.pop(next(iter(self.tails)))

    # Asking

    def board(self) -> Sequence[TaskRow]:
        """The rows in the board's order: what lives first by priority, what ended below it, newest first."""
        return [self.tasks[task_id] for task_id in self.index.order]

    def field(self) -> list[MissionRow]:
        """Missions under way, oldest first."""
        return sorted(self.missions.values(), key=lambda row: row.id)

    def cooling(self) -> list[UnitRow]:
        """Agents at rest between missions."""
        return [unit for unit in self.units.values() if unit.health == "cooling"]

    def need_person(self) -> list[TaskRow]:
        """Rows that wait for the person, in the board's order."""
        return [self.tasks[task_id] for task_id in self.index.waiting]

    def parts(self, task_id: int) -> list[TaskRow]:
        """The parts of a split task but those that were cancelled, in the order they were planned."""
        rows = (self.tasks[number] for number in self.index.parts(task_id))
        return [row for row in rows if row.status != "cancelled"]

    def approvable(self, task_id: int) -> bool:
        """Parts of the task wait for approval, or all of them are done and the whole was not judged done."""
        parts = self.parts(task_id)
        waits = any(part.status == "open" for part in parts) or all(part.status == "done" for part in parts)
        return bool(parts) and waits and self.tasks[task_id].status in {"open", "needs_human", "failed", "blocked"}

    def with_status(self, *statuses: str) -> Sequence[TaskRow]:
        """Rows in one of `statuses`, in the order they were posted."""
        return [self.tasks[task_id] for task_id in self.index.with_status(statuses)]

    def count(self, *statuses: str) -> int:
        """How many rows are in one of `statuses`."""
        return self.index.count(statuses)

    @property
    def moving(self) -> bool:
        """Something on the screen changes with the clock alone: a mission runs or an agent cools."""
        return bool(self.missions or self.asks) or any(unit.health == "cooling" for unit in self.units.values())
