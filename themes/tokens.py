"""What the colours mean: one set of tokens for every palette, so that a widget names a meaning, never a colour."""

from __future__ import annotations

from textual.theme import Theme

from themes.palettes import HUES, THEME_NAMES, Hues


def tokens(hues: Hues) -> dict[str, str]:
    """The meanings the stylesheet and the widgets name, for one palette."""
    return {
        "health-ready": hues.green,
        "health-working": hues.amber,
        "health-stuck": hues.red,
        "health-cooling": hues.blue,
        "health-needs-you": hues.magenta,
        "health-offline": hues.grey,
        "tier-local": hues.green,
        "tier-haiku": hues.accent,
        "tier-sonnet": hues.blue,
        "tier-opus": hues.magenta,
        "complexity-low": hues.green,
        "complexity-medium": hues.accent,
        "complexity-high": hues.amber,
        "complexity-extreme": hues.red,
        "quiet": hues.quiet,
        "frame": hues.border,
        "cursor-row": hues.cursor,
        "loud": hues.primary,
        "good": hues.green,
        "bad": hues.red,
        "warn": hues.amber,
        "info": hues.accent,
    }


def theme(name: str) -> Theme:
    """The Textual theme called `name`. Raises KeyError when there is none of that name."""
    hues = HUES[name]
    return Theme(
        name=name,
        primary=hues.primary,
        secondary=hues.accent,
        accent=hues.accent,
        warning=hues.amber,
        error=hues.red,
        success=hues.green,
        foreground=hues.text,
        background=hues.background,
        surface=hues.background,
        panel=hues.panel,
        boost=hues.panel if hues.ansi else None,
        dark=hues.dark,
        ansi=hues.ansi,
        variables={**tokens(hues), **(_OF_THE_TERMINAL if hues.ansi else {})},
    )


_OF_THE_TERMINAL = {
    "ansi-background": "ansi_default",
    "ansi-foreground": "ansi_default",
    "border-blurred": "ansi_bright_black",
    "block-cursor-foreground": "ansi_black",
    "block-cursor-background": "ansi_cyan",
    "input-cursor-background": "ansi_default",
    "input-cursor-foreground": "ansi_default",
    "input-cursor-text-style": "reverse",
    "input-selection-background": "ansi_cyan",
    "input-selection-foreground": "ansi_black",
    "screen-selection-background": "ansi_cyan",
    "screen-selection-foreground": "ansi_black",
}
"""What Textual would mix from a palette's colours; the terminal's own cannot be mixed."""


def themes() -> tuple[Theme, ...]:
    """All of them, in the order of the picker."""
    return tuple(theme(name) for name in THEME_NAMES)
