"""A mission's wait for what is not its fault: begun in one place, ended in another, and no stall meanwhile."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

Suspended = Callable[[], AbstractContextManager[object]]
"""While it is entered the mission waits for something, and nobody may call that a stall."""


class Waiting:
    """Beginning twice is waiting once, ending twice too. Whoever makes one sees to it that it ends."""

    def __init__(self, suspended: Suspended) -> None:
        self._suspended = suspended
        self._entered = ExitStack()
        self._waits = False

    def begin(self) -> None:
        """From now on the mission waits."""
        if not self._waits:
            self._entered.enter_context(self._suspended())
            self._waits = True

    def end(self) -> None:
        """It goes on."""
        self._waits = False
        self._entered.close()
