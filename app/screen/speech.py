"""The game's words and their sober names, for a person who wants it plain. Only our own words go through here."""

from __future__ import annotations

import re
from collections.abc import Mapping

PLAIN: Mapping[str, str] = {
    "BOUNTY BOARD": "TASKS",
    "ACTIVE MISSIONS": "RUNNING",
    "TOOL LOG": "LOG",
    "RADAR": "OVERVIEW",
    "CREDITS": "COST",
    "BARRACKS": "AGENTS",
    "Bounty board": "Tasks",
    "Active missions": "Running tasks",
    "bounty board": "task list",
    "active missions": "running tasks",
    "Command center": "Main screen",
    "command center": "main screen",
    "No bounties yet": "No tasks yet",
    "Nobody is in the field": "Nothing is running",
    "Nothing is in the field": "Nothing is running",
    "everything in the field": "everything that runs",
    "in the field": "running",
    "into the field": "to an agent",
    "moves out": "starts",
    "Leave the War Room?": "Quit?",
    "Opening the war room…": "Opening…",
    "barracks": "agents",
    "radar": "overview",
    "credits": "cost",
}
"""Sober words by the game's, the longer ones before what they hold."""

_GAME = re.compile("|".join(re.escape(word) for word in PLAIN))


def spoken(text: str, *, plain: bool) -> str:
    """`text`, our own words only, as the person wants them."""
    return _GAME.sub(lambda found: PLAIN[found[0]], text) if plain else text
