"""A backtest in words and tables for a person: at most 100 columns."""

import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from app.commands.console import paint, table

if TYPE_CHECKING:
    from agents.routing.backtest.bootstrap import Interval
    from agents.routing.backtest.judging import Report
    from agents.routing.backtest.learning import Studied
    from agents.routing.backtest.rows import Comparison, Row
    from agents.routing.decision import Economics

WIDTH = 100
NONE = "-"


def lines(rows: "Sequence[Row]", economics: "Economics") -> Iterator[str]:
    """Three tables: money, a weak check, the odds."""
    yield from _table(
        "What is solved, and what it costs (mean of a task; in brackets the 95 % interval)",
        ("POLICY", "SOLVED", "[95 %]", "$/TASK", "[95 %]", "$/SOLVED", "[95 %]", "REGRET $"),
        [
            (
                row.policy,
                _percent(row.solved),
                _between(row.ci95.get("solved"), lambda share: f"{share * 100:.1f}"),
                _usd(row.cost_usd),
                _between(row.ci95.get("cost_usd"), _usd),
                _usd(row.usd_per_solved),
                _between(row.ci95.get("usd_per_solved"), _usd),
                _usd(row.regret_usd),
            )
            for row in rows
        ],
    )
    at = f"α={economics.false_accept:g}"
    yield from _table(
        "Wrong results accepted, tasks solved, by the share α of wrong ones the check lets pass; seconds",
        ("POLICY", "N", f"WRONG {at}", "α=0", "α=.1", "α=.2", "SOLVED α=0", "α=.1", "α=.2", "P50 S", "P95 S"),
        [
            (
                row.policy,
                str(row.n),
                _percent(row.wrong_accepted),
                *(_percent(one.wrong_accepted) for one in row.at_alpha.values()),
                *(_percent(one.solved) for one in row.at_alpha.values()),
                _seconds(row.seconds_p50),
                _seconds(row.seconds_p95),
            )
            for row in rows
        ],
    )
    yield from _table(
        "How good the odds are (Brier, ECE); what the choice of tasks recovers of the gap to the strong tier",
        ("POLICY", "BRIER", "-RATES", "ECE", "PGR", "APGR", "[95 %]", "CPT50", "CPT80"),
        [
            (
                row.policy,
                _figure(row.brier),
                NONE if row.brier_above_base is None else f"{row.brier_above_base:+.4f}",
                _figure(row.ece),
                _figure(row.pgr, 2),
                _figure(row.apgr, 2),
                _between(row.ci95.get("apgr"), lambda area: f"{area:.2f}"),
                _percent(row.cpt50),
                _percent(row.cpt80),
            )
            for row in rows
        ],
    )


def verdicts(rows: "Sequence[Row]") -> Iterator[str]:
    """What the figures let one say of each policy, and what not."""
    for row in rows:
        said = [_against_random(row), _against_strong(row), _odds(row)]
        text = "; ".join(part for part in said if part)
        if text:
            shown = textwrap.wrap(f"{row.policy}: {text}.", WIDTH, subsequent_indent="  ")
            yield paint(shown[0], "bold") if row.vs_random and row.vs_random.verdict == "better" else shown[0]
            yield from shown[1:]


def bullet(note: str) -> str:
    """A note under the tables."""
    return "\n".join(textwrap.wrap(f"- {note}.", WIDTH, subsequent_indent="  "))


def assumptions(studied: "Studied", report: "Report") -> list[str]:
    """What the figures rest on: sentences without a full stop."""
    tiers = studied.outcomes.tiers
    said = [
        f"tiers from cheap to strong, by their mean price: {', '.join(tiers)}",
        "attempts on a task are taken to be independent, because the file has only pass rates: tries that fail "
        "together make orders of several tiers look better here than they are"
        if studied.outcomes.only_rates
        else "each outcome is one try: another try might end otherwise",
        f"random and length follow the orders of {report.matched} in the same shares, by chance and by the length of "
        "the prompt; each policy is compared with random at its own rate",
    ]
    if studied.features:
        said.append(f"odds are learned on other lines, by {', '.join(studied.features)}")
    else:
        said.append("no feature divides the lines, so the odds of all are the same")
    without = sum(record.length is None for record in studied.outcomes.records)
    if without:
        said.append(f"{without} lines have no prompt: length decides them by chance")
    if not any(record.complexity is not None for record in studied.outcomes.records):
        said.append("no line has a complexity or a prompt, so bands is not scored")
    return said


