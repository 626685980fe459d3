"""Choosing a theme: the arrow keys put it on, enter keeps it, escape takes the old one back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content

from agents.sanitize import one_line
from app.screen.actions import bindings
from app.screen.columns import cell, joined
from app.screen.dialog import Dialog, Plain
from app.screen.lines import Lines
from app.screen.looks import HEALTH
from app.screen.wording import message_of
from themes.palettes import ABOUT


class ThemeList(Lines):
    """The themes, one of them stood on."""

    has_cursor = True

    def __init__(self, names: Sequence[str], now: str, stood: Callable[[str], None], *, ascii_only: bool) -> None:
        self._names = names
        self._now = now
        self._stood = stood
        self._ascii = ascii_only
        super().__init__(id="themes")
        self.cursor = names.index(now) if now in names else 0

    @property
    def chosen(self) -> str:
        """The name of the theme stood on."""
        return self._names[self.cursor]

    def moved(self) -> None:
        """Put it on."""
        self._stood(self.chosen)

    def line_count(self) -> int:
        """Themes."""
        return len(self._names)

    def line(self, index: int, width: int) -> Content:
        """One theme."""
        name = self._names[index]
        pointer = (">" if self._ascii else "▸") if index == self.cursor else " "
        worn = ("  now", "$good") if name == self._now else ""
        return joined(
            (pointer, "$loud"), " ", (cell(name.capitalize(), 10)), (ABOUT.get(name, ""), "$quiet"), worn
        ).truncate(width, ellipsis=True)


class ThemePicker(Dialog[str]):
    """Answers the name of the theme to keep. It leaves most of the screen free, so that the theme is seen there."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog_keep")]

    def __init__(
        self, names: Sequence[str], now: str, wear: Callable[[str], None], *, ascii_only: bool = False
    ) -> None:
        """`now` is worn, and again when the dialog is closed; `wear` puts one on."""
        self._now = now
        self._wear = wear
        self._ascii = ascii_only
        self.themes = ThemeList(names, now, wear, ascii_only=ascii_only)
        super().__init__()

    def compose(self) -> ComposeResult:
        """The list, and how each health looks in the theme stood on."""
        with Vertical(classes="dialog", id="theme-window"):
            yield Plain(Content.styled("Theme", "bold"), classes="question")
            yield self.themes
            yield Plain(
                Content("  ").join(
                    joined((f"{look.mark(self._ascii)} {look.word}", look.colour)) for look in HEALTH.values()
                )
            )
            yield Plain(Content.styled("↑ ↓ try   ⏎ keep and save   esc leave it", "$info"), classes="answers")

    def on_mount(self) -> None:
        """The arrow keys are the list's."""
        self.themes.focus()

    def on_lines_opened(self) -> None:
        """A second click keeps it."""
        self.action_keep()

    def action_keep(self) -> None:
        """The theme stood on stays."""
        self.dismiss(self.themes.chosen)

    def action_close(self) -> None:
        """What was worn before is worn again."""
        self._wear(self._now)
        super().action_close()


async def save_theme(name: str, say: Callable[[str, str], None]) -> None:
    """Write the theme into the person's own settings, and say where, or why not."""
    from agents.configuration import ConfigurationError, user_config_file
    from agents.configuration.saving import save_value

    path = user_config_file()
    try:
        await asyncio.to_thread(save_value, path, "screen", "theme", name)
    except ConfigurationError as error:
        say(f"Theme: {name}. {message_of(error)}", "$warn")
    else:
        say(f"Theme: {name}, saved in {one_line(str(path), 300)}", "")
