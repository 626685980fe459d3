"""A pack that was read, and the script it gives to the director."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sounds.cesp.problems import Problem
from sounds.clips import Clip, Script
from sounds.signals import EVENTS


@dataclass(frozen=True)
class Pack:
    """A pack. Sounds that cannot be played are left out and told in `problems`."""

    root: Path
    name: str
    display_name: str
    version: str
    license: str = ""
    author: str = ""
    categories: Mapping[str, tuple[Clip, ...]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, tuple[Clip, ...]] = field(default_factory=dict)
    """The lines of our finer events, from the pack's own table."""
    effects: Mapping[str, Clip] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def category(self, name: str) -> tuple[Clip, ...]:
        """The sounds of a category: its own, else those it is an alias of or that are an alias of it, else none."""
        if name in self.categories:
            return self.categories[name]
        if self.aliases.get(name) in self.categories:
            return self.categories[self.aliases[name]]
        older = (old for old, new in self.aliases.items() if new == name and old in self.categories)
        return self.categories[found] if (found := next(older, None)) is not None else ()

    @property
    def clips(self) -> Sequence[Clip]:
        """Every clip once."""
        groups = (*self.categories.values(), *self.events.values(), tuple(self.effects.values()))
        return list({clip.file: clip for group in groups for clip in group}.values())

    @property
    def voices(self) -> Sequence[str]:
        """The voices of its units."""
        found = {clip.voice for lines in self.events.values() for clip in lines if clip.role == "unit"}
        return sorted(found)


class PackScript:
    """What `pack` says. Effects it does not have are those of `own`, War Room's own pack."""

    def __init__(self, pack: Pack, own: Script | None = None) -> None:
        self._pack = pack
        self._own = own

    @property
    def voices(self) -> Sequence[str]:
        """The pack's."""
        return self._pack.voices

    def lines(self, event: str) -> Sequence[Clip]:
        """Of its own table, else of the event's category."""
        if event in self._pack.events:
            return self._pack.events[event]
        signal = EVENTS.get(event)
        return self._pack.category(signal.category) if signal is not None and signal.category else ()

    def effect(self, name: str) -> Clip | None:
        """Of the pack, else our own."""
        found = self._pack.effects.get(name)
        return found if found is not None or self._own is None else self._own.effect(name)
