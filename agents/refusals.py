"""What Headquarters refuses: each says why and what to do, and carries the exit code of the command line."""

from pathlib import Path

from agents.sanitize import one_line


class HeadquartersError(Exception):
    """What was asked cannot be done; the message says why and what to do."""

    exit_code = 2


class UnknownTask(HeadquartersError):
    """There is no such task."""


class NotPossible(HeadquartersError):
    """The task does not stand where this could be done with it."""


class NoAdviser(NotPossible):
    """No tier that could plan or review answers now."""

    exit_code = 3


class NoAdvice(HeadquartersError):
    """A planner or reviewer was asked, and what came back is of no use."""

    exit_code = 1


class NoFunds(HeadquartersError):
    """The budget does not allow it."""

    exit_code = 4


class Conflict(HeadquartersError):
    """The result does not fit the person's branch any more."""

    exit_code = 1

    def __init__(self, message: str, *, brief: str = "") -> None:
        super().__init__(message)
        self.brief = brief
        """What an agent that does it again has to know; empty when doing it again would not help."""


class NoHome(HeadquartersError):
    """The folder that should hold everything cannot be made or written."""

    exit_code = 3

    def __init__(self, home: Path, why: str) -> None:
        super().__init__(
            f"War Room's home {one_line(str(home), 300)} cannot be used ({why}): check the folder and its permissions, "
            "or set WARROOM_HOME to another one"
        )
