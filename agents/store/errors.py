"""What can go wrong with the store. `str(error)` is a plain sentence with the fix in it, safe to show."""

import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Literal

from agents.sanitize import one_line
from agents.tasks import NANO


class StoreError(Exception):
    """The store could not do it; nothing of it was written."""


class NewerSchema(StoreError):
    """The database was written by a newer War Room."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"this home was written by a newer War Room (schema {found}, this one knows {known}): "
            "upgrade, or set WARROOM_HOME to another folder"
        )
        self.found = found
        self.known = known


class CorruptDatabase(StoreError):
    """The database file is damaged, or is no database. It is never deleted, and moved only on request."""

    def __init__(self, path: Path, detail: str) -> None:
        shown = one_line(str(path))
        super().__init__(
            f"the database {shown} is damaged ({one_line(detail)}). It was left as it is: "
            "`warroom doctor --move-aside` renames it, with a date in its name, and starts an empty one"
        )
        self.path = path


class StoreLocked(StoreError):
    """Another process kept the database locked for longer than we wait."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"another process keeps the database {one_line(str(path))} locked: "
            "wait until it is done or end it, or set WARROOM_HOME to another folder"
        )
        self.path = path


class StoreClosed(StoreError):
    """The store was closed."""

    def __init__(self) -> None:
        super().__init__("the store was closed: this War Room is shutting down")


class UnknownRow(StoreError):
    """There is no such task, mission or call in this home."""


class AlreadyPosted(StoreError):
    """A task with the same external id is already on the board of this repository."""


class UnreadableRow(StoreError):
    """A stored row is not what this War Room writes: changed by hand, or by another version."""


class OverBudget(StoreError):
    """A call's worst case does not fit its cap. Amounts in nano-dollars; `spent_nano` includes open reservations."""

    def __init__(
        self, scope: Literal["task", "day"], *, task: int, needed_nano: int, spent_nano: int, cap_nano: int
    ) -> None:
        whose, setting = {
            "task": ("this task's", f"`warroom budget raise USD --task T{task}` gives it more"),
            "day": ("today's", "`warroom budget raise USD` gives today more, or wait for the next day (UTC)"),
        }[scope]
        super().__init__(
            f"the call may cost {dollars(needed_nano)}, and {dollars(spent_nano)} of {whose} {dollars(cap_nano)} "
            f"are spent or reserved: {setting}"
        )
        self.scope = scope
        self.needed_nano = needed_nano
        self.spent_nano = spent_nano
        self.cap_nano = cap_nano


class NotRaised(StoreError):
    """A cap that was to be raised would not be higher than before. Amounts in nano-dollars."""

    def __init__(self, scope: Literal["task", "day"], *, from_nano: int, cap_nano: int) -> None:
        whose = {"task": "this task's", "day": "today's"}[scope]
        super().__init__(
            f"{whose} cap is {dollars(from_nano)} and is only ever raised, so {dollars(cap_nano)} was refused: "
            "give the whole new cap, or set a lower one under [budget] in the configuration"
        )
        self.from_nano = from_nano
        self.cap_nano = cap_nano


class UnknownPrice(StoreError):
    """Nobody knows what the model costs, so no cap can be kept with it."""

    def __init__(self, provider: str, model: str) -> None:
        shown = one_line(f"{provider} {model}")
        super().__init__(
            f"the price of {shown} is unknown, so it is not called under a budget: use a model with a price, "
            "or, for a server of your own, set free = true in its [tiers.NAME]"
        )
        self.provider = provider
        self.model = model


def dollars(nano: int) -> str:
    """`nano` nano-dollars as people write them, at least to the cent and never rounded away: $0.50, $0.000125."""
    amount = (Decimal(nano) / NANO).normalize()
    places = max(2, -int(amount.as_tuple().exponent))
    return f"${amount:.{places}f}"


def from_sqlite(error: sqlite3.Error, path: Path) -> StoreError:
    """The StoreError that says what SQLite's `error` on the database at `path` means."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreLocked(path)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return CorruptDatabase(path, str(error))
    shown = one_line(str(path))
    fixes = {
        sqlite3.SQLITE_FULL: f"the disk that holds {shown} is full: make room on it",
        sqlite3.SQLITE_READONLY: f"{shown} may not be written: check its permissions and those of its folder",
        sqlite3.SQLITE_CANTOPEN: f"{shown} cannot be opened: check that it is a file and may be read and written",
        sqlite3.SQLITE_IOERR: f"the disk failed while {shown} was used: check the disk and its connection",
    }
    return StoreError(fixes.get(code, f"the database {shown} refused: {one_line(str(error))}"))
