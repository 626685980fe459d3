"""What an agent may not do by itself, what a person says to it, and what is kept of that: shared by every room."""

from datetime import datetime
from enum import StrEnum

from agents.secret_values import MARK
from agents.tasks import Frozen


class Crossing(StrEnum):
    """Why a command is asked about."""

    UNWALLED = "no wall"
    """There is none here: it would run as the person."""
    LISTED = "ask list"
    """It stays within the wall, but `[sandbox] ask` names it."""
    NETWORK = "network"
    READ = "read outside"
    WRITE = "write outside"


class Reach(Frozen):
    """What a command would have that commands do not have by themselves."""

    unwalled: bool = False
    listed: bool = False
    network: bool = False
    readable: tuple[str, ...] = ()
    """Places outside the worktree, absolute and resolved."""
    writable: tuple[str, ...] = ()

    @property
    def crossings(self) -> tuple[Crossing, ...]:
        """Why it is asked about; empty: it is not."""
        found = {
            Crossing.UNWALLED: self.unwalled,
            Crossing.NETWORK: self.network,
            Crossing.WRITE: bool(self.writable),
            Crossing.READ: bool(self.readable),
            Crossing.LISTED: self.listed,
        }
        return tuple(crossing for crossing, so in found.items() if so)

    @property
    def stays_within(self) -> bool:
        """It crosses no wall, and there is one."""
        return self.crossings in {(), (Crossing.LISTED,)}

    def covers(self, other: "Reach") -> bool:
        """Whoever may have this may have `other` too. What was said within a wall says nothing where there is none."""
        return (
            self.unwalled == other.unwalled
            and self.listed >= other.listed
            and self.network >= other.network
            and set(other.writable) <= set(self.writable)
            and set(other.readable) <= {*self.readable, *self.writable}
        )

    def __str__(self) -> str:
        """network; write /data"""
        said = [crossing.value for crossing in self.crossings if crossing not in {Crossing.READ, Crossing.WRITE}]
        said += [f"write {path}" for path in self.writable]
        return "; ".join(said + [f"read {path}" for path in self.readable])


class Pattern(Frozen):
    """Commands that are allowed together: this one exactly, or all that begin with these words."""

    text: str
    begins: bool = False
    """Any words may follow, but for options."""

    def __str__(self) -> str:
        """As it is shown before a person agrees."""
        return f"{self.text} *" if self.begins else self.text


class Wish(Frozen):
    """What an agent wants to run."""

    command: str
    """Exactly what would be run: foreign text, never shown as it is."""
    folder: str
    reason: str = ""
    """The agent's own words, on one line; foreign text, sanitized."""
    reach: Reach


class Ruling(Frozen):
    """Whether it may, and what the agent is told when it may not."""

    allowed: bool
    message: str = ""


class Answer(StrEnum):
    """What became of an ask."""

    ALLOW = "allow"
    ALLOW_MISSION = "allow-mission"
    """This pattern, for the rest of the mission."""
    DENY = "deny"
    REFUSED = "refused"
    """By a setting, or because nobody was there to be asked."""
    CLOSED = "closed"
    """Nobody wants to know any more: the mission is over."""

    @property
    def allows(self) -> bool:
        """It may be run."""
        return self in {Answer.ALLOW, Answer.ALLOW_MISSION}


class NewAsk(Frozen):
    """An ask about to be put to a person."""

    task: int
    mission: int | None
    """None: not an agent's command, but a check of the task."""
    agent: str = ""
    tier: str = ""
    repo: str
    wish: Wish
    pattern: Pattern
    """What "for this mission" would allow."""
    owner: str
    """The process that waits for the answer: host:pid:start."""


class Ask(NewAsk):
    """One row: an ask, and how it was answered."""

    id: int
    at: datetime
    answer: Answer | None = None
    """None: it waits."""
    message: str = ""
    by: str = ""
    answered_at: datetime | None = None

    @property
    def label(self) -> str:
        """How it is written: A7."""
        return f"A{self.id}"

    def same_as(self, other: "Ask") -> bool:
        """One answer does for both: whoever asks wants the same, for the same reason, in the same repository.

        Commands with a secret covered in them only look the same.
        """
        mine, theirs = self.wish, other.wish
        if MARK in mine.command:
            return self.id == other.id
        return (self.repo, mine.command, mine.reach, mine.reason) == (
            other.repo,
            theirs.command,
            theirs.reach,
            theirs.reason,
        )


class Grant(Frozen):
    """What was allowed beyond one command: for a mission, or remembered for a repository."""

    pattern: Pattern
    reach: Reach


class Remembered(Grant):
    """A grant that holds for every mission in a repository until it is forgotten."""

    id: int
    repo: str
    at: datetime
