"""The settings: each with its value and where that came from; changed here, saved in the person's own file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from agents.sanitize import one_line
from app.screen.actions import bindings
from app.screen.columns import cell, joined
from app.screen.dialog import Dialog, Plain
from app.screen.knobs import Knob, Value, knobs, read, shown
from app.screen.lines import Lines
from app.screen.wording import message_of

if TYPE_CHECKING:
    from agents.configuration import Configuration


@dataclass(frozen=True, slots=True)
class Drawer:
    """Where settings are read and saved. Both block for a file, and raise ConfigurationError."""

    read: Callable[[], Configuration]
    save: Callable[[str, str, Value], Configuration]
    apply: Callable[[str, Value], bool]
    """Have a value hold at once; False where it holds from the next opening on."""
    preview: Callable[[str], None]
    """Show what a theme looks like."""


class Knobs(Lines):
    """One line per setting."""

    has_cursor = True
    can_focus = False

    def __init__(self, found: Configuration, *, ascii_only: bool) -> None:
        self.found = found
        self.rows = knobs(found.settings)
        self._ascii = ascii_only
        super().__init__(id="knobs")

    @property
    def chosen(self) -> Knob:
        """The one stood on."""
        return self.rows[self.cursor]

    def take(self, found: Configuration) -> None:
        """Other values."""
        self.found = found
        self.changed()

    def line_count(self) -> int:
        """Settings."""
        return len(self.rows)

    def line(self, index: int, width: int) -> Content:
        """Key, value, where it came from, what it means."""
        knob = self.rows[index]
        origin = self.found.origins.get(knob.key, "default")
        pointer = (">" if self._ascii else "▸") if index == self.cursor else " "
        value = one_line(shown(knob.value(self.found.settings)), 30)
        front = joined(
            (pointer, "$loud"),
            " ",
            cell((knob.key, "$quiet" if knob.fixed else "bold $info"), 22),
            cell((value, "$quiet" if knob.fixed else ""), 14),
            cell((one_line(origin, 30), "$quiet" if origin == "default" else "$warn"), 17),
        )
        return joined(front, (knob.help, "$quiet")).truncate(width, ellipsis=True)


class SettingsScreen(Dialog[None]):
    """The window. Enter changes what is stood on: the next choice, or a value typed in its place."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("pick_up", "pick_down", "pick_page_up", "pick_page_down", "turn_back", "turn_on", "dialog_keep")
    ]

    AUTO_FOCUS = ""

    def __init__(self, found: Configuration, drawer: Drawer, *, ascii_only: bool, simulated: bool = False) -> None:
        self._drawer = drawer
        self._about = "  yours; the simulation's money and models are its own" if simulated else ""
        self.knobs = Knobs(found, ascii_only=ascii_only)
        self._typing: Knob | None = None
        self._saving = asyncio.Lock()
        super().__init__()

    def compose(self) -> ComposeResult:
        """The settings; below them what the one stood on is about, or a line to type in."""
        with Vertical(classes="dialog", id="settings-window"):
            yield Plain(joined(("SETTINGS", "bold $loud"), (self._about, "$warn")), classes="question")
            yield self.knobs
            field = Input(id="knob-value")
            field.cursor_blink = False
            field.display = False
            yield field
            yield Plain("", id="problem")
            yield Plain(Content.styled("↑ ↓ choose   ← → or ⏎ change   esc leave", "$info"), classes="answers")

    def on_mount(self) -> None:
        """The keys are the window's own."""
        self._explain()

    def _explain(self) -> None:
        knob = self.knobs.chosen
        self._say(f"{knob.help}. {knob.fixed}" if knob.fixed else f"{knob.help}.", "$quiet")

    def _say(self, text: str, colour: str) -> None:
        self.query_one("#problem", Plain).update(Content.styled(text, colour))

    def action_pick(self, step: int) -> None:
        """Another setting."""
        if self._typing is None:
            self.knobs.action_step(step)
            self._explain()

    def action_pick_page(self, pages: int) -> None:
        """A page of them on."""
        if self._typing is None:
            self.knobs.action_page(pages)
            self._explain()

    def action_turn(self, step: int) -> None:
        """The next choice, or the one before; what has none is typed."""
        knob = self.knobs.chosen
        if self._typing is not None:
            return
        if knob.fixed:
            self._say(knob.fixed, "$warn")
            return
        settings = self.knobs.found.settings
        choices = list(knob.choices(settings))
        if not choices:
            self._ask(knob)
            return
        held = knob.value(settings)
        place = choices.index(held) if held in choices else -1
        self._change(knob, choices[(place + step) % len(choices)])

    def action_keep(self) -> None:
        """Enter goes on to the next choice too."""
        self.action_turn(1)

    def _ask(self, knob: Knob) -> None:
        self._typing = knob
        field = self.query_one("#knob-value", Input)
        field.value = str(knob.value(self.knobs.found.settings))
        field.border_title = knob.key
        field.display = True
        field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The value is typed."""
        event.stop()
        if self._typing is not None:
            self._change(self._typing, read(event.value, self._typing, self.knobs.found.settings))

    def _change(self, knob: Knob, value: Value) -> None:
        if knob.key == "screen.theme":
            self._drawer.preview(str(value))
        self.run_worker(self._saved(knob, value), group="settings", exit_on_error=False)

    async def _saved(self, knob: Knob, value: Value) -> None:
        async with self._saving:
            try:
                found = await asyncio.to_thread(self._drawer.save, knob.section, knob.name, value)
            except Exception as error:
                self._say(message_of(error), "$bad")
                return
        self._stop_typing()
        self.knobs.take(found)
        held, origin = knob.value(found.settings), found.origins.get(knob.key, "")
        if held != value:
            where = one_line(origin, 60)
            self._say(f"Saved in your file; here {where} decides it, and it stays {shown(held)}.", "$warn")
        elif self._drawer.apply(knob.key, value):
            self._say(f"{knob.key} is {shown(value)}: saved in your config.toml.", "$good")
        else:
            self._say(f"{knob.key} is {shown(value)}: saved, and holds from the next opening of War Room on.", "$good")

    def _stop_typing(self) -> None:
        self._typing = None
        self.query_one("#knob-value", Input).display = False
        self.set_focus(None)

    def on_lines_opened(self) -> None:
        """A second click changes it."""
        self.action_turn(1)

    def action_close(self) -> None:
        """What is being typed first, then the window."""
        if self._typing is not None:
            self._stop_typing()
            self._explain()
        else:
            super().action_close()
