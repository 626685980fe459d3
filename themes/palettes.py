"""The registered themes: ember (the seed's teal and amber HUD), crimson, cobalt and daylight."""

from dataclasses import dataclass

from textual.theme import Theme


@dataclass(frozen=True, slots=True)
class Hues:
    """The colours a palette is made of; every token is one of them."""

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


HUES: dict[str, Hues] = {
    "ember": Hues(
        background="#0a0f1c",
        panel="#0f172a",
        border="#1e2937",
        text="#e2e8f0",
        quiet="#7c8ba1",
        primary="#14f5c7",
        accent="#06b6d4",
        green="#4ade80",
        amber="#facc15",
        red="#f87171",
        blue="#60a5fa",
        magenta="#e879f9",
        grey="#94a3b8",
        cursor="#1b2a41",
    ),
    "crimson": Hues(
        background="#120606",
        panel="#1c0a0a",
        border="#4a1414",
        text="#f5e6d8",
        quiet="#a8897c",
        primary="#ff4b3e",
        accent="#ffb454",
        green="#7fd962",
        amber="#ffcc33",
        red="#ff6a6a",
        blue="#7ab8ff",
        magenta="#ff8ae2",
        grey="#a89f97",
        cursor="#3a1212",
    ),
    "cobalt": Hues(
        background="#08111f",
        panel="#0d1b30",
        border="#274060",
        text="#e6eef8",
        quiet="#86a0bf",
        primary="#6cb6ff",
        accent="#9ad7ff",
        green="#66d9a0",
        amber="#f2c94c",
        red="#ff7b72",
        blue="#58a6ff",
        magenta="#d2a8ff",
        grey="#9fb0c3",
        cursor="#17304f",
    ),
    "daylight": Hues(
        background="#f7f7f4",
        panel="#ecece6",
        border="#c4c4ba",
        text="#1c1f24",
        quiet="#5c6470",
        primary="#00695c",
        accent="#01579b",
        green="#1b6e2c",
        amber="#8a5a00",
        red="#b3261e",
        blue="#0b57a4",
        magenta="#86198f",
        grey="#565d66",
        cursor="#d9e4ea",
        dark=False,
    ),
}

THEME_NAMES: tuple[str, ...] = tuple(HUES)


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
        dark=hues.dark,
        variables=tokens(hues),
    )


def themes() -> tuple[Theme, ...]:
    """All of them, in the order the theme key walks through."""
    return tuple(theme(name) for name in THEME_NAMES)
