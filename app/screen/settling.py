"""What the settings say about the screen, once the engine that read them is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.screen.announcing import line_of
from app.screen.lights import providers
from themes.palettes import THEME_NAMES

if TYPE_CHECKING:
    from app.screen.application import WarRoom
    from app.screen.command import Command


def settle(app: WarRoom, command: Command) -> None:
    """Show whose repository it is, which tiers cost money, and wear the theme, the keys and the speech that are set."""
    settings, war = command.settings, app.war
    app.orders.command = command
    war.simulated, war.open_field = command.simulated, not command.walled
    war.paid = frozenset(
        name for name, tier in settings.tiers.items() if tier.provider == "anthropic" and not tier.free
    )
    war.providers = providers(settings)
    war.silent = settings.routing.mode == "local-only"
    war.repository = line_of(command.repository.root.name)
    default = settings.screen.theme == THEME_NAMES[0]  # it gives way to what the terminal can show
    if settings.screen.theme in app.available_themes and not (default and app.theme == "ansi"):
        app.theme = settings.screen.theme
    if settings.screen.ascii:
        app.use_ascii(True)
    if settings.screen.plain_speech:
        app.speak_plainly(True)
    if settings.keys:
        from app.screen.keymap import keymap

        chosen = keymap(settings.keys)
        app.center.remapped = chosen.shown
        app.center.approvals.keys = dict(chosen.shown)
        app.set_keymap(dict(chosen.bound))
