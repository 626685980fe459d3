"""The store's permissions: what agents ask a person, how it is answered, and what is allowed for longer."""

from collections.abc import Callable, Collection, Sequence

from agents.events import Event
from agents.permission import Answer, Ask, Grant, NewAsk, Remembered
from agents.store import asks
from agents.store.treasury import Treasury


class Permissions(Treasury):
    """The part of the store that keeps what agents ask. Raises as the store does."""

    async def insert_ask(self, new: NewAsk, events: Callable[[Ask], Sequence[Event]]) -> Ask:
        """Put an ask in the queue and append `events(ask)`. It is closed when its mission ends, whatever ends that.

        Raises StoreError for an unknown task or mission.
        """
        at = self._clock.now()
        return await self._write(lambda work: asks.insert(work, new, at, events))

    async def answer_asks(
        self, numbers: Collection[int], answer: Answer, *, message: str = "", by: str = "", remember: bool = False
    ) -> tuple[Ask, ...]:
        """Answer those of `numbers` that still wait, and append approval.answered for each; they, as they are now.

        `remember`: their patterns are allowed in their repositories from now on.
        """
        at = self._clock.now()
        return await self._write(
            lambda work: asks.answer(work, numbers, answer, at, message=message, by=by, remember=remember)
        )

    async def close_asks(self, task_id: int) -> None:
        """Nobody wants to know any more what was asked about a task."""
        at = self._clock.now()
        await self._write(lambda work: asks.close(work, at, task=task_id))

    async def ask(self, number: int) -> Ask | None:
        """The ask, or None."""
        return await self._database.read(lambda sql: asks.get(sql, number))

    async def waiting_asks(self, repo: str | None = None) -> list[Ask]:
        """The asks nobody answered, oldest first; of one repository, if given."""
        return await self._database.read(lambda sql: asks.waiting(sql, repo))

    async def grants(self, mission_id: int | None, repo: str) -> list[Grant]:
        """What a mission may do without asking again."""
        return await self._database.read(lambda sql: asks.grants(sql, mission_id, repo))

    async def remembered(self, repo: str) -> list[Remembered]:
        """What is allowed for good in a repository."""
        return await self._database.read(lambda sql: asks.remembered(sql, repo))

    async def forget_remembered(self, number: int, repo: str) -> Remembered | None:
        """Ask about it again; what it was, or None."""
        return await self._write(lambda work: asks.forget(work.sql, number, repo))
