"""Ctrl+C, SIGTERM and a hang-up as a wish to stop in order: cancel, put away, exit 130."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible() -> Iterator[asyncio.Event]:
    """An event that is set by the first of SIGNALS. A second one ends the process the usual way.

    A signal that whoever started us had us ignore (`nohup`, a job in the background) stays ignored.
    """
    loop = asyncio.get_running_loop()
    wish = asyncio.Event()
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]

    def stop() -> None:
        wish.set()
        remove()

    def remove() -> None:
        for number in heeded:
            loop.remove_signal_handler(number)

    for number in heeded:
        loop.add_signal_handler(number, stop)
    try:
        yield wish
    finally:
        remove()
