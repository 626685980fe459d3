"""The four lanes a task passes on its way, and who is in them: what the radar shows, before it is drawn."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, get_args

from app.screen.looks import Look, health_look, status_look
from app.screen.state import ENDED, MissionRow, TaskRow, War

Lane = Literal["BOARD", "FIELD", "CHECK", "DONE"]
LANES: tuple[Lane, ...] = get_args(Lane)
_CHECKING = Look("◇", "?", "CHECKING", "$info")
_AGENT = ("▲", "A")


@dataclass(frozen=True, slots=True)
class Blip:
    """A task on the radar. With an `agent` it is joined to it."""

    task: int
    lane: Lane
    look: Look
    title: str
    agent: str = ""

    @property
    def label(self) -> str:
        """T12."""
        return f"T{self.task}"


@dataclass(frozen=True, slots=True)
class Unit:
    """An agent with nothing to do, or at rest."""

    callsign: str
    look: Look


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything on the radar: the lanes in reading order, and the agents at the base."""

    lanes: dict[Lane, list[Blip]]
    base: tuple[Unit, ...] = ()


def lane_of(row: TaskRow, checking: bool) -> Lane:
    """The lane of a task; `checking`: its check runs right now."""
    if row.status in ENDED:
        return "DONE"
    if row.status == "review" or (row.status == "running" and checking):
        return "CHECK"
    return "FIELD" if row.status in {"running", "needs_human"} or row.asks else "BOARD"


def lane_counts(war: War) -> dict[Lane, int]:
    """How many tasks are in each lane."""
    checking = _checking(war)
    counted = Counter(lane_of(row, row.id in checking) for row in war.tasks.values())
    return {lane: counted[lane] for lane in LANES}


def scene(war: War) -> Scene:
    """The radar's picture of the war: agents with their tasks first, the rest as the board has it."""
    checking = _checking(war)
    manned: dict[int, MissionRow] = {row.task: row for row in war.field()}
    lanes: dict[Lane, list[Blip]] = {lane: [] for lane in LANES}
    for task_id, mission in manned.items():
        if (task := war.tasks.get(task_id)) is not None:
            lane = lane_of(task, task_id in checking)
            look = _CHECKING if task_id in checking else health_look("needs_you" if task.asks else mission.health)
            lanes[lane].append(Blip(task_id, lane, look, task.title, mission.agent))
    for row in war.board():
        if row.id not in manned:
            lane = lane_of(row, checking=False)
            lanes[lane].append(Blip(row.id, lane, status_look(row.shown), row.title))
    base = tuple(Unit(unit.callsign, _at_base(unit.health)) for unit in war.units.values() if unit.task is None)
    return Scene(lanes, base)


def agent_mark(ascii_only: bool) -> str:
    """How an agent is drawn."""
    return _AGENT[ascii_only]


def _at_base(health: str) -> Look:
    look = health_look(health)
    return Look(*_AGENT, look.word, look.colour) if health == "ready" else look


def _checking(war: War) -> frozenset[int]:
    return frozenset(row.task for row in war.missions.values() if row.checking)
