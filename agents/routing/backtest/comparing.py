"""A policy beside another one on the same lines, and whether the difference is more than noise."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from agents.routing.backtest.bootstrap import Blocks, Interval, Ratio
from agents.routing.backtest.replay import Play
from agents.routing.backtest.rows import Comparison, Verdict
from agents.routing.decision import Economics

FEWEST = 30
"""Lines below which nothing is claimed: a bootstrap of fewer is too narrow."""
_SAME = 1e-12
_FIGURES = ("loss_usd", "solved", "cost_usd")


@dataclass(frozen=True)
class Side:
    """Two policies, line by line."""

    own: Sequence[Play | None]
    other: Sequence[Play | None]

    @cached_property
    def pairs(self) -> list[tuple[Play, Play] | None]:
        """None where one of them is not scored."""
        return [(a, b) if a and b else None for a, b in zip(self.own, self.other, strict=True)]

    def standing(self) -> "Standing":
        """What a comparison has to know beside the figures."""
        both = [pair for pair in self.pairs if pair]
        same = all(max(abs(a - b) for a, b in zip(*pair, strict=True)) < _SAME for pair in both)
        return Standing(len(both), same)


@dataclass(frozen=True)
class Standing:
    """On how many lines both policies are scored, and that they differ on none of them."""

    lines: int
    same: bool


def differences(side: Side, against: str, economics: Economics, blocks: Blocks) -> dict[str, Ratio]:
    """The mean differences, as `AGAINST.FIGURE`."""
    both = blocks.sums(0.0 if pair is None else 1.0 for pair in side.pairs)
    loss = [pair[0].loss(economics) - pair[1].loss(economics) if pair else 0.0 for pair in side.pairs]
    solved = [pair[0].solved - pair[1].solved if pair else 0.0 for pair in side.pairs]
    usd = [pair[0].usd - pair[1].usd if pair else 0.0 for pair in side.pairs]
    return {
        f"{against}.{name}": Ratio(blocks.sums(column), both)
        for name, column in zip(_FIGURES, (loss, solved, usd), strict=True)
    }


def compared(
    standing: Standing,
    against: str,
    ratios: Mapping[str, Ratio],
    interval: Callable[[str, float], Interval | None],
    level: float,
) -> Comparison | None:
    """None where no line is scored for both. `interval` gives that of a figure at a level; the verdict's is `level`."""
    values = {name: ratios[f"{against}.{name}"].value for name in _FIGURES}
    if values["loss_usd"] is None:
        return None
    ci95 = {name: interval(f"{against}.{name}", 0.95) for name in _FIGURES}
    verdict = "the same" if standing.same else verdict_on(standing.lines, interval(f"{against}.loss_usd", level))
    return Comparison.model_validate({"n": standing.lines, **values, "ci95": ci95, "verdict": verdict})


def verdict_on(lines: int, loss: Interval | None) -> Verdict:
    """Better or worse only where the whole interval of the loss is on one side of nothing."""
    if lines < FEWEST or loss is None:
        return "too few tasks"
    low, high = loss
    return "better" if high < -_SAME else "worse" if low > _SAME else "not distinguishable"
