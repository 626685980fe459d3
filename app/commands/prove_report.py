"""What `warroom prove` prints: a line a task, then shares with their intervals, seconds, tokens, money, failures."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any

from agents.proving.figures import Share, by, compare, share
from agents.proving.ground import Measured
from app.commands.console import paint, put, put_painted, say, table
from app.commands.report import usd
from app.screen.words import count, dollars

GROUPS: tuple[tuple[str, Callable[[Measured], str]], ...] = (
    ("complexity", lambda one: f"C{one.complexity}"),
    ("kind", lambda one: one.kind.value),
    ("language", lambda one: one.language),
    ("way", lambda one: one.way.value),
)


def task_row(one: Measured, setting: str) -> dict[str, Any]:
    """One task as a line of `--json`."""
    row: dict[str, Any] = {"row": "task"} | ({"setting": setting} if setting else {})
    return row | {
        "task": one.task,
        "complexity": one.complexity,
        "kind": one.kind.value,
        "language": one.language,
        "solved": one.solved,
        "shape": one.shape.value if one.shape else None,
        "reason": one.reason,
        "way": one.way.value,
        "predicted": one.predicted,
        "steps": one.steps,
        "seconds": one.seconds,
        "tokens": {"input": one.usage.prompt, "output": one.usage.output},
        "cost_usd": usd(one.cost_nano),
        "again": one.again,
    }


def task_line(one: Measured, at: int, of: int) -> str:
    """One task for a person."""
    how = "solved" if one.solved else str(one.shape or "failed")
    tokens = f"{count(one.usage.prompt)}+{count(one.usage.output)} tokens"
    again = "  (measured before)" if one.again else ""
    return (
        f"{at:3}/{of}  {how:17}  {one.task:24}  C{one.complexity:<2}  {one.kind.value:8}  {one.way.value:6}  "
        f"{one.seconds:6.1f} s  {tokens}  {dollars(one.cost_nano)}{again}"
    )


def figure_rows(results: Sequence[Measured], setting: str) -> Iterator[dict[str, Any]]:
    """The figures as lines of `--json`: the total, then by complexity, kind, language and way."""
    where = {"setting": setting} if setting else {}
    yield {"row": "total"} | where | _share(_total(results)) | _spent(results) | {"failures": _failures(results)}
    for name, key in GROUPS:
        for value, group in sorted(by(_ordered(results), key, _solved).items(), key=_natural):
            yield {"row": name, name: value} | where | _share(group)


def print_figures(results: Sequence[Measured], setting: str) -> None:
    """The figures for a person."""
    spent = _spent(results)
    put()
    put_painted(paint((f"{setting}: " if setting else "") + f"solved {told(_total(results))}", "bold"))
    put(f"  seconds  {spent['seconds_p50']:.1f} median, {spent['seconds']:.0f} together")
    put(f"  tokens   {count(spent['tokens']['input'])} in, {count(spent['tokens']['output'])} out")
    put(f"  money    {'n/a' if spent['cost_usd'] is None else '$' + format(spent['cost_usd'], '.4f')}")
    for shape, number in _failures(results).items():
        put(f"  {number:4} × {shape}")
    for name, key in GROUPS:
        groups = sorted(by(_ordered(results), key, _solved).items(), key=_natural)
        rows = [(name.upper(), "SOLVED", "SHARE", "95 % INTERVAL"), *((value, *_cells(one)) for value, one in groups)]
        put()
        for line in table(rows):
            put(line)
    say("One try a task, the check hidden: with a check shown, retries and samples more are solved.", "dim")


def comparison_rows(measured: Sequence[Sequence[Measured]], arms: Sequence[str]) -> dict[str, Any]:
    """Two arms as one line of `--json`."""
    found = compare(_pairs(measured))
    return {
        "row": "comparison",
        "arms": list(arms),
        "solved": [found.first.solved, found.second.solved],
        "n": found.first.n,
        "only_first": found.only_first,
        "only_second": found.only_second,
        "p_value": round(found.p_value, 4),
        "differs": found.differs,
    }


def print_comparison(measured: Sequence[Sequence[Measured]], arms: Sequence[str]) -> None:
    """Two arms for a person: is it more than noise?"""
    found = compare(_pairs(measured))
    better = arms[0] if found.only_first > found.only_second else arms[1]
    verdict = f"{better} is better" if found.differs else "the difference is no more than noise"
    put()
    put_painted(paint(f"{arms[0]} {told(found.first)} against {arms[1]} {told(found.second)}: {verdict}", "bold"))
    put(
        f"  {found.only_first} solved only by the first, {found.only_second} only by the second: "
        f"p = {found.p_value:.3f} (McNemar's exact test)"
    )


def told(one: Share) -> str:
    """12 of 20 (60 %, 39–78 %)."""
    return f"{one.solved} of {one.n} ({one.share:.0%}, {one.low:.0%}–{one.high:.0%})"


def _pairs(measured: Sequence[Sequence[Measured]]) -> list[tuple[bool, bool]]:
    first, second = ({one.task: one.solved for one in results} for results in measured)
    return [(first[task], second[task]) for task in first if task in second]


def _solved(one: Measured) -> bool:
    return one.solved


def _ordered(results: Sequence[Measured]) -> list[Measured]:
    return sorted(results, key=lambda one: (one.complexity, one.task))


def _natural(item: tuple[str, Share]) -> tuple[int, str]:
    name = item[0]
    return (int(name[1:]) if name[:1] == "C" and name[1:].isdigit() else 0, name)


def _total(results: Sequence[Measured]) -> Share:
    return share(sum(one.solved for one in results), len(results))


def _failures(results: Sequence[Measured]) -> dict[str, int]:
    return dict(Counter(one.shape.value for one in results if one.shape).most_common())


def _share(one: Share) -> dict[str, Any]:
    return {
        "solved": one.solved,
        "n": one.n,
        "share": round(one.share, 4),
        "ci95": [round(one.low, 4), round(one.high, 4)],
    }


def _spent(results: Sequence[Measured]) -> dict[str, Any]:
    costs = [one.cost_nano for one in results]
    known = [cost for cost in costs if cost is not None]
    return {
        "seconds": round(sum(one.seconds for one in results), 1),
        "seconds_p50": round(median(one.seconds for one in results), 2) if results else 0.0,
        "tokens": {
            "input": sum(one.usage.prompt for one in results),
            "output": sum(one.usage.output for one in results),
        },
        "cost_usd": usd(sum(known)) if len(known) == len(costs) else None,
    }


def _cells(one: Share) -> tuple[str, str, str]:
    return f"{one.solved}/{one.n}", f"{one.share:.0%}", f"{one.low:.0%}–{one.high:.0%}"
