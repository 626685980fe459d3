"""What the application says in its status lines: answers to the person, and captions of what is heard; who may take
whose place, and for how long."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from agents.sanitize import one_line
from app.screen.speech import spoken
from app.screen.strips import StatusLine

if TYPE_CHECKING:
    from app.screen.application import WarRoom

_ANSWER_S = 5.0
"""How long an answer to a key stands before what happens elsewhere may take its place."""
_PROBLEMS = frozenset({"$bad", "$warn"})
_CAPTION_S = 3.0
"""How long a caption stands before one of less weight may take its place."""
_ALARM, _WARNING, _NEWS = 70, 65, 40
"""Priorities of cues from which on a caption has the colour of an alarm, of a warning, of news."""


def line_of(text: str) -> str:
    """Foreign text as one line of a status line or the log."""
    return one_line(text, 400)


class Announcer:
    """Says one thing at a time."""

    def __init__(self, app: WarRoom) -> None:
        self._app = app
        self._held_until = -inf
        """Until when the last answer stands."""
        self._captioned = (-inf, 0)
        """Until when the last caption stands, and its priority."""
        self._problem = False

    def say(self, text: str, colour: str = "") -> None:
        """Answer the person in a sentence. What is wrong stands until they do something else, the rest for a while, if
        there is no alarm."""
        self._problem = colour in _PROBLEMS
        self._held_until = inf if self._problem else self._app.clock.monotonic() + _ANSWER_S
        self.write(text, colour)

    def caption(self, text: str, priority: int, *, needs_person: bool, heard: bool = False) -> None:
        """Say in words what is `heard` now, or what might have been unless something of more weight stands there."""
        now, alarm = self._app.clock.monotonic(), priority >= _ALARM
        until, standing = self._captioned
        if now < self._held_until and not (alarm and not self._problem):
            return
        same = self._app.center.status.text.startswith(line_of(text))
        if now < until and (same or (priority < standing and not heard and not alarm)):
            return
        self._captioned = (now + _CAPTION_S, priority)
        colours = ((alarm or needs_person, "$health-needs-you"), (priority >= _WARNING, "$warn"))
        usual = "$info" if priority >= _NEWS else "$quiet"
        self.write(line_of(text), next((colour for so, colour in colours if so), usual))

    def give_way(self) -> None:
        """The person does something else: what was said may be replaced."""
        self._held_until, self._problem = -inf, False

    def write(self, text: str, colour: str) -> None:
        """In the status line of the screen a person sees, and of the center they come back to."""
        app = self._app
        text = spoken(text, plain=app.plain_speech)
        app.center.status.say(text, colour)
        if app.screen is not app.center:
            for line in app.screen.query(StatusLine):
                line.say(text, colour)
