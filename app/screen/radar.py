"""The radar's pane: the minimap, with a task's short path when it changes lanes and a pulse when something happens."""

from __future__ import annotations

from textual.content import Content
from textual.events import Resize
from textual.timer import Timer

from agents.clock import Clock
from app.screen.chart import Motion, Picture, Place, chart
from app.screen.lanes import Lane, Scene, scene
from app.screen.lines import Lines
from app.screen.looks import Look
from app.screen.state import War

STEP_S = 0.5
"""Seconds between two drawings of something that moves: never more than two a second."""
STEPS = 3
"""Drawings until a task has arrived."""
SWARM = 12
"""More tasks than these at once are simply there."""


class Radar(Lines):
    """The minimap."""

    def __init__(self, war: War, clock: Clock, *, ascii_only: bool = False) -> None:
        self._war = war
        self._clock = clock
        self.ascii_only = ascii_only
        self._picture = Picture([])
        self._seen: dict[int, tuple[Lane, Look]] | None = None
        self._moves: dict[int, tuple[Place, int]] = {}
        self._pulses: frozenset[int] = frozenset()
        self._timer: Timer | None = None
        super().__init__(id="radar", classes="pane")

    @property
    def still(self) -> bool:
        """Nothing on it is on its way or lit up."""
        return self._timer is None

    def changed(self) -> None:
        """Draw what happened since the last time."""
        now = scene(self._war)
        self._notice(now)
        self._draw(now)

    def on_resize(self, event: Resize) -> None:
        """Another size is another map: what was under way on the old one has arrived."""
        self._moves.clear()
        super().on_resize(event)

    def _notice(self, now: Scene) -> None:
        """Tasks in another lane set out for it; those in another state, and new ones, light up."""
        seen = {blip.task: (blip.lane, blip.look) for blips in now.lanes.values() for blip in blips}
        before, self._seen = self._seen, seen
        if not self._war.opened or before is None or self.app.animation_level == "none":
            self._seen = seen if self._war.opened else None
            return
        fresh = [task for task, state in seen.items() if before.get(task) != state]
        if not fresh or len(fresh) > SWARM:
            return
        self._pulses = frozenset(fresh)
        for task in fresh:
            place = self._picture.places.get(task)
            if task in before and before[task][0] != seen[task][0] and place is not None:
                self._moves[task] = (place, 0)
        if self._timer is None:
            self._timer = self.set_timer(STEP_S, self._step)

    def _step(self) -> None:
        """The next drawing of what moves; the last one ends it."""
        self._timer = None
        self._moves = {task: (start, step + 1) for task, (start, step) in self._moves.items() if step + 1 < STEPS}
        self._pulses = frozenset(self._moves)
        if self._moves:
            self._timer = self.set_timer(STEP_S, self._step)
        self._draw(scene(self._war))

    def _draw(self, now: Scene) -> None:
        width, height = self.scrollable_content_region.size
        self._picture = chart(
            now,
            width,
            height,
            ascii_only=self.ascii_only,
            motions={task: Motion(start, (step + 1) / STEPS) for task, (start, step) in self._moves.items()},
            pulses=self._pulses - self._moves.keys(),
        )
        scale = self._picture.scale
        self.title("4 RADAR" if scale == 1 else f"4 RADAR  1 dot = {scale} tasks")
        super().changed()

    def line_count(self) -> int:
        """As many as the pane has."""
        return len(self._picture.lines)

    def line(self, index: int, width: int) -> Content:
        """One line of all lanes."""
        return self._picture.lines[index].truncate(width)
