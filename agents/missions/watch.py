"""The loop watch: the same call with the same arguments and the same result, again and again, is a loop.

Ladder: warn the model → demand another way → stop the mission as stuck. A write that changes something new is
progress and clears the reads and commands seen before it (running the tests again after an edit is no loop)."""

import hashlib
import json
from collections import Counter
from enum import StrEnum

from agents.models.chat import ToolCall

WRITES = frozenset({"file_write", "file_edit"})


class Verdict(StrEnum):
    """What to do about the call just made."""

    FINE = "fine"
    WARN = "warned"
    REDIRECT = "redirected"
    STOP = "stopped"


class LoopWatch:
    """Counts identical (tool, arguments, result) triples of one mission."""

    def __init__(self, *, warn_at: int = 3) -> None:
        self._warn_at = warn_at
        self._seen: Counter[str] = Counter()
        self._writes: Counter[str] = Counter()

    def saw(self, call: ToolCall, result: str) -> tuple[Verdict, int]:
        """Note a finished call; what to do about it, and how often it was made with this result."""
        text = json.dumps([call.name, call.arguments, result], sort_keys=True, default=str)
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        if call.name in WRITES:
            if key not in self._writes:
                self._seen.clear()
            self._writes[key] += 1
            times = self._writes[key]
        else:
            self._seen[key] += 1
            times = self._seen[key]
        over = times - self._warn_at
        if over < 0:
            return Verdict.FINE, times
        return (Verdict.WARN, Verdict.REDIRECT, Verdict.STOP)[min(over, 2)], times


WARNING = "You made this exact call {times} times with the same result. It will not change. Do something else."
DEMAND = (
    "Stop: {times} identical calls. You must now take another way: read a different file, edit the code differently, "
    "or call finish with what you know. The same call once more ends the mission."
)


def advice(verdict: Verdict, times: int) -> str:
    """What the model is told; empty when all is fine."""
    if verdict is Verdict.WARN:
        return WARNING.format(times=times)
    return DEMAND.format(times=times) if verdict is Verdict.REDIRECT else ""
