"""`warroom sounds`: the packs that are installed, hearing one, choosing one, adding one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import click

from agents.settings import Sound
from app.commands.console import put, put_json, say, table
from app.commands.failures import DONE, USAGE
from app.commands.opening import FOLDER, configuration, repository_of
from sounds.cesp.finding import NoSuchPack, Place, find, installed, places, script_of
from sounds.cesp.problems import PackError
from sounds.signals import EVENTS

if TYPE_CHECKING:
    from sounds.calls import Call

REPO = click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="The repository whose packs count too.")
JSON = click.option("--json", "as_json", is_flag=True, help="A line of JSON per row.")
_PAUSE_S = 0.3
_OPEN_S = 5.0


@click.group()
def command() -> None:
    """Sound packs: CESP 1.0, as other coding tools use them."""


@command.command(name="list")
@REPO
@JSON
def list_packs(repo: Path, as_json: bool) -> None:
    """What is installed, and what is wrong with it."""
    chosen = configuration(repo).settings.sound.pack
    rows = [_row(one.name, one.place, one.pack, one.error, chosen) for one in installed(_places(repo))]
    if as_json:
        for row in rows:
            put_json(row)
        return
    heads = ("", "NAME", "VERSION", "TITLE", "SOUNDS", "LICENCE", "WHERE", "")
    for line in table([heads, *(_cells(row) for row in rows)]):
        put(line)


@command.command()
@click.argument("events", nargs=-1, metavar="[EVENT]...")
@click.option("--pack", metavar="NAME", help="Another pack than the one in use.")
@REPO
def test(events: Sequence[str], pack: str | None, repo: Path) -> int:
    """Play each event once, and print what is said."""
    for event in events:
        if event not in EVENTS:
            raise click.UsageError(f"there is no event {event!r}.{_near(event, EVENTS)}")
    settings, at = configuration(repo).settings.sound, _places(repo)
    try:
        find(pack or settings.pack, at)
        script, warning = script_of(pack or settings.pack, at)
    except PackError as error:
        return _refused(error, at)
    if warning:
        say(warning, "yellow")
    from sounds.rehearsal import rehearsal

    return asyncio.run(_play(list(rehearsal(script, Random(), events or EVENTS)), settings))


@command.command()
@click.argument("name")
@REPO
def use(name: str, repo: Path) -> int:
    """Choose a pack: it is saved in your config.toml."""
    from agents.configuration import user_config_file
    from agents.configuration.saving import save_value

    at = _places(repo)
    try:
        pack = find(name, at)
    except PackError as error:
        return _refused(error, at)
    for problem in pack.problems[:5]:
        say(f"{problem}", "yellow")
    save_value(user_config_file(), "sound", "pack", name)
    put(f"{name}: {pack.display_name} {pack.version}, {len(pack.clips)} sounds. `warroom sounds test` plays them.")
    return DONE


@command.command()
@click.argument("source", type=click.Path(path_type=Path), metavar="FOLDER|ZIP")
@click.option("--replace", is_flag=True, help="Replace a pack of the same name.")
@click.option("--here", is_flag=True, help="For this repository only: .openpeon/packs in it.")
@REPO
def add(source: Path, replace: bool, here: bool, repo: Path) -> int:
    """Check a pack, and copy it to ~/.openpeon/packs."""
    from sounds.cesp.adding import add_pack

    place = (repository_of(repo) if here else Path.home()) / ".openpeon" / "packs"
    try:
        pack = add_pack(source, place, replace=replace)
    except PackError as error:
        return _refused(error, ())
    except OSError as error:
        say(f"warroom: {error.filename or place} cannot be written: {error.strerror}.", "red")
        return USAGE
    put(f"{pack.name}: {pack.display_name} {pack.version}, {len(pack.clips)} sounds, in {pack.root}")
    put(f"`warroom sounds use {pack.name}` chooses it.")
    return DONE


def _places(repo: Path) -> Sequence[Place]:
    return places(Path.home(), repository_of(repo))


def _refused(error: PackError, at: Sequence[Place]) -> int:
    hint = ""
    if isinstance(error, NoSuchPack):
        names = [one.name for one in installed(at)]
        hint = f". Installed: {', '.join(names)}.{_near(error.name, names)}"
    say(f"warroom: {error}{hint}", "red")
    return USAGE


def _near(word: str, words: Sequence[str] | Mapping[str, object]) -> str:
    close = get_close_matches(word, list(words), n=1, cutoff=0.5)
    return f" Did you mean {close[0]}?" if close else ""


def _row(name: str, place: Place, pack: Any, error: PackError | None, chosen: str) -> dict[str, Any]:
    row = {"name": name, "in_use": name == chosen, "where": place.name, "path": str(place.folder / name)}
    if pack is None:
        return {**row, "problems": str(error).split("\n")}
    return {
        **row,
        "title": pack.display_name,
        "version": pack.version,
        "license": pack.license,
        "author": pack.author,
        "sounds": len(pack.clips),
        "problems": [str(problem) for problem in pack.problems],
    }


def _cells(row: Mapping[str, Any]) -> Sequence[str]:
    said = [str(row.get(key, "")) for key in ("name", "version", "title", "sounds", "license", "where")]
    wrong = row["problems"]
    more = f" (+{len(wrong) - 1})" if len(wrong) > 1 else ""
    return ["▸" if row["in_use"] else "", *said, f"{wrong[0]}{more}" if wrong else ""]


async def _play(calls: Sequence[Call], settings: Sound) -> int:
    """Play `calls` one after the other where something can be heard; their captions are printed in any case."""
    from sounds.sinks.terminal_sink import TerminalSink
    from sounds.speaker import Speaker

    settled = asyncio.Event()
    terminal = TerminalSink(lambda text: None, os.environ, remote=False, attended=lambda: True)

    def changed() -> None:
        if speaker.status != "opening":
            settled.set()

    speaker = Speaker(os.environ, terminal, changed=changed, volume=settings.volume)
    try:
        speaker.open(settings.backend)
        async with asyncio.timeout(_OPEN_S):
            await settled.wait()
        if speaker.audible:
            say(f"Playing through {speaker.status}.", "dim")
        else:
            say(f"Nothing is heard here: {speaker.trouble or speaker.status}. Captions only.", "yellow")
        for call in calls:
            put(_told(call))
            speaker.play(call)
            if speaker.audible:
                await asyncio.sleep(call.seconds + _PAUSE_S)
    finally:
        await speaker.close()
    return DONE


def _told(call: Call) -> str:
    effect = f"[{call.effect.label}]" if call.effect is not None else ""
    line = call.line
    words = f'"{line.label}"' if line is not None else ""
    who = f"{line.role}: " if line is not None and line.role else ""
    return f"{call.cue.event:<18} {call.signal.priority:>3}  {effect:<10} {who}{words}".rstrip()
