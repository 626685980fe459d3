"""`warroom route`: how hard a task looks and how it would be tried. Runs nothing, asks no model."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agents.configuration import Configuration
from app.commands.console import paint, put, put_json, put_painted, say, table
from app.commands.opening import FOLDER, configuration, notebook

if TYPE_CHECKING:
    from agents.dispatch.known_odds import KnownOdds
    from agents.dispatch.readiness import Readiness
    from agents.routing.assessment import Assessment
    from agents.routing.task_odds import TaskOdds
    from agents.settings import Settings
    from agents.tasks import Arm

LONGEST_LINE = 2_000_000
SHOWN_ARMS = 8


@click.command()
@click.argument("text", nargs=-1)
@click.option("--check", metavar="CMD", help="The check the task would have; else the repository's, if it has one.")
@click.option("--tier", metavar="NAME", help="Pinned to this tier.")
@click.option("--orchestrate", is_flag=True, help="Pinned to a work order, as with `run --orchestrate`.")
@click.option(
    "--batch", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="JSONL: text, brief?, check?."
)
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="The repository the task is for.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON a task.")
def command(
    *,
    text: tuple[str, ...],
    check: str | None,
    tier: str | None,
    orchestrate: bool,
    batch: Path | None,
    repo: Path,
    as_json: bool,
) -> None:
    """Assessment and plan of a task, with odds, price and one sentence why.

    It says which tiers would be tried if all that are configured answer; it asks no server and no judge.
    """
    if (batch is None) == (not text):
        raise click.UsageError('give a task in words, as in `warroom route "Fix CSV quoting"`, or --batch FILE')
    tasks = [{"text": " ".join(text), "check": check}] if batch is None else _lines(batch)
    found = configuration(repo)
    if tier is not None and tier not in found.settings.tiers:
        raise click.UsageError(f"there is no tier {tier!r}: the tiers are {', '.join(found.settings.tiers)}")
    asyncio.run(_route(found, repo, tasks, tier=tier, orchestrate=orchestrate, as_json=as_json))


def _lines(file: Path) -> Iterator[dict[str, str | None]]:
    """The tasks of a JSONL file, checked line by line. Raises click.UsageError."""
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _task(line.removeprefix(b"\xef\xbb\xbf"), f"{file}, line {number}")
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror or error}") from None


def _task(line: bytes, place: str) -> dict[str, str | None]:
    if len(line) > LONGEST_LINE:
        raise click.UsageError(f"{place} is longer than {LONGEST_LINE:,} bytes")
    try:
        said = json.loads(line)
    except ValueError as error:
        raise click.UsageError(f"{place} is no JSON: {error}") from None
    if not isinstance(said, dict):
        raise click.UsageError(f'{place} is no object: write {{"text": "…", "brief": "…", "check": "…"}}')
    for key, value in said.items():
        if key not in {"text", "brief", "check"}:
            raise click.UsageError(f"{place}: there is no key {key!r}: the keys are text, brief, check")
        if not isinstance(value, str | None):
            raise click.UsageError(f"{place}: {key} is no text")
    if not (said.get("text") or "").strip():
        raise click.UsageError(f"{place}: text is missing")
    return {"text": f"{said['text']}\n\n{said.get('brief') or ''}".strip(), "check": said.get("check")}


async def _route(
    found: Configuration,
    folder: Path,
    tasks: "Sequence[dict[str, str | None]] | Iterator[dict[str, str | None]]",
    *,
    tier: str | None,
    orchestrate: bool,
    as_json: bool,
) -> None:
    from agents.dispatch.known_odds import KnownOdds
    from agents.dispatch.readiness import without_looking
    from agents.workspace.checks import find_check
    from agents.workspace.listing import files_in

    settings = found.settings
    async with notebook(folder) as (store, root):
        known, ready = KnownOdds(store, settings), await without_looking(settings, store)
        files, strength = await files_in(root), await store.strength(str(root))
        default = settings.check.command or find_check(root)
        for task in tasks:
            routed = await Routed.of(
                settings,
                root,
                files,
                str(task["text"]),
                check=task["check"] or default,
                pin=tier,
                orchestrate=orchestrate,
                known=known,
                ready=ready,
                strength=strength,
            )
            if as_json:
                put_json(routed.row())
            else:
                routed.tell()


class Routed:
    """One task, assessed and planned."""

    def __init__(self, text: str, found: "Assessment", plan: "tuple[Arm, ...]", odds: "TaskOdds", preset: str) -> None:
        self._text = text
        self._found = found
        self._plan = plan
        self._odds = odds
        self._preset = preset

    @classmethod
    async def of(
        cls,
        settings: "Settings",
        root: Path,
        files: frozenset[str],
        text: str,
        *,
        check: str | None,
        pin: str | None,
        orchestrate: bool = False,
        known: "KnownOdds",
        ready: "Readiness",
        strength: tuple[int, int],
    ) -> "Routed":
        """`strength`: of this repository's checks, as `Store.strength` has it. Raises click.UsageError where no tier
        could take it."""
        from agents.routing.assessment import assess
        from agents.routing.economics import false_accept_here
        from agents.routing.plan import NoTier, plan_for
        from agents.routing.situation import Situation
        from agents.routing.surroundings import survey

        found = assess(text, await asyncio.to_thread(survey, root, text, files), goes=settings.routing.goes)
        tried, accepted = strength
        situation = Situation(
            settings=settings,
            features=found.features(),
            has_check=check is not None,
            odds=await known.now(),
            pin=pin,
            grades=ready.grades,
            small=ready.small,
            available=ready.available,
            planned=True,
            false_accept=false_accept_here(settings.routing.false_accept, tried=tried, accepted=accepted),
            orchestrate=orchestrate,
        )
        try:
            plan = plan_for(situation)
        except NoTier as error:
            raise click.UsageError(str(error)) from None
        return cls(text, found, plan, situation.task_odds, settings.routing.preset)

    def row(self) -> dict[str, Any]:
        """CONTRACT's line of `route --json`."""
        found = self._found
        return {
            "complexity": found.complexity,
            "source": "rules",
            "rules": {
                "score": round(found.score, 2),
                "component": round(found.component, 2),
                "coordinative": round(found.coordinative, 2),
                "dynamic": round(found.dynamic, 2),
                "evidence": list(found.evidence),
            },
            "judge": None,
            "kind": found.kind.value,
            "language": found.language,
            "size": found.size,
            "plan": [self._arm(arm, number) for number, arm in enumerate(self._plan)],
            "preset": self._preset,
        }

    def _arm(self, arm: "Arm", number: int) -> dict[str, Any]:
        row: dict[str, Any] = {
            "tier": arm.tier,
            "model": arm.model,
            "way": arm.way.value,
            "variant": arm.variant.value,
            "p": None if arm.p is None else round(arm.p, 4),
            "cost_usd": arm.cost_usd,
            "seconds": None if arm.seconds is None else round(arm.seconds, 1),
            "why": arm.why,
        }
        if number == 0:
            seen = self._odds.evidence(arm.model, arm.way, arm.variant, ())
            row["evidence"] = {
                "n": seen.n,
                "interval90": [round(seen.low, 4), round(seen.high, 4)],
                "source": seen.source,
            }
        return row

    def tell(self) -> None:
        """The same for a person."""
        found = self._found
        title = self._text.splitlines()[0][:70]
        put_painted(paint(f"C{found.complexity} {found.kind.value}", "bold"))
        put(f"  {title}")
        put(
            f"  rules {found.score:.1f}: component {found.component:.1f}, coordinative {found.coordinative:.1f}, "
            f"dynamic {found.dynamic:.1f}"
        )
        for line in found.evidence:
            put(f"    {line}")
        put(f"  {self._preset}: {self._plan[0].why}")
        rows: list[tuple[str, ...]] = [("#", "TIER", "WAY", "VARIANT", "ODDS", "PRICE", "SECONDS")]
        for number, arm in enumerate(self._plan[:SHOWN_ARMS], start=1):
            rows.append(_cells(number, arm))
        for line in table(rows):
            put(f"  {line}")
        if len(self._plan) > SHOWN_ARMS:
            say(f"  and {len(self._plan) - SHOWN_ARMS} more arms; --json lists them.", "dim")


def _cells(number: int, arm: "Arm") -> tuple[str, ...]:
    from agents.routing.wording import dollars, odds_in_words

    seconds = "n/a" if arm.seconds is None else f"{arm.seconds:.0f}"
    return str(number), arm.tier, arm.way.value, arm.variant.value, odds_in_words(arm.p), dollars(arm.cost_usd), seconds
