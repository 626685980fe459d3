"""`warroom doctor`: what works here and what does not, each with its fix."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import click

from agents.configuration import Configuration, ConfigurationError, warroom_home
from agents.models.silence import refusal_of_all
from agents.sanitize import one_line
from app.commands import diagnosis
from app.commands.console import paint, put, put_json, put_painted, say
from app.commands.diagnosis import Finding
from app.commands.failures import DONE, ENVIRONMENT, USAGE
from app.commands.opening import FOLDER, repository_of, settings_of

_SHOWN = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "red")}


@click.command()
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Look at this folder instead of the current one.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON per finding.")
@click.option(
    "--move-aside", is_flag=True, help="Rename a damaged database, with a date in its name, and start afresh."
)
def command(repo: Path, as_json: bool, move_aside: bool) -> int:
    """What works here and what does not, each with its fix. Exit code 0 if a task could run now, else 3."""
    return asyncio.run(_move_aside() if move_aside else _examine(repo, as_json))


async def _examine(folder: Path, as_json: bool) -> int:
    findings = []
    async for finding in _findings(folder):
        findings.append(finding)
        _print(finding, as_json=as_json)
    able = not any(finding.status == "fail" for finding in findings)
    if not as_json:
        put("A task could run now." if able else "No task could run now: mend what is marked ✗.")
    return DONE if able else ENVIRONMENT


async def _findings(folder: Path) -> AsyncIterator[Finding]:
    """Every finding, as soon as it is there."""
    home = warroom_home(os.environ)
    yield diagnosis.python()
    git = await diagnosis.git()
    yield git
    found: Configuration | ConfigurationError
    try:
        found = settings_of(repository_of(folder))
    except ConfigurationError as error:
        found = error
    trusted = isinstance(found, Configuration) and found.trusted
    if git.status != "fail":
        yield await diagnosis.repository(folder, home, trusted=trusted)
    yield await diagnosis.home(home)
    if isinstance(found, ConfigurationError):
        fix = "`warroom config path` says where the files are."
        yield Finding(name="configuration", status="fail", detail=one_line(str(found), 500), fix=fix)
        return
    yield diagnosis.configured(found)
    yield await diagnosis.sandbox(found.settings, trusted=found.trusted)
    async for finding in tiers(found):
        yield finding
    yield diagnosis.terminal(os.environ)


async def tiers(found: Configuration) -> AsyncIterator[Finding]:
    """The tiers one by one, and whether any of them can be used."""
    settings = found.settings
    yield diagnosis.credential(settings, os.environ)
    usable = False
    for name, tier in settings.tiers.items():
        if not tier.enabled:
            yield Finding(name=f"tier {name}", status="ok", detail="switched off", usable=False)
            continue
        if refused := refusal_of_all(tier, settings.routing):
            finding = diagnosis.silenced(name, refused)
        elif tier.provider == "ollama":
            finding = await diagnosis.ollama_tier(name, tier, settings.routing)
        else:
            finding = diagnosis.paid_tier(name, tier, os.environ)
        usable = usable or bool(finding.usable)
        yield finding
    if not usable:
        fix = "Start Ollama and pull a model, or set ANTHROPIC_API_KEY. `warroom demo` needs neither."
        yield Finding(name="models", status="fail", detail="no tier can be used", fix=fix)


def _print(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        put_json(finding.row())
        return
    glyph, style = _SHOWN[finding.status]
    mark = paint(f"{glyph} {finding.status:<4}", style)
    put_painted(f"{mark}  {one_line(finding.name, 40):<14} {one_line(finding.detail, 600)}")
    for gap in finding.gaps or ():
        put(f"{'':<8}{'':<14} cannot hold: {one_line(gap, 200)}")
    if finding.fix:
        put(f"{'':<8}{'':<14} → {finding.fix}")


async def _move_aside() -> int:
    from agents.clock import SystemClock
    from agents.store import CorruptDatabase, Store, move_aside

    path = warroom_home(os.environ) / "warroom.db"
    try:
        async with await Store.open(path, SystemClock()):
            say(f"warroom: the database {path} is not damaged and was left as it is.", "red")
            return USAGE
    except CorruptDatabase:
        put(f"moved to {await move_aside(path)}")
    async with await Store.open(path, SystemClock()):
        return DONE
