"""The War Rooms behind the server: a Headquarters for each repository that is asked for, opened at its first call."""

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from agents.clock import SystemClock
from agents.configuration import Configuration, ConfigurationError, warroom_home
from agents.refusals import NotPossible
from agents.sanitize import one_line
from app.commands.console import say
from app.commands.failures import told
from app.commands.opening import configuration, headquarters, repository_of, settings_of
from app.screen.headless import work_on
from app.serving.permissions import may_accept, other_repositories

if TYPE_CHECKING:
    from agents.headquarters import Headquarters
    from agents.tasks import Task

R = TypeVar("R")

GRACE_S = 2.0
"""How long an order that was begun may take when everything is to stop: cancelling a task takes less than one."""


class Room:
    """An open Headquarters with what its person allows to those who call in.

    That is read at each call: a client stays for hours, and the person who allows or forbids something means now.
    """

    def __init__(self, hq: "Headquarters", *, trusted: bool) -> None:
        self.hq = hq
        self._trusted = trusted

    @property
    def may_accept(self) -> bool:
        """Whether a result may be merged without the person. While a file cannot be read: no."""
        found = self._settings_now()
        return found is not None and may_accept(found)

    @property
    def others(self) -> frozenset[Path]:
        """Where work may be done besides here. While a file cannot be read: nowhere."""
        found = self._settings_now()
        return other_repositories(found) if found is not None else frozenset()

    def _settings_now(self) -> Configuration | None:
        with suppress(ConfigurationError):
            return settings_of(self.root, trusted=self._trusted)
        return None

    @property
    def root(self) -> Path:
        """The repository's folder."""
        return self.hq.repository.root

    @property
    def stays(self) -> bool:
        """A lost client is no reason to stop its work."""
        return self.hq.settings.dispatch.on_hangup == "continue"


class Rooms:
    """Opens rooms, each in a task of its own, and closes them. Belongs to one event loop."""

    def __init__(self, folder: Path, *, trusted: bool) -> None:
        """`folder` is the server's own: where work is done unless a call says otherwise. `trusted`: as in opening."""
        self._folder = repository_of(folder)
        self._trusted = trusted
        self._rooms: dict[Path, asyncio.Future[Room]] = {}
        self._open_rooms: set[asyncio.Task[None]] = set()
        self._orders: set[asyncio.Task[Any]] = set()
        self._left, self._stop = asyncio.Event(), asyncio.Event()

    async def own(self) -> Room:
        """The room on the server's own folder. Raises NotPossible, and what opening raises: it is tried anew."""
        if self._folder in {Path(self._folder.anchor), Path.home()}:
            raise NotPossible(
                f"this server was started in {one_line(str(self._folder), 200)}, which is no project: register it with "
                "`--repo DIR`, or have your client start it in the repository"
            )
        return await self._open(self._folder)

    async def at(self, repo: str | None) -> Room:
        """The room on `repo`, if it may be worked on from here. Raises NotPossible."""
        own = await self.own()
        if repo is None:
            return own
        asked = Path(repo).expanduser()
        if not asked.is_absolute() or not asked.is_dir():
            raise NotPossible(f"repo is {one_line(repr(repo), 200)}: it must be a folder's absolute path")
        return await self._room_on(own, repository_of(asked))

    async def of(self, task_id: int) -> "tuple[Room, Task]":
        """A task with its repository's room. Raises UnknownTask, NotPossible."""
        own = await self.own()
        task = await own.hq.task(task_id)
        return await self._room_on(own, Path(task.repo)), task

    async def _room_on(self, own: Room, root: Path) -> Room:
        if root == own.root:
            return own
        if root not in own.others:
            raise NotPossible(
                f"this server works in {one_line(str(own.root), 200)} only. To let it work in "
                f"{one_line(str(root), 200)} too, the person adds that path to repos under [mcp] in their config.toml"
            )
        return await self._open(root)

    def visible(self, own: Room, repo: str) -> bool:
        """Whether those who call in may see what a repository's tasks are about."""
        return Path(repo) == own.root or Path(repo) in own.others

    async def carry_out(self, work: Coroutine[Any, Any, R]) -> R:
        """Do `work` to its end, whatever becomes of the call that wants it: an order is never broken off half way."""
        return await asyncio.shield(self.spawn(work))

    def spawn(self, work: Coroutine[Any, Any, R]) -> "asyncio.Task[R]":
        """Do `work` beside everything else. It is waited for before the rooms are closed."""
        task = asyncio.get_running_loop().create_task(work)
        self._orders.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._orders.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits has it; if nobody does any more, it must not be complained of

    async def _open(self, root: Path) -> Room:
        found = self._rooms.get(root)
        if found is None:
            found = self._rooms[root] = asyncio.get_running_loop().create_future()
            holding = asyncio.get_running_loop().create_task(self._hold(root, found))
            self._open_rooms.add(holding)
            holding.add_done_callback(self._open_rooms.discard)
        return await asyncio.shield(found)

    async def _hold(self, root: Path, opened: "asyncio.Future[Room]") -> None:
        """Keep one room open until the client has left, and its work is done or is to stop."""
        try:
            trusted = self._trusted and root == self._folder
            found = configuration(root, trusted=trusted)
            async with headquarters(root, found=found, recover=True) as hq:
                for warning in hq.warnings:
                    say(warning, "yellow")
                room = Room(hq, trusted=trusted)
                opened.set_result(room)
                await self._left.wait()
                await self._orders_carried_out()
                if room.stays and hq.under_way():
                    await self._work_on(hq)
        except Exception as error:
            if opened.done():
                told(error)
            else:
                del self._rooms[root]
                opened.set_exception(error)
                opened.exception()

    async def _orders_carried_out(self) -> None:
        """Until nothing is being done about a task, which does not take long unless a merge is checked."""
        while self._orders:
            async with _unless(self._stop) as stopping:
                await asyncio.wait({*self._orders, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if self._stop.is_set() and (left := set(self._orders)):
                _, left = await asyncio.wait(left, timeout=GRACE_S)
                for order in left:
                    order.cancel()
                await asyncio.gather(*left, return_exceptions=True)

    async def _work_on(self, hq: "Headquarters") -> None:
        """What is under way is done to its end without the client, unless that is to stop, too."""
        logs = warroom_home(os.environ) / "logs"
        working = asyncio.create_task(work_on(hq, logs, SystemClock(), lost="its client"))
        async with _unless(self._stop) as stopping:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    # -- the end --------------------------------------------------------------------------------------------------

    def stop_with_terminal(self) -> bool:
        """Whether somebody's work is to stop when the terminal is lost."""
        rooms = [opened.result() for opened in self._rooms.values() if opened.done() and not opened.exception()]
        return any(not room.stays for room in rooms)

    def leave(self) -> None:
        """The client is gone: every room is closed once its work is done, where the person wants it to be done."""
        self._left.set()

    def stop(self) -> None:
        """Every room is closed now: what runs goes back in the queue."""
        self._left.set()
        self._stop.set()

    async def closed(self) -> None:
        """Until everything is."""
        while self._open_rooms:
            await asyncio.wait(self._open_rooms)


@asynccontextmanager
async def _unless(stop: asyncio.Event) -> AsyncIterator[asyncio.Task[Any]]:
    """A task that is done when `stop` is set, to be waited for beside others."""
    stopping = asyncio.create_task(stop.wait())
    try:
        yield stopping
    finally:
        stopping.cancel()
        await asyncio.gather(stopping, return_exceptions=True)
