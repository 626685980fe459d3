"""A wish to stop: heard once, in order; and not heard where the person said that it should not be."""

import asyncio
import os
import signal

import pytest

from app.commands.interrupts import SIGNALS, interruptible


@pytest.mark.parametrize("number", SIGNALS)
async def test_the_first_signal_is_a_wish_and_the_second_does_what_it_always_did(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with interruptible() as wish:
        os.kill(os.getpid(), number)
        async with asyncio.timeout(5):
            await wish.wait()
        assert signal.getsignal(number) in {before, signal.SIG_DFL, signal.default_int_handler}
    assert signal.getsignal(number) in {before, signal.SIG_DFL, signal.default_int_handler}


async def test_under_nohup_a_hang_up_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible() as wish:
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert not wish.is_set()
    finally:
        signal.signal(signal.SIGHUP, before)
