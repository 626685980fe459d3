"""The Textual application: holds the view of the war, the screens, and the engine's command once it is open."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.driver import Driver
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from agents.clock import Clock, SystemClock
from app.screen.actions import BY_ID, Action, Situation, bindings
from app.screen.announcing import Announcer, line_of
from app.screen.center import CommandCenter
from app.screen.lines import Lines
from app.screen.place import Place
from app.screen.state import Part, TaskRow, War
from app.screen.tool_log import ToolLog
from app.screen.wording import message_of
from themes import STYLESHEET
from themes.palettes import HUES, THEME_NAMES
from themes.tokens import themes, tokens

if TYPE_CHECKING:
    from app.commands.diagnosis import Finding
    from app.screen.bulk import Bulk
    from app.screen.command import Command
    from app.screen.desk import Desk
    from app.screen.handover import Handover
    from app.screen.orders import Orders
    from app.screen.sound import SoundDesk
    from sounds.cues import Cue

_TOAST_S = 4.0
"""How long a toast says why a key does nothing."""


class WarRoom(App[int]):
    """Opens with no engine; `engine_ready` gives it one, `engine_failed` says why there is none."""

    CSS_PATH = STYLESHEET
    TITLE = "War Room"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(where="everywhere")]
    HORIZONTAL_BREAKPOINTS = [
        (0, "-tiny"),
        (60, "-narrow"),
        (80, "-normal"),
        (120, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (20, "-tall"), (44, "-high")]

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        zone: tzinfo | None = None,
        remote: bool = False,
        ascii_only: bool = False,
        plain_speech: bool = False,
        ask_sound: bool = False,
        driver_class: type[Driver] | None = None,
    ) -> None:
        """`zone` is where times are shown, None the machine's own; `remote`: over SSH, where drawing is traffic;
        `ascii_only` and `plain_speech`: asked for on the command line, whatever the settings say; `ask_sound`: ask the
        person whether they want sound, where they have not said."""
        self.clock = clock or SystemClock()
        self.war = War()
        self.ascii_only = ascii_only
        self.plain_speech = plain_speech
        self.center = CommandCenter(self.war, self.clock, zone, ascii_only=ascii_only)
        self.painted = asyncio.Event()
        self.failed = asyncio.Event()
        self._findings: tuple[Finding, ...] | None = None
        self.can_work_alone = False
        """The engine can go on without this screen."""
        self.works_alone = False
        """The person left and wants it to."""
        self.war.host = line_of(os.uname().nodename)[:24] if remote else ""
        self.remote = remote
        self._ask_sound = ask_sound
        super().__init__(driver_class=driver_class)
        self._announcer = Announcer(self)
        for theme in themes():
            self.register_theme(theme)
        self.theme = THEME_NAMES[0]

    def get_default_screen(self) -> Screen[None]:
        """The command center is there from the first frame."""
        return self.center

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our tokens, for themes that do not define them."""
        return tokens(HUES[THEME_NAMES[0]])

    def on_ready(self) -> None:
        """The first frame is out: the engine may be opened now."""
        self.call_after_refresh(self.painted.set)

    # What nobody needs before the first frame is made, and imported, when it is first asked for

    @cached_property
    def orders(self) -> Orders:
        """What a person orders about tasks."""
        from app.screen.orders import Orders

        return Orders(self, self)

    @cached_property
    def bulk(self) -> Bulk:
        """The same about several tasks."""
        from app.screen.bulk import Bulk

        return Bulk(self.orders)

    @cached_property
    def handover(self) -> Handover:
        """Text for other programs: the pager, the clipboard."""
        from app.screen.handover import Handover

        return Handover(self)

    @cached_property
    def desk(self) -> Desk:
        """The screens over the center."""
        from app.screen.desk import Desk

        return Desk(self)

    @cached_property
    def sound(self) -> SoundDesk:
        """What is heard."""
        from app.screen.sound import SoundDesk

        return SoundDesk(self, self.clock)

    # The engine

    def engine_ready(
        self, command: Command, warnings: Sequence[str] = (), offline: Mapping[str, str] | None = None
    ) -> None:
        """The engine is open: follow it. `warnings` are said and logged; `offline`: why a tier cannot be reached."""
        from app.screen.bridge import RATE, REMOTE_RATE, Bridge
        from app.screen.settling import settle

        settle(self, command)
        self.war.offline = dict(offline or {})
        self._greet()
        rate = REMOTE_RATE if self.remote else RATE
        bridge = Bridge(self.war, command, self._changed, self.clock, notices=warnings, rate=rate, hear=self.sound.take)
        self.run_worker(bridge.run(), name="bridge", group="bridge", exit_on_error=False)
        self.run_worker(self._look_around(command), name="look", group="bridge", exit_on_error=False)
        self.run_worker(self._open_sound(command), name="sound", group="bridge", exit_on_error=False)
        if warnings:
            self.say(line_of(warnings[0]), "$warn")

    def out_of_reach(self, missing: Mapping[str, str]) -> None:
        """Tiers that cannot be reached, and why, found out behind the board."""
        self._changed(self.war.take_offline(missing), None)  # told by the engine: it is not in the screen's own task
        if self.orders.command is None or not missing:
            return
        if all(name in missing for name, tier in self.orders.command.settings.tiers.items() if tier.enabled):
            from app.screen.chronicle import notice

            said = line_of(f"No model can be reached: {next(iter(missing.values()))}")
            notice(self.war.log, self.clock.now(), said)
            self._draw(Part.LOG)
            self.say(said, "$warn")

    def examined(self, findings: Sequence[Finding]) -> None:
        """What was found missing before a person can work."""
        self._findings = tuple(findings)
        self._greet()

    def _greet(self) -> None:
        """What an empty board says."""
        from app.screen.first_run import welcome

        self.war.welcome = welcome(
            self.center.remapped,
            self._findings,
            ascii_only=self.ascii_only,
            plain=self.plain_speech,
            simulated=self.war.simulated,
        )
        self._draw(Part.BOARD)

    def engine_failed(self, error: BaseException) -> None:
        """There is no engine: say why. The launcher ends the application when the person does."""
        self.say(f"Cannot open: {message_of(error)}  (q leaves)", "$bad")
        self.failed.set()

    def complain(self, error: BaseException) -> None:
        """Something failed that is no reason to end: say it."""
        self.say(message_of(error), "$bad")

    async def _look_around(self, command: Command) -> None:
        self.war.branch = line_of((await command.repository.base()).branch or "detached HEAD")
        self._draw(Part.HEADER)
        # A full collection walks over everything that was imported and loaded, 50 ms in which no key is heard; what is
        # there by now stays anyway.
        gc.freeze()

    async def _open_sound(self, command: Command) -> None:
        await self.sound.open(command.settings.sound, command.repository.root)
        if self._ask_sound and self.sound.to_be_asked:
            from app.screen.confirm import SoundWanted

            self.push_screen(SoundWanted(), lambda yes: self.sound.answer(bool(yes)))

    async def on_unmount(self) -> None:
        """The screen closes: silence."""
        await self.sound.close()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker that failed is said, never fatal."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            prefix = "The screen no longer follows the engine: " if event.worker.name == "bridge" else ""
            self.say(prefix + message_of(event.worker.error), "$bad")

    # Drawing

    def use_ascii(self, wanted: bool) -> None:
        """Draw with ASCII only, or not."""
        self.ascii_only = wanted
        self.center.use_ascii(wanted)
        self._greet()

    def speak_plainly(self, wanted: bool) -> None:
        """Sober words in place of the game's, or not."""
        self.plain_speech = wanted
        self.center.rename()
        self._greet()

    def _changed(self, parts: Part, cue: Cue | None) -> None:
        self.call_later(self._draw, parts, cue)

    def _draw(self, parts: Part, cue: Cue | None = None) -> None:
        self.center.draw(parts)
        screen = self.screen
        if isinstance(screen, Place) and parts & (Part.BOARD | Part.MISSIONS | Part.LOG | Part.TRANSCRIPT):
            screen.renew(self.situation())
        if cue is not None and cue.caption:
            self.caption(cue.caption, cue.priority, needs_person=cue.needs_person)

    # Sound

    def caption(self, text: str, priority: int, *, needs_person: bool, heard: bool = False) -> None:
        """Say in words what is `heard` now, or what might have been unless something of more weight stands there."""
        self._announcer.caption(text, priority, needs_person=needs_person, heard=heard)

    def sound_changed(self) -> None:
        """The header shows another status."""
        self.war.sound = self.sound.status
        self._changed(Part.HEADER, None)

    def write_to_terminal(self, text: str) -> None:
        """Past the screen: a bell, a notification."""
        if self._driver is not None:
            self._driver.write(text)

    def on_app_focus(self) -> None:
        """The person looks at the terminal."""
        self.sound.focus(True)

    def on_app_blur(self) -> None:
        """They look elsewhere."""
        self.sound.focus(False)

    def say(self, text: str, colour: str = "") -> None:
        """Answer the person in a sentence. What is wrong stands until they do something else, the rest for a while, if
        there is no alarm."""
        self._announcer.say(text, colour)

    # Actions

    def target(self) -> TaskRow | None:
        """The task the screen is about."""
        screen = self.screen
        if isinstance(screen, Place):
            return self.war.tasks.get(screen.task_id)
        return self.center.target()

    def situation(self) -> Situation:
        """What decides which actions are possible here."""
        return self.situation_of(self.target())

    def situation_of(self, task: TaskRow | None) -> Situation:
        """The same for a task that was named."""
        return self.center.situation_of(task)

    def action_perform(self, action_id: str) -> None:
        """A key of the table. On the board it is about all selected tasks, where that can be."""
        action, chosen = BY_ID[action_id], self.center.chosen()
        if chosen and self.screen is self.center and self.bulk.takes(action.verb):
            self._announcer.give_way()
            self.bulk.act(action, chosen, self.situation_of)
        else:
            self.act(action, self.target())

    def act(self, action: Action, task: TaskRow | None) -> None:
        """Do an action of the table about `task`, or say why it cannot be done."""
        self._announcer.give_way()
        self.clear_notifications()
        reason = action.why_not(self.situation_of(task))
        self.sound.key(accepted=reason is None)
        if reason is not None:
            self.say(reason, "$warn")
            self.notify(reason, severity="warning", timeout=_TOAST_S, markup=False)
            return
        if action.verb == "open" and task is not None:
            self.sound.selected(self.war.agent_on(task.id))
        if action.method:
            self.call_later(self.desk.reach, action)
        elif not self.orders.carry_out(action.verb, task) and not self.desk.carry_out(action.verb):
            getattr(self, f"_{action.verb}")()

    # What the panes ask for

    def on_lines_said(self, event: Lines.Said) -> None:
        """A pane has an answer."""
        self.say(event.text, event.colour)

    def on_lines_copied(self, event: Lines.Copied) -> None:
        """Text for the clipboard."""
        self.copy_to_clipboard(event.text)

    def on_lines_paged(self, event: Lines.Paged) -> None:
        """Text for the pager."""
        self.handover.page(event.text, event.log_path)

    def on_tool_log_chosen(self, event: ToolLog.Chosen) -> None:
        """What is behind a line of the log: a call's output, else its task."""
        from app.screen.output_screen import OutputScreen

        record = event.record
        row = self.war.tasks.get(record.task) if record.task is not None else None
        if record.call is not None:
            self.push_screen(OutputScreen(record.call, self.situation_of(row)))
        elif row is not None:
            self.orders.carry_out("open", row)

    def copy_to_clipboard(self, text: str) -> None:
        """Onto the terminal's clipboard, and into a file, since nobody knows whether the terminal took it."""
        self._clipboard = text
        self.handover.copy(text)

    def _zoom(self) -> None:
        self.center.zoom()

    def wear(self, theme: str) -> None:
        """Draw everything in a theme."""
        self.theme = theme
        for screen in self.screen_stack:
            for pane in screen.query(Lines):
                pane.refresh()

    def _last_view(self) -> None:
        self.center.last_view()

    def _mute(self) -> None:
        self.sound.mute()

    def _quieter(self) -> None:
        self.sound.turn(-1)

    def _louder(self) -> None:
        self.sound.turn(1)

    def _calm(self) -> None:
        self._announcer.write("", "")
        self.center.whole()

    def _quit(self) -> None:
        from app.screen.leaving import leave

        leave(self)

    async def action_quit(self) -> None:
        """ctrl+q asks like q; asked again while it asks, it leaves and loses nothing."""
        from app.screen.leaving import Leave

        if isinstance(self.screen, Leave):
            self.exit(0)
        else:
            self._quit()

    def action_help_quit(self) -> None:
        """ctrl+c is for copying what is selected; with nothing selected it ends nothing, and says what does."""
        leave = BY_ID["leave"].key(self.situation())
        self.say(f"ctrl+c ends nothing here. {leave} leaves, x cancels a task.")
