"""`warroom trust`: the person vouches for a folder, and War Room remembers it until its warroom.toml changes."""

import asyncio
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from agents.configuration import Configuration, ConfigurationError, warroom_home
from agents.configuration.foreign import Foreign, named, since
from agents.configuration.trust import TrustRecord, all_records, forget, remember
from agents.sanitize import one_line, visible
from app.commands.console import put, put_json, say, table
from app.commands.failures import DONE, FAILED, USAGE
from app.commands.opening import FOLDER, repository_of, settings_of

VOUCHED = (
    "Trusted: its warroom.toml is obeyed until it says something else, and where there is no wall its checks and what "
    "agents run there run as you."
)


@click.command()
@click.argument("folder", type=FOLDER, default=".", metavar="[DIR]")
@click.option("--list", "listed", is_flag=True, help="What you said about which folder.")
@click.option("--revoke", is_flag=True, help="Trust it no more; you are asked again.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="With --list: a line of JSON per folder.")
def command(*, folder: Path, listed: bool, revoke: bool, yes: bool, as_json: bool) -> int:
    """Trust the repository DIR is in: vouch for its warroom.toml and for what it runs.

    Shows what its warroom.toml would change, and asks. Until you trust a folder, its warroom.toml is not obeyed, and
    without a wall nothing of it is run. Exit codes: 0 done; 1 not trusted; 2 the file has a mistake.
    """
    home = warroom_home(os.environ)
    if listed:
        _list(home, as_json=as_json)
        return DONE
    repository = repository_of(folder)
    if revoke:
        said = forget(home, repository)
        put(f"{repository} is not trusted any more." if said else f"{repository} was not trusted.")
        return DONE
    return _trust(home, repository, ask=not yes)


def _list(home: Path, *, as_json: bool) -> None:
    records = all_records(home)
    for record in records if as_json else ():
        put_json({"folder": record.folder, "trusted": record.trusted, "at": record.at, "decides": record.decides})
    if not as_json:
        rows = [(one.folder, "trusted" if one.trusted else "not now", one.at[:10], _kept(one)) for one in records]
        for line in table(rows):
            put(line)
        if not records:
            say("No folder is trusted.")


def _kept(record: TrustRecord) -> str:
    return named(record.decides) if record.decides else "no warroom.toml"


def _trust(home: Path, repository: Path, *, ask: bool) -> int:
    found = settings_of(repository)
    foreign = found.foreign
    if foreign is None:
        say("warroom: this is War Room's own home: nothing is run there.", "red")
        return USAGE
    if foreign.trusted:
        put(f"{repository} is trusted already.")
        return DONE
    _usable(repository, found)
    for line in shown(foreign):
        put(line)
    if programs := asyncio.run(_programs(repository)):
        put(f"What its .git/config sets may have git run programs, as you: {programs}.")
    if ask and not sys.stdin.isatty():
        say("Not trusted: nobody is here to be asked. `warroom trust --yes` trusts it without asking.")
        return FAILED
    if ask and not click.confirm("Trust this folder?", default=False, err=True):
        say("Not trusted.")
        return FAILED
    vouch(home, foreign, trusted=True)
    put(VOUCHED)
    return DONE


async def _programs(repository: Path) -> str:
    from agents.workspace.foreign_programs import foreign_programs, named

    return named(await foreign_programs(repository))


def _usable(repository: Path, found: Configuration) -> None:
    """Raises ConfigurationError where the file that would be obeyed has a mistake, or is another one by now."""
    wanted = settings_of(repository, trusted=True)
    if wanted.foreign is None or found.foreign is None or wanted.foreign.decides != found.foreign.decides:
        raise ConfigurationError(f"{one_line(str(repository))}/warroom.toml is being changed: look at it again.")


def vouch(home: Path, foreign: Foreign, *, trusted: bool) -> None:
    """Remember what the person said about the folder and about what its file decides. Raises ConfigurationError."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        remember(home, TrustRecord(str(foreign.folder), trusted, foreign.decides, at))
    except OSError as error:
        raise ConfigurationError(
            f"{one_line(str(home), 300)} cannot be written: {error.strerror}. Nothing is remembered about this folder."
        ) from error


def shown(foreign: Foreign) -> Iterator[str]:
    """What a person should see before they answer, in lines; nothing of the file is left out."""
    yield visible(str(foreign.folder))
    if not foreign.exists:
        yield "It has no warroom.toml: nothing is set by it."
        return
    yield f"Its {foreign.path.name}:"
    yield from (f"  | {line}" for line in visible(foreign.text).rstrip("\n").split("\n"))
    for heading, found in (
        ("It would change:", foreign.changes),
        ("Since you last answered:", since(foreign.before, foreign.decides) if foreign.before is not None else ()),
    ):
        if found:
            yield heading
            yield from (f"  {line}" for line in table((one.key, one.now, "→", one.wanted, one.risk) for one in found))
    if not foreign.changes:
        yield "It changes nothing."