def _against_random(row: "Row") -> str:
    found = row.vs_random
    if found is None:
        return ""
    if found.verdict == "the same":
        return "treats all tasks alike, so random at its rate is the same"
    if found.verdict == "too few tasks":
        from agents.routing.backtest.comparing import FEWEST

        return f"{found.n} tasks are too few to tell it from random (at least {FEWEST}, and an interval)"
    word = "not distinguishable from" if found.verdict == "not distinguishable" else f"{found.verdict} than"
    return f"{word} random at the matched rate ({_loss(found)})"


def _against_strong(row: "Row") -> str:
    found = row.vs_strong
    if found is None or found.verdict == "too few tasks":
        return ""
    points, interval = found.solved * 100, found.ci95["solved"]
    cost = f"${_usd(abs(found.cost_usd))} {'less' if found.cost_usd < 0 else 'more'} a task"
    between = f" [{interval[0] * 100:+.1f}, {interval[1] * 100:+.1f}]" if interval else ""
    if found.verdict == "the same":
        return "the same as always-strong"
    sure = "" if found.verdict != "not distinguishable" else ", together not distinguishable"
    return f"against always-strong {points:+.1f} points solved{between} at {cost}{sure}"


def _odds(row: "Row") -> str:
    interval, above = row.ci95.get("brier_above_base"), row.brier_above_base
    if above is None or interval is None or (above == 0 and interval == (0, 0)):
        return ""
    return "its odds beat the tiers' rates" if interval[1] < 0 else "its odds are no better than the tiers' rates"


def _loss(found: "Comparison") -> str:
    interval = found.ci95["loss_usd"]
    between = f" [{_signed(interval[0])}, {_signed(interval[1])}]" if interval else ""
    return f"{_signed(found.loss_usd)} $ lost a task{between}"


def _signed(usd: float) -> str:
    return f"{'-' if usd < 0 else '+'}{_usd(abs(usd))}"


def _table(title: str, heads: tuple[str, ...], cells: list[tuple[str, ...]]) -> Iterator[str]:
    """Figures are set to the right."""
    rows = [heads, *cells]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    aligned = [[cell if column == 0 else cell.rjust(widths[column]) for column, cell in enumerate(row)] for row in rows]
    yield paint(title, "bold")
    shown = _kept(aligned)
    yield paint(shown[0], "dim")
    yield from shown[1:]
    yield ""


def _kept(rows: list[list[str]]) -> list[str]:
    """As console.table lines them up, which takes away the spaces in front of a figure."""
    names = table([[row[0]] for row in rows])
    width = max(map(len, names))
    return ["  ".join([name.ljust(width), *row[1:]]).rstrip() for name, row in zip(names, rows, strict=True)]


def _percent(share: float | None) -> str:
    return NONE if share is None else f"{share * 100:.1f}%"


def _figure(value: float | None, digits: int = 4) -> str:
    return NONE if value is None else f"{value:.{digits}f}"


def _seconds(value: float | None) -> str:
    return NONE if value is None else f"{value:.1f}" if value < 1000 else f"{value:.0f}"


def _usd(value: float | None) -> str:
    """Dollars without their sign, with about three telling digits: 1250, 12.50, 1.2500, .0123, .00123, 1.2e-05."""
    if value is None:
        return NONE
    size = abs(value)
    if size == 0 or size >= 10:
        return f"{value:.0f}" if size >= 1000 or size == 0 else f"{value:.2f}"
    if size < 0.0001:
        return f"{value:.1e}"
    digits = 4 if size >= 0.01 else 5 if size >= 0.001 else 6
    return f"{value:.{digits}f}".replace("0.", ".", 1)


def _between(interval: "Interval | None", shown: Callable[[float], str]) -> str:
    return NONE if interval is None else f"{shown(interval[0])}-{shown(interval[1])}"
