"""The worker's loop: commands in, news out."""

from __future__ import annotations

import json
import os
import selectors
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sounds.worker.output import ClipError, Output, OutputError, Play, opened

_TICK_S = 0.05
_OPEN_S = 8
"""A device that does not open for so long ends the process, should nobody else be left to do it."""


def main(names: Sequence[str]) -> int:
    """Open the first of the outputs `names` that can be, and play what stdin says until it ends."""
    _say(state="opening")
    output = _first(names)
    if output is None:
        return 1
    try:
        _serve(output)
    except OutputError as error:
        _say(state="unavailable", reason=str(error), library=False)
    finally:
        output.close()
    return 0


def _first(names: Sequence[str]) -> Output | None:
    """The first output that opens. None has been told, with why the first one that is installed did not."""
    failures: list[OutputError] = []
    for name in names:
        signal.alarm(_OPEN_S)
        try:
            output = opened(name)
        except OutputError as error:
            failures.append(error)
        else:
            _say(state="ready", backend=output.name)
            return output
        finally:
            signal.alarm(0)
    told = next((error for error in failures if not error.library), failures[0] if failures else None)
    _say(state="unavailable", reason=str(told or "no output is asked for"), library=told is None or told.library)
    return None


def _serve(output: Output) -> None:
    buffered = b""
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        while True:
            if selector.select(_TICK_S if output.busy else None):
                data = os.read(0, 65_536)
                if not data:
                    return
                *lines, buffered = (buffered + data).split(b"\n")
                for line in lines:
                    if not _obey(output, line):
                        return
            for number in output.tick():
                _say(ended=number)


def _obey(output: Output, line: bytes) -> bool:
    """Do what a line says; False when it is to end."""
    try:
        said: Mapping[str, Any] = json.loads(line)
        match said["do"]:
            case "play":
                signal.alarm(_OPEN_S)
                output.play(_clip(said))
                _say(started=said["id"])
            case "stop":
                output.stop(str(said["channel"]))
            case "volume":
                output.volume(min(1.0, max(0.0, float(said["value"]))))
            case "quit":
                return False
    except ClipError as error:
        _say(problem=str(error), started=said.get("id"))
    except (ValueError, TypeError, KeyError) as error:
        _say(problem=f"not understood: {error}")
    finally:
        signal.alarm(0)
    return True


def _clip(said: Mapping[str, Any]) -> Play:
    gain = min(1.0, max(0.0, float(said.get("gain", 1.0))))
    return Play(int(said["id"]), Path(said["file"]), gain, str(said["channel"]), float(said.get("delay", 0.0)))


def _say(**news: object) -> None:
    try:
        sys.stdout.write(json.dumps(news) + "\n")
        sys.stdout.flush()
    except OSError:
        os._exit(0)  # nobody listens any more
