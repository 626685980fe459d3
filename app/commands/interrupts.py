"""Ctrl+C, SIGTERM and a hang-up as a wish to stop in order: cancel, put away, exit 130."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible(hung_up: Callable[[], None] | None = None) -> Iterator[asyncio.Event]:
    """An event that is set by the first of SIGNALS. A second one ends the process the usual way.

    `hung_up`: a hang-up, which may come several times, is no wish to stop, and this is called instead. A signal that
    whoever started us had us ignore (`nohup`, a job in the background) stays ignored.
    """
    loop = asyncio.get_running_loop()
    wish = asyncio.Event()
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    asking = [number for number in heeded if number != signal.SIGHUP or hung_up is None]

    def stop() -> None:
        wish.set()
        for number in asking:
            loop.remove_signal_handler(number)

    for number in heeded:
        if number in asking:
            loop.add_signal_handler(number, stop)
        elif hung_up is not None:
            loop.add_signal_handler(number, hung_up)
    try:
        yield wish
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)
