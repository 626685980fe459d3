"""The ledger added up by tier, model, task and day, row after row."""

from dataclasses import dataclass, field
from typing import Final, Literal

from agents.store.ledger import day_of
from agents.store.records import Call, CallState
from agents.tasks import Frozen, Usage

By = Literal["total", "tier", "model", "task", "day"]
DIMENSIONS: Final[tuple[By, ...]] = ("total", "tier", "model", "task", "day")


class Line(Frozen):
    """What some calls come to, in nano-dollars."""

    key: str | int
    """The tier, the model, the task's number, the day (UTC); empty for the total."""
    calls: int
    """Each try is one."""
    usage: Usage
    known_nano: int
    """What calls with a known cost took; those broken off count as their worst case."""
    unknown_calls: int
    """Ended calls whose cost nobody knows."""
    reserved_nano: int
    broken_off_calls: int
    saved_nano: int | None
    """An estimate; None when there was free work and not one call of it could be priced."""

    @property
    def spent_nano(self) -> int | None:
        """The cost of all calls; None when that of one is unknown, which is never the same as nothing."""
        return None if self.unknown_calls else self.known_nano


@dataclass
class _Sum:
    calls: int = 0
    usage: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Usage.model_fields, 0))
    known: int = 0
    unknown: int = 0
    reserved: int = 0
    broken_off: int = 0
    saved: int = 0
    priced: int = 0
    unpriced: int = 0

    def line(self, key: str | int) -> Line:
        return Line(
            key=key,
            calls=self.calls,
            usage=Usage(**self.usage),
            known_nano=self.known,
            unknown_calls=self.unknown,
            reserved_nano=self.reserved,
            broken_off_calls=self.broken_off,
            saved_nano=None if self.unpriced and not self.priced else self.saved,
        )


class Breakdown:
    """Give it every call and every saving, then ask for the lines."""

    def __init__(self) -> None:
        self._sums: dict[By, dict[str | int, _Sum]] = {by: {} for by in DIMENSIONS}
        self._sums["total"][""] = _Sum()
        self._tiers_of_days: dict[str, dict[str, _Sum]] = {}

    def add(self, call: Call) -> None:
        """Count a row of the ledger."""
        for found in self._of(call):
            found.calls += 1
            for name in found.usage:
                found.usage[name] += getattr(call.usage, name)
            if call.state is CallState.OPEN:
                found.reserved += call.counted_nano
            elif call.cost_nano is None:
                found.unknown += 1
            else:
                found.known += call.cost_nano
            found.broken_off += call.state is CallState.ABANDONED

    def save(self, call: Call, nano: int | None) -> None:
        """Count what a free call saved, `nano` nano-dollars; None when nobody can say."""
        for found in self._of(call):
            found.saved += nano or 0
            found.priced += nano is not None
            found.unpriced += nano is None

    def total(self) -> Line:
        """Of everything."""
        return self._sums["total"][""].line("")

    def lines(self, by: By) -> list[Line]:
        """One line per tier, model, task or day, in order."""
        return [found.line(key) for key, found in sorted(self._sums[by].items())]

    def tiers_of(self, day: str) -> list[Line]:
        """One line per tier that was called on `day`, in order."""
        return [found.line(tier) for tier, found in sorted(self._tiers_of_days.get(day, {}).items())]

    def _of(self, call: Call) -> tuple[_Sum, ...]:
        day = day_of(call.at).isoformat()
        within = self._tiers_of_days.setdefault(day, {}).setdefault(call.tier, _Sum())
        keys: dict[By, str | int] = {
            "total": "",
            "tier": call.tier,
            "model": call.model,
            "task": call.task,
            "day": day,
        }
        return within, *(self._sums[by].setdefault(key, _Sum()) for by, key in keys.items())
