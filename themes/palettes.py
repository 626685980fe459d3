"""The palettes: the colours a theme is made of. What they mean is in `themes.tokens`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hues:
    """The colours of one palette, as #rrggbb, or as one of the terminal's own sixteen (`ansi_red`)."""

    background: str
    panel: str
    border: str
    text: str
    quiet: str
    primary: str
    accent: str
    green: str
    amber: str
    red: str
    blue: str
    magenta: str
    grey: str
    cursor: str
    """Background of the row a person stands on."""
    dark: bool = True

    @property
    def ansi(self) -> bool:
        """The colours are the terminal's own."""
        return self.background.startswith("ansi_")


EMBER = Hues(
    background="#0a0f1c",
    panel="#0f172a",
    border="#2b3a50",
    text="#e2e8f0",
    quiet="#8a99af",
    primary="#14f5c7",
    accent="#22b8d4",
    green="#4ade80",
    amber="#facc15",
    red="#f87171",
    blue="#60a5fa",
    magenta="#e879f9",
    grey="#94a3b8",
    cursor="#1b2a41",
)
"""Teal and amber on midnight, like the head-up display of a helmet."""

CRIMSON = Hues(
    background="#120606",
    panel="#1f0a0a",
    border="#5a1a1a",
    text="#f5e6d8",
    quiet="#b39487",
    primary="#ff5a4a",
    accent="#ffb454",
    green="#7fd962",
    amber="#ffd447",
    red="#ff7070",
    blue="#7ab8ff",
    magenta="#ff8ae2",
    grey="#a89f97",
    cursor="#3a1212",
)
"""Soviet red on black."""

COBALT = Hues(
    background="#08111f",
    panel="#0d1b30",
    border="#2c4a70",
    text="#e6eef8",
    quiet="#8aa4c2",
    primary="#6cb6ff",
    accent="#9ad7ff",
    green="#66d9a0",
    amber="#f2c94c",
    red="#ff8a80",
    blue="#74b2ff",
    magenta="#d2a8ff",
    grey="#9fb0c3",
    cursor="#17304f",
)
"""Allied blue steel."""

DAYLIGHT = Hues(
    background="#f7f7f4",
    panel="#ecece6",
    border="#b4b4a8",
    text="#1c1f24",
    quiet="#565e69",
    primary="#00695c",
    accent="#01579b",
    green="#1b6e2c",
    amber="#7d5200",
    red="#b3261e",
    blue="#0b57a4",
    magenta="#86198f",
    grey="#565d66",
    cursor="#d9e4ea",
    dark=False,
)
"""Ink on paper, for a bright room."""

DEUTER = Hues(
    background="#000000",
    panel="#0c0c10",
    border="#5a6478",
    text="#ffffff",
    quiet="#b8bcc4",
    primary="#7fd4ff",
    accent="#5cc8ff",
    green="#00c0ff",
    amber="#ffe140",
    red="#ff9e5c",
    blue="#c8c8ff",
    magenta="#fff5ff",
    grey="#b0b0b0",
    cursor="#1a2130",
)
"""High contrast, and no meaning told apart by red against green: ready is sky blue, stuck orange, working yellow."""

ANSI = Hues(
    background="ansi_default",
    panel="ansi_default",
    border="ansi_blue",
    text="ansi_default",
    quiet="ansi_default",
    primary="ansi_cyan",
    accent="ansi_cyan",
    green="ansi_green",
    amber="ansi_yellow",
    red="ansi_red",
    blue="ansi_bright_blue",
    magenta="ansi_magenta",
    grey="ansi_default",
    cursor="ansi_default",
)
"""Whatever the terminal's own palette says, light or dark."""

HUES: Mapping[str, Hues] = {
    "ember": EMBER,
    "crimson": CRIMSON,
    "cobalt": COBALT,
    "daylight": DAYLIGHT,
    "deuter": DEUTER,
    "ansi": ANSI,
}
THEME_NAMES: tuple[str, ...] = tuple(HUES)
"""In the order the theme key walks through."""
ABOUT: Mapping[str, str] = {
    "ember": "teal and amber HUD",
    "crimson": "Soviet red on black",
    "cobalt": "Allied blue steel",
    "daylight": "light, for a bright room",
    "deuter": "colour-blind safe, high contrast",
    "ansi": "your terminal's own colours",
}
"""What a person chooses between, in a few words."""
