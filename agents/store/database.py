"""The file: opened privately, in WAL, migrated; and whole transactions run in the connection's own thread."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiosqlite

from agents.events import Event
from agents.store.errors import StoreClosed, StoreError, from_sqlite
from agents.store.files import make_private
from agents.store.schema import migrate, refuse_foreign, refuse_newer

T = TypeVar("T")

WAL_TRIES = 200


class Transaction:
    """One open transaction, in the connection's thread: the SQL connection, and what will be told after the commit."""

    def __init__(self, sql: sqlite3.Connection) -> None:
        self.sql = sql
        self.told: list[Event] = []


class _Connection(aiosqlite.Connection):
    """aiosqlite, with one more thing: a whole function runs in its thread, so a transaction costs one hop, not five."""

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        execute: Callable[..., Awaitable[T]] = self._execute
        return await execute(work, self._conn)

    def hand_over(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Have `work` run, which reports by itself."""
        self._tx.put_nowait((None, partial(work, self._conn)))


class Database:
    """One writing and one reading connection to the same file, so that reads do not queue behind writes.

    Cancelling a caller never leaves a transaction half done: once handed over, a transaction runs to its end in the
    connection's thread, and its events are told as its end is reported, in the order of the commits.
    """

    def __init__(self, path: Path, writer: _Connection, reader: _Connection) -> None:
        self.path = path
        self._writer = writer
        self._reader = reader
        self._closed = False

    @classmethod
    async def open(cls, path: Path, *, busy_s: float) -> "Database":
        """Open, creating and migrating as needed. Raises StoreError and its kinds.

        `busy_s`: how long a statement waits for another process that is writing.
        """
        opened: list[_Connection] = []
        try:
            make_private(path)
            for prepare in (_prepare_writer, _prepare_reader):
                connection = _Connection(partial(sqlite3.connect, path, timeout=busy_s, isolation_level=None), 64)
                await connection
                opened.append(connection)
                await connection.run(prepare)
        except BaseException as error:
            for connection in opened:
                await connection.close()
            if isinstance(error, sqlite3.Error):
                raise from_sqlite(error, path) from error
            raise
        return cls(path, opened[0], opened[1])

    async def write(self, work: Callable[[Transaction], T], tell: Callable[[Sequence[Event]], None]) -> T:
        """Run `work` as one transaction. Whatever it raises rolls everything back.

        After the commit, and before this returns, `tell` is called on this event loop with what is to be told.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def carry_out(sql: sqlite3.Connection) -> None:
            try:
                result, told = _transact(work, sql)
            except BaseException as error:
                loop.call_soon_threadsafe(_refuse, answer, error)
            else:
                loop.call_soon_threadsafe(_report, answer, result, tell, told)

        with self._complaining():
            self._writer.hand_over(carry_out)
            return await answer

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work`, which only reads, beside any writing."""
        return await self._run(self._reader, work)

    async def data_version(self) -> int:
        """Changes whenever somebody else committed to the file."""
        return await self._run(self._writer, lambda sql: int(sql.execute("PRAGMA data_version").fetchone()[0]))

    async def close(self) -> None:
        """Finish what was handed over and close. Safe to call twice."""
        if not self._closed:
            self._closed = True
            try:
                await self._reader.close()
            finally:
                await self._writer.close()

    async def _run(self, connection: _Connection, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._complaining():
            return await connection.run(work)

    @contextmanager
    def _complaining(self) -> Iterator[None]:
        """What goes wrong is said in our words."""
        if self._closed:
            raise StoreClosed
        try:
            yield
        except sqlite3.Error as error:
            raise from_sqlite(error, self.path) from error


def _transact(work: Callable[[Transaction], T], sql: sqlite3.Connection) -> tuple[T, list[Event]]:
    """What `work` returned, and what is to be told, both once it is committed."""
    sql.execute("BEGIN IMMEDIATE")
    try:
        refuse_newer(sql)  # another process may have upgraded the file since we opened it
        transaction = Transaction(sql)
        result = work(transaction)
        sql.execute("COMMIT")
    except BaseException:
        if sql.in_transaction:
            sql.execute("ROLLBACK")
        raise
    return result, transaction.told


def _report(
    answer: "asyncio.Future[T]", result: T, tell: Callable[[Sequence[Event]], None], told: Sequence[Event]
) -> None:
    """What was committed is told, whether or not somebody still waits for the answer, and before they have it: on one
    wake-up of the loop."""
    try:
        if told:
            tell(told)
    finally:
        if not answer.done():
            answer.set_result(result)


def _refuse(answer: "asyncio.Future[T]", error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)


def _prepare_writer(sql: sqlite3.Connection) -> None:
    refuse_foreign(sql)
    refuse_newer(sql)
    _enter_wal(sql)
    sql.execute("PRAGMA synchronous = NORMAL")
    sql.execute("PRAGMA foreign_keys = ON")
    migrate(sql)


def _prepare_reader(sql: sqlite3.Connection) -> None:
    sql.execute("PRAGMA query_only = ON")


def _enter_wal(sql: sqlite3.Connection) -> None:
    """Switch to WAL. SQLite's own waiting does not cover the switch: who is not first waits for the lock instead."""
    for _ in range(WAL_TRIES):
        try:
            if sql.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal":
                return
            raise StoreError(
                "this disk cannot hold the database (no shared memory): set WARROOM_HOME to a local folder"
            )
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        sql.execute("BEGIN IMMEDIATE")
        sql.execute("ROLLBACK")
