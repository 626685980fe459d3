import asyncio

import pytest

from agents.missions.working_time import WorkingTime


async def test_work_has_a_limit() -> None:
    with pytest.raises(TimeoutError):
        async with WorkingTime(0.05):
            await asyncio.sleep(10)


async def test_waiting_is_not_work() -> None:
    async with WorkingTime(0.4) as time:
        with time.held(), time.held():
            await asyncio.sleep(0.6)
    with time.held():
        pass


async def test_what_was_left_before_a_wait_is_left_after_it() -> None:
    async def work(time: WorkingTime) -> None:
        async with time:
            with time.held():
                await asyncio.sleep(0.3)
            await asyncio.sleep(10)

    time = WorkingTime(0.2)
    with pytest.raises(TimeoutError):
        await work(time)
    with time.held():
        pass


async def test_cancelling_in_the_middle_of_a_wait_is_a_cancelling() -> None:
    begun = asyncio.Event()

    async def wait() -> None:
        async with WorkingTime(0.001) as time:
            with time.held():
                begun.set()
                await asyncio.sleep(10)

    task = asyncio.ensure_future(wait())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
