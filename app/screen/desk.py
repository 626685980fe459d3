"""The screens that are fed by the table of actions: help, palette, command bar. And what is chosen there, done."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from app.screen.actions import Action, Where
from app.screen.place import Place
from themes.palettes import THEME_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.dom import DOMNode

    from agents.configuration import Configuration
    from app.screen.application import WarRoom
    from app.screen.catalog import Entry
    from app.screen.knobs import Value
    from app.screen.settings_screen import Drawer
    from app.screen.state import TaskRow
    from app.screen.typed import Typed

_PANES = frozenset({"board", "missions", "log"})
"""Panes with actions of their own."""
_REMEMBERED = 100
"""Lines of the command bar that can be brought back."""


class Desk:
    """Opens them over the screen a person is on. They are imported when they are first opened."""

    def __init__(self, app: WarRoom) -> None:
        self._app = app
        self._typed: list[str] = []
        self._verbs: dict[str, Callable[[], None]] = {
            "help": self._help,
            "palette": self._palette,
            "command": self._command,
            "settings": self._settings,
            "trust": self._trust,
            "intel": self._intel,
            "theme": self._theme,
            "next": self._next,
            "output": self._output,
            **{verb: partial(self._answer, verb) for verb in ("allow", "allow_mission", "deny", "remember", "later")},
        }

    def carry_out(self, verb: str) -> bool:
        """Do `verb`; False when it is none of ours."""
        if verb not in self._verbs:
            return False
        self._verbs[verb]()
        return True

    def _answer(self, verb: str) -> None:
        from app.screen.answering import Answering

        Answering(self._app).verbs[verb]()

    def _help(self) -> None:
        from app.screen.help import HelpDialog

        app = self._app
        where: Where = app.screen.where if isinstance(app.screen, Place) else "center"
        pane = app.center.pane if where == "center" else ""
        app.push_screen(HelpDialog(where, pane, app.situation(), plain=app.plain_speech))

    def _palette(self) -> None:
        from app.screen.catalog import entries, tasks_like
        from app.screen.palette import Palette

        app = self._app

        def chosen(entry: Entry | None) -> None:
            if entry is not None:
                entry.do()

        palette = Palette(entries(app), lambda words, most: tasks_like(app, words, most), ascii_only=app.ascii_only)
        app.push_screen(palette, chosen)

    def _command(self) -> None:
        from app.screen.catalog import reachable
        from app.screen.command_bar import CommandBar
        from app.screen.typed import completions

        app = self._app
        actions = reachable(app)

        def offers(line: str) -> list[str]:
            target = app.target()
            labels = [row.label for row in app.war.board()]
            if target is not None:
                labels.insert(0, target.label)
            return completions(line, actions, THEME_NAMES, list(dict.fromkeys(labels)), [*self._tiers()])

        app.push_screen(
            CommandBar(offers, lambda line: self._why_not(line, actions), self._typed),
            lambda line: self._run(line, actions) if line else None,
        )

    def _settings(self) -> None:
        self._app.run_worker(self._open_settings(), group="desk", exit_on_error=False)

    async def _open_settings(self) -> None:
        from app.screen.settings_screen import SettingsScreen

        drawer = self._drawer()
        found = await asyncio.to_thread(drawer.read)
        app = self._app
        await app.push_screen(SettingsScreen(found, drawer, ascii_only=app.ascii_only, simulated=app.war.simulated))

    def _trust(self) -> None:
        self._app.run_worker(self._open_trust(), group="desk", exit_on_error=False)

    async def _open_trust(self) -> None:
        from app.screen.vouching import ask_again

        await ask_again(self._app)

    def _intel(self) -> None:
        self._app.run_worker(self._open_intel(), group="desk", exit_on_error=False)

    async def _open_intel(self) -> None:
        app, command = self._app, self._app.orders.command
        if command is None:
            return
        # The plotting library takes a tenth of a second to import.
        screens = await asyncio.to_thread(import_module, "app.screen.intel")
        await app.push_screen(screens.IntelScreen(command, app.situation(), ascii_only=app.ascii_only))

    def _drawer(self) -> Drawer:
        """The person's file; of the repository's what holds here. In the simulation there is no repository."""
        from agents.configuration import warroom_home
        from agents.configuration.changing import change_setting
        from app.commands.opening import settings_of
        from app.screen.settings_screen import Drawer

        app, command = self._app, self._app.orders.command
        repo = command.repository.root if command is not None and not command.simulated else None

        def save(section: str, name: str, value: Value) -> Configuration:
            return change_setting(section, name, value, repo=repo, home=warroom_home(os.environ), environ=os.environ)

        return Drawer(lambda: settings_of(repo), save, self._apply, app.wear)

    def _apply(self, key: str, value: Value) -> bool:
        """What is about the screen holds at once."""
        app = self._app
        if key == "screen.theme":
            app.wear(str(value))
        elif key == "screen.ascii":
            app.use_ascii(bool(value))
        elif key == "screen.plain_speech":
            app.speak_plainly(bool(value))
        else:
            return False
        return True

    def _theme(self) -> None:
        from app.screen.theme_picker import ThemePicker, save_theme

        app = self._app

        def kept(name: str | None) -> None:
            if name is not None:
                app.run_worker(save_theme(name, app.say), name="theme", exit_on_error=False)

        app.push_screen(ThemePicker(THEME_NAMES, app.theme, app.wear, ascii_only=app.ascii_only), kept)

    def _next(self) -> None:
        """On to the next task that needs a person."""
        center = self._app.center
        waiting = [row.id for row in self._app.war.need_person()]
        here = center.board.selected_id
        place = waiting.index(here) + 1 if here in waiting else 0
        center.action_pane("board")
        center.board.select(chosen := waiting[place % len(waiting)])
        if center.approvals.put_first(chosen):
            center.action_pane("approvals")
        center.offer_keys()

    def _output(self) -> None:
        log = self._app.center.log_pane
        log.show_output(not log.with_output)

    # What was chosen

    async def reach(self, action: Action) -> None:
        """Do what is a method of a pane or of a screen, from wherever it was chosen."""
        app = self._app
        if action.where in {"center", *_PANES}:
            await self.go_home()
        node: DOMNode | None = app if action.where == "everywhere" else app.screen
        if action.where in _PANES:
            node = app.center.query_one(f"#{action.where}")
        elif action.where == "pane":
            node = app.screen.focused
        if node is not None:
            await app.run_action(action.method, default_namespace=node)

    async def go_home(self) -> None:
        """Back to the command center from whatever lies over it."""
        while self._app.screen is not self._app.center and len(self._app.screen_stack) > 1:
            await self._app.pop_screen()

    def go_to(self, task_id: int) -> None:
        """Stand on a task of the board."""
        center = self._app.center
        center.action_pane("board")
        center.board.select(task_id)
        center.offer_keys()
        self._app.call_later(self.go_home)

    # What was typed

    def _read(self, line: str, actions: list[Action]) -> tuple[Typed, TaskRow | None]:
        """The line and the task it is about. Raises NotUnderstood."""
        from app.screen.typed import NotUnderstood, understand

        typed = understand(line, actions, THEME_NAMES, self._tiers())
        if typed.task is None:
            return typed, self._app.target()
        row = self._app.war.tasks.get(typed.task)
        if row is None:
            raise NotUnderstood(f"There is no task T{typed.task} on this board.")
        return typed, row

    def _why_not(self, line: str, actions: list[Action]) -> str | None:
        typed, row = self._read(line, actions)
        return typed.action.why_not(self._app.situation_of(row)) if typed.action is not None else None

    def _run(self, line: str, actions: list[Action]) -> None:
        from app.screen.typed import AUTO

        app = self._app
        if line == "-":
            app.center.last_view()
            return
        typed, row = self._read(line, actions)
        self._remember(line)
        if typed.action is None:
            if row is not None:
                self.go_to(row.id)
        elif typed.words and typed.action.verb == "theme":
            app.wear(typed.words)
        elif typed.words and typed.action.verb == "edit":
            if row is not None:
                app.orders.pin(row, None if typed.words == AUTO else typed.words)
        elif typed.words:
            app.orders.new(typed.words)
        else:
            app.act(typed.action, row)

    def _tiers(self) -> dict[str, str]:
        """Those a task can be pinned to, with their models."""
        command = self._app.orders.command
        tiers = command.settings.tiers if command is not None else {}
        return {name: tier.model for name, tier in tiers.items() if tier.enabled and "code" in tier.roles}

    def _remember(self, line: str) -> None:
        if line in self._typed:
            self._typed.remove(line)
        self._typed.append(line)
        del self._typed[:-_REMEMBERED]
