"""`warroom backtest`: routing policies replayed over recorded outcomes, beside the baselines."""

import asyncio
import json
import math
import sys
from difflib import get_close_matches
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import click

from app.commands.console import put_json, put_painted, say
from app.commands.opening import FOLDER, configuration, notebook
from app.commands.values import Dollars

if TYPE_CHECKING:
    from agents.routing.backtest.judging import Report
    from agents.routing.backtest.learning import Studied
    from agents.routing.backtest.records import Outcomes
    from agents.routing.decision import Economics

MANY = 1000
"""Tasks from which it takes long enough to say what is going on."""


class Share(click.ParamType[float]):
    """A number from 0 to 1."""

    name = "share"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number."""
        try:
            share = float(str(value))
        except ValueError:
            share = math.nan
        if not 0 <= share <= 1:
            self.fail(f"{value!r} is no share; write a number from 0 to 1, like 0.05.", param, ctx)
        return share


class PolicyName(click.ParamType[str]):
    """One of the policies."""

    name = "name"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as it is written in the code."""
        from agents.routing.backtest.policies import NAMES

        name = str(value).strip().lower()
        if name not in NAMES:
            close = get_close_matches(name, NAMES, n=2, cutoff=0.5)
            hint = f"Did you mean {' or '.join(close)}? " if close else ""
            self.fail(f"there is no policy {name!r}. {hint}There are: {', '.join(NAMES)}.", param, ctx)
        return name


@click.command()
@click.argument(
    "file",
    required=False,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    metavar="[FILE]",
)
@click.option("--policy", "names", type=PolicyName(), multiple=True, metavar="NAME", help="This policy; repeatable.")
@click.option("--false-accept", type=Share(), metavar="SHARE", help="Share of wrong results the check accepts.")
@click.option("--unsolved-usd", type=Dollars(), metavar="USD", help="What a task that ends unsolved costs you.")
@click.option("--wrong-usd", type=Dollars(), metavar="USD", help="What a wrong result that is accepted costs you.")
@click.option("--resamples", type=click.IntRange(0, 100_000), default=1000, metavar="N", help="For intervals: 1000.")
@click.option("--seed", type=int, default=0, metavar="N", help="Of the folds and the resamples: 0.")
@click.option("--plot/--no-plot", default=None, help="The frontier; without it, only on a terminal.")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="The repository whose warroom.toml counts.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON for each policy.")
def command(
    *,
    file: Path | None,
    names: tuple[str, ...],
    false_accept: float | None,
    unsolved_usd: int | None,
    wrong_usd: int | None,
    resamples: int,
    seed: int,
    plot: bool | None,
    repo: Path,
    as_json: bool,
) -> None:
    """Replay routing policies over the outcomes in FILE, or over your own history. Nothing is run, nothing is spent.

    FILE (- reads stdin) holds one JSON object a line: id, features {..}, prompt (optional), outcomes {tier: pass rate
    0-1}, cost_usd {tier: $}, seconds {tier: s}. Without FILE it is the attempts of this home that a check judged.

    The baselines always-cheap, always-strong, random and length are always there. What is not given as an option is as
    [routing] in warroom.toml has it.
    """
    if plot and as_json:
        raise click.UsageError("--plot draws for people and --json writes for programs: leave one out")
    from agents.routing.backtest.judging import Request, judge
    from agents.routing.backtest.learning import study
    from agents.routing.backtest.policies import CHOICES, ORACLE

    economics = _economics(repo, false_accept, unsolved_usd, wrong_usd)
    outcomes = asyncio.run(_history(repo)) if file is None else _read(file)
    wanted = tuple(dict.fromkeys(names)) or (*CHOICES, ORACLE)
    if len(outcomes.records) >= MANY:
        say(f"{len(outcomes.records):,} tasks, {resamples:,} resamples: some seconds.", "dim")
    random = Random(seed)
    studied = study(outcomes, random)
    report = judge(studied, Request(wanted, economics, resamples), random)
    if as_json:
        for row in report.rows:
            put_json(row.model_dump())
        say(json.dumps(_notes(studied, report, economics, resamples, seed)))
        return
    _show(studied, report, economics, resamples)
    if plot if plot is not None else sys.stdout.isatty():
        _plot(studied, report, economics)


def _economics(repo: Path, false_accept: float | None, unsolved: int | None, wrong: int | None) -> "Economics":
    from agents.routing.decision import Economics
    from agents.tasks import NANO

    routing = configuration(repo).settings.routing
    return Economics(
        unsolved_usd=routing.unsolved_usd if unsolved is None else unsolved / NANO,
        wrong_usd=routing.wrong_usd if wrong is None else wrong / NANO,
        false_accept=routing.false_accept if false_accept is None else false_accept,
    )


async def _history(folder: Path) -> "Outcomes":
    """The attempts of this home that a check judged."""
    from agents.routing.backtest.history import from_trials
    from agents.routing.backtest.records import MOST_TIERS

    async with notebook(folder) as (store, _):
        outcomes = from_trials(await store.trials())
    if not outcomes.tiers:
        raise click.UsageError("no attempt of your own was checked yet; name a FILE of outcomes")
    if len(outcomes.tiers) > MOST_TIERS:
        raise click.UsageError(f"your history has {len(outcomes.tiers)} tiers; at most {MOST_TIERS} can be compared")
    return outcomes


def _read(file: Path) -> "Outcomes":
    from agents.routing.backtest.outcomes_file import read_outcomes
    from agents.sanitize import one_line

    if str(file) == "-":
        return read_outcomes(sys.stdin.buffer, "stdin")
    with file.open("rb") as opened:
        return read_outcomes(opened, one_line(str(file), 300))


def _notes(
    studied: "Studied", report: "Report", economics: "Economics", resamples: int, seed: int
) -> dict[str, object]:
    """What stands beside the rows, for a program that reads stderr too."""
    from app.commands.backtest_report import assumptions

    return {
        "type": "backtest.notes",
        "independent_attempts": "assumed" if studied.outcomes.only_rates else "one try each",
        "tiers": list(studied.outcomes.tiers),
        "features": list(studied.features),
        "matched_to": report.matched,
        "false_accept": economics.false_accept,
        "unsolved_usd": economics.unsolved_usd,
        "wrong_usd": economics.wrong_usd,
        "resamples": resamples,
        "seed": seed,
        "notes": [*assumptions(studied, report), *studied.outcomes.notes],
    }


def _show(studied: "Studied", report: "Report", economics: "Economics", resamples: int) -> None:
    from app.commands.backtest_report import assumptions, bullet, lines, verdicts

    for text in lines(report.rows, economics):
        put_painted(text)
    for text in verdicts(report.rows):
        put_painted(text)
    sure = (
        f"intervals are of 95 %, by {resamples:,} resamples of the tasks; better and worse are claimed so strictly "
        "that all claims hold together with 95 %"
    )
    for note in (*assumptions(studied, report), *studied.outcomes.notes, sure):
        say(bullet(note), "dim")


def _plot(studied: "Studied", report: "Report", economics: "Economics") -> None:
    from agents.routing.backtest.frontier import frontier
    from app.commands.backtest_plot import drawn

    for text in drawn(frontier(studied, economics), report.rows):
        put_painted(text)
