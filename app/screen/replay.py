"""The command center on a recording: the same panes through the same bridge, a bar above them, and no orders."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen

from agents.clock import Clock
from app.screen.actions import bindings
from app.screen.application import WarRoom
from app.screen.bridge import RATE, REMOTE_RATE, Bridge
from app.screen.center import CommandCenter
from app.screen.columns import joined, spread
from app.screen.engine import Opened
from app.screen.footer import KeyLine
from app.screen.lines import Lines
from app.screen.reduce import apply
from app.screen.replay_player import Player, Recording, TapeClock
from app.screen.state import Part, War
from app.screen.words import bar, elapsed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from agents.settings import Settings
    from app.screen.command import Command
    from app.screen.replay_tape import Tape


class ReplayLine(Lines):
    """How far it is, at which speed, and that it is a replay."""

    can_focus = False

    def __init__(self, player: Player, *, ascii_only: bool) -> None:
        self._player = player
        self._ascii = ascii_only
        super().__init__(id="replay")

    def line_count(self) -> int:
        """One."""
        return 1

    def line(self, index: int, width: int) -> Content:
        """The state and the place, and a bar in the room between."""
        player = self._player
        tape = player.tape
        glyph, word = (">", "playing") if player.playing else ("=", "paused")
        if player.at_end:
            glyph, word = "#", "end"
        if not self._ascii:
            glyph = {">": "▶", "=": "‖", "#": "■"}[glyph]
        cross = "x" if self._ascii else "×"
        left = joined(("REPLAY", "bold $warn"), f" {tape.name}  ", (f"{glyph} {word} {cross}{player.speed:g}", "bold"))
        reached = tape.reached(player.position)
        right = f" {player.position}/{len(tape.events)}  {elapsed(reached)} of {elapsed(tape.seconds)}"
        room = width - left.cell_length - len(right) - 2
        share = player.position / len(tape.events)
        drawn = f" {bar(share, min(40, room), ascii_only=self._ascii)}" if room >= 4 else ""
        return spread(left, joined((drawn, "$info"), right), width)


class ReplayCenter(CommandCenter):
    """With the keys of a recorder, which come before those of the panes."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(where="replay")]

    def __init__(self, player: Player, war: War, clock: Clock, zone: tzinfo | None, *, ascii_only: bool) -> None:
        super().__init__(war, clock, zone, ascii_only=ascii_only)
        self._player = player
        self.keys = KeyLine("replay")
        self.tape_line = ReplayLine(player, ascii_only=ascii_only)

    def compose(self) -> ComposeResult:
        """The bar and what is always there."""
        yield self.tape_line
        yield from super().compose()

    def action_tape_toggle(self) -> None:
        """Pause, or go on."""
        self._player.toggle()

    def action_tape_step(self, events: int) -> None:
        """By event."""
        self._player.step(events)

    def action_tape_scrub(self, seconds: int) -> None:
        """By time."""
        self._player.scrub(seconds)

    def action_tape_speed(self, steps: int) -> None:
        """Faster, slower."""
        self._player.change_speed(steps)


class ReplayRoom(WarRoom):
    """Plays a tape. Going back is playing anew to an earlier place, with panes that know nothing of what came later."""

    def __init__(
        self,
        tape: Tape,
        settings: Settings,
        folder: Path,
        *,
        speed: float = 1.0,
        zone: tzinfo | None = None,
        **more: Any,
    ) -> None:
        self._tape_clock = TapeClock(tape)
        self._zone = zone
        super().__init__(clock=self._tape_clock, zone=zone, **more)
        self.player = self._tape_clock.player = Player(tape, speed, self._rewound, self._moved)
        self.recording = cast("Command", Recording(self.player, settings, folder))
        self.war.replayed = True
        self.center: ReplayCenter = self._new_center()
        self._rewinding = False

    def get_default_screen(self) -> Screen[None]:
        """The one with the bar."""
        return self.center

    def engine_ready(
        self, command: Command, warnings: Sequence[str] = (), offline: Mapping[str, str] | None = None
    ) -> None:
        """There is a recording in its place, and no provider whose light could be on."""
        super().engine_ready(command, warnings, offline)
        self.war.providers = type(self.war.providers)()
        self.war.repository = self.player.tape.repository

    def _greet(self) -> None:
        """An empty board is no invitation here."""

    async def _look_around(self, command: Command) -> None:
        """Which branch was checked out is not recorded."""

    def _quit(self) -> None:
        self.exit(0)

    def _new_center(self) -> ReplayCenter:
        return ReplayCenter(self.player, self.war, self.clock, self._zone, ascii_only=self.ascii_only)

    def _moved(self) -> None:
        self.center.tape_line.refresh()

    def _rewound(self) -> None:
        if not self._rewinding:
            self._rewinding = True
            self.call_later(self._play_anew)

    async def _play_anew(self) -> None:
        """What was played so far on a new board, with a new bridge that follows from there."""
        self._rewinding = False
        self.workers.cancel_group(self, "bridge")
        old, before = self.center, self.war
        self.war = War()
        self.war.replayed, self.war.opened = True, True
        self.war.repository, self.war.paid, self.war.host = before.repository, before.paid, before.host
        for event in self.player.restarted():
            apply(self.war, event)
        self.center = self._new_center()
        self.center.remapped = old.remapped
        bridge = Bridge(self.war, self.recording, self._changed, self.clock, rate=REMOTE_RATE if self.remote else RATE)
        if len(self.screen_stack) == 1:
            await self.push_screen(self.center)  # the first one is the application's and stays below
        else:
            await self.switch_screen(self.center)
        self.center.action_pane(old.pane)
        self.run_worker(bridge.run(), name="bridge", group="bridge", exit_on_error=False)
        self.center.draw(Part.ALL)


def launch_replay(
    tape: Tape, settings: Settings, folder: Path, *, speed: float, mouse: bool = True, ascii_only: bool = False
) -> int:
    """Play `tape` on this terminal; the exit code once the person has left."""
    from app.screen.launch import command
    from app.screen.terminal import PatientDriver

    @asynccontextmanager
    async def opened(app: ReplayRoom) -> AsyncIterator[Opened]:
        yield Opened(app.recording, said(tape), begin=app.player.run)

    async def live() -> int:
        remote = bool(os.environ.get("SSH_CONNECTION"))
        app = ReplayRoom(
            tape, settings, folder, speed=speed, remote=remote, ascii_only=ascii_only, driver_class=PatientDriver
        )
        return await command(app, lambda: opened(app), mouse=mouse)

    return asyncio.run(live())


def said(tape: Tape) -> tuple[str, ...]:
    """What a person should know about it."""
    pauses = "1 pause" if tape.shortened == 1 else f"{tape.shortened} pauses"
    cut = f" {pauses} ({elapsed(tape.shortened_s)} in all) shortened." if tape.shortened else ""
    return (f"REPLAY of {tape.name}: nothing here is carried out.{cut}",)
