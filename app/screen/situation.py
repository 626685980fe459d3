"""Where a person stands: what decides which actions are possible right now. Pure of Textual."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.screen.state import TaskRow

_KEY = re.compile(r"\{(\w+):([^}]+)\}")

Verdict = str | None
"""None: possible. Else one sentence why not."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What an action's condition may ask."""

    opened: bool = False
    replayed: bool = False
    task: TaskRow | None = None
    """The task a person stands on."""
    open_tasks: int = 0
    under_way: int = 0
    need_person: int = 0
    asks: int = 0
    """Asks that wait for an answer."""
    approvable: bool = False
    """The task has parts that wait for approval, or all of them are done and the whole is to be judged."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys a person remapped, as they are written on the screen, by action id."""

    def spelt(self, text: str) -> str:
        """`text`, our own words, with the person's key in place of each `{action:our key}`."""
        return spelt(text, self.keys)


def spelt(text: str, keys: Mapping[str, str]) -> str:
    """`text`, our own words, with the keys a person remapped in place of ours: `{dispatch:d}` becomes d or theirs."""
    return _KEY.sub(lambda found: keys.get(found[1], found[2]), text)
