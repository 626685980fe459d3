"""The settings a person changes while they work: which, what they may be, when a change holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from themes.palettes import THEME_NAMES

if TYPE_CHECKING:
    from agents.settings import Settings

Value = bool | float | int | str


@dataclass(frozen=True, slots=True)
class Knob:
    """A setting on the settings screen."""

    key: str
    """Its section and name: routing.preset."""
    help: str
    choices: Callable[[Settings], Sequence[Value]] = lambda settings: ()
    """What it may be; empty: a number or words."""
    fixed: str = ""
    """Why it is only shown; empty: it can be changed here."""
    at_once: bool = False
    """A change holds at once, not from the next opening on."""

    @property
    def section(self) -> str:
        """The table of the file it is in."""
        return self.key.partition(".")[0]

    @property
    def name(self) -> str:
        """Its name there."""
        return self.key.partition(".")[2]

    def value(self, settings: Settings) -> Any:
        """What it is now."""
        return getattr(getattr(settings, self.section), self.name)


def _either(settings: Settings) -> Sequence[Value]:
    return (True, False)


def _words(section: str, name: str) -> Callable[[Settings], Sequence[Value]]:
    """The words the setting's type allows, where it allows only some."""

    def choices(settings: Settings) -> Sequence[Value]:
        kind = type(getattr(settings, section)).model_fields[name].annotation
        members = [kind, *get_args(kind)] if get_origin(kind) is not Literal else [kind]
        if bool in members:
            words = [word for member in members if get_origin(member) is Literal for word in get_args(member)]
            return (*words, True, False)
        return get_args(kind) if get_origin(kind) is Literal else ()

    return choices


def _tiers(settings: Settings) -> Sequence[Value]:
    return ("none", *settings.tiers)


_SHOWN = "It decides how far an agent gets: change it in the file, and open War Room anew."

KNOBS: tuple[Knob, ...] = (
    Knob("screen.theme", "Colours; the one stood on is shown at once", lambda settings: THEME_NAMES, at_once=True),
    Knob("screen.plain_speech", "Sober words in place of the game's", _either, at_once=True),
    Knob("screen.ascii", "Draw with ASCII only", _either, at_once=True),
    Knob("budget.daily_usd", "The day's cap in dollars. ctrl+b raises today's alone"),
    Knob("budget.task_usd", "The cap in dollars of a task that has none of its own"),
    Knob("routing.preset", "What is tried first: the free, balanced, the fast, by bands", _words("routing", "preset")),
    Knob("routing.judge", "The tier that is asked how hard a task is", _tiers),
    Knob("routing.samples", "The most fresh tries a free direct try gets where a check decides"),
    Knob("cooldown.rest_s", "Seconds a local agent rests between missions"),
    Knob("cooldown.reset_every", "Missions between two full resets of a local model; 0: never"),
    Knob("dispatch.auto_accept", "Accept what is proven without asking", _either),
    Knob("dispatch.review_every", "A stronger tier reads every so-manyth local result; 0: only when asked"),
    Knob("sandbox.kind", "The wall around an agent's commands", fixed=_SHOWN),
    Knob("sandbox.network", "Whether an agent's commands reach the network", fixed=_SHOWN),
)  # fmt: skip

_SOUND = {
    "enabled": "What the ear gets",
    "volume": "From 0 to 1",
    "verbosity": "How much is said",
    "quiet_hours": "Local time, as in 22:00-07:00; empty: none",
    "pack": "The voices",
}


def knobs(settings: Settings) -> tuple[Knob, ...]:
    """All of them; of sound what this War Room has."""
    there = type(settings.sound).model_fields
    sound = (Knob(f"sound.{name}", text, _words("sound", name)) for name, text in _SOUND.items() if name in there)
    return (*KNOBS, *sound)


def shown(value: object) -> str:
    """A value as the screen and the file write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None or value == "" else str(value)


def read(text: str, knob: Knob, settings: Settings) -> Value:
    """What a person typed as the kind of value the setting has; what is wrong with it, the settings' check says."""
    held, typed = knob.value(settings), text.strip()
    if isinstance(held, int | float) and not isinstance(held, bool):
        try:
            return int(typed) if typed.lstrip("-").isdigit() else float(typed.removeprefix("$"))
        except ValueError:
            return typed
    return typed
