"""`warroom skills`: the conventions of this repository, and which of them a task would get."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agents.sanitize import one_line
from agents.settings import Settings
from app.commands.console import paint, put, put_json, put_painted, say, table
from app.commands.opening import FOLDER, configuration, repository_of
from app.screen.words import counted

if TYPE_CHECKING:
    from agents.missions.conventions.choosing import Conventions
    from agents.missions.conventions.documents import Document
    from agents.missions.conventions.matching import Match


@click.command()
@click.argument("text", nargs=-1)
@click.option("--tier", metavar="NAME", help="What this tier's model would be told; else the first one that is free.")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="The repository whose conventions are looked at.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON a document.")
def command(*, text: tuple[str, ...], tier: str | None, repo: Path, as_json: bool) -> None:
    """AGENTS.md, CLAUDE.md, CONVENTIONS.md and the skills found here; with a task in words, which of their sections it
    would get, and why."""
    settings = configuration(repo).settings
    if tier is not None and tier not in settings.tiers:
        raise click.UsageError(f"there is no tier {tier!r}: the tiers are {', '.join(settings.tiers)}")
    words = " ".join(text).strip()
    root = repository_of(repo)
    found, told = asyncio.run(_look(root, words, *_window(settings, tier)))
    if as_json:
        for row in rows(found, told if words else None):
            put_json(row)
    elif not found:
        say("No conventions here: no AGENTS.md, CLAUDE.md or CONVENTIONS.md, no .skills/NAME/SKILL.md.")
    else:
        _print(found, told if words else None)
    if unseen := asyncio.run(_unseen(root)):
        more = f" and {len(unseen) - 5} more" if len(unseen) > 5 else ""
        say(f"Not in git, so agents do not see it: {', '.join(unseen[:5])}{more}. Commit what they need.", "yellow")


def _window(settings: Settings, tier: str | None) -> tuple[int, bool]:
    """Tokens of the tier's window, and whether its model is free."""
    from agents.models.prices import FREE, call_price

    free = {
        name: call_price(one.provider, one.model, free=one.free) == FREE
        for name, one in settings.tiers.items()
        if name == tier or (tier is None and one.enabled)
    }
    chosen = tier or next((name for name, is_free in free.items() if is_free), next(iter(free), None))
    return (settings.tiers[chosen].num_ctx, free[chosen]) if chosen else (16_384, True)


async def _look(root: Path, text: str, window: int, free: bool) -> "tuple[tuple[Match, ...], Conventions]":
    from agents.missions.conventions.choosing import budget_of, tell
    from agents.missions.conventions.documents import documents_of
    from agents.missions.conventions.matching import matches, words_asked
    from agents.routing.assessment import assess
    from agents.workspace.listing import files_in

    files = await files_in(root)
    kind = assess(text).kind
    found = matches(documents_of(root, files), text, kind, files)
    return found, tell(found, words_asked(text, kind), budget=budget_of(window, local=free), whole=not free)


async def _unseen(root: Path) -> list[str]:
    from agents.missions.conventions.documents import kind_of
    from agents.workspace.listing import uncommitted_in

    return sorted(one_line(name, 120) for name in await uncommitted_in(root) if kind_of(name))


def rows(found: "tuple[Match, ...]", told: "Conventions | None") -> Iterator[dict[str, Any]]:
    """The lines of `--json`; `told` None: no task was given."""
    parts = {one.path: one for one in told.told} if told else {}
    for match in found:
        document = match.document
        row: dict[str, Any] = {
            "path": document.path,
            "kind": document.kind,
            "name": document.name,
            "description": document.head.description,
            "when": document.head.when,
            "sections": [section.title for section in document.sections],
            "tokens": document.tokens,
        }
        if told is not None:
            part = parts.get(document.path)
            row |= {
                "chosen": match.chosen,
                "score": match.score,
                "why": match.why,
                "told": list(part.sections) if part else [],
                "told_tokens": part.tokens if part else 0,
            }
        yield row


def _print(found: "tuple[Match, ...]", told: "Conventions | None") -> None:
    heads = ("KIND", "NAME", "TOKENS", "PATH") if told is None else ("", "KIND", "NAME", "SCORE", "WHY")
    parts = {one.path: one for one in told.told} if told else {}
    shown = table([heads, *(_cells(match, told=told is not None) for match in found)], cut=1 if told is None else 4)
    put_painted(paint(shown[0], "bold"))
    for match, line in zip(found, shown[1:], strict=True):
        put(line)
        if told is None and (said := _described(match.document)):
            say(f"    {said}", "dim")
        elif part := parts.get(match.document.path):
            all_of_it = "all of it" if part.whole else ", ".join(part.sections)
            say(f"    told: {all_of_it} ({counted(part.tokens, 'token')})", "dim")


def _cells(match: "Match", *, told: bool) -> tuple[str, ...]:
    document = match.document
    if not told:
        return document.kind, document.name, str(document.tokens), document.path
    score = f"{match.score:.1f}" if document.kind == "skill" else "-"
    return "+" if match.chosen else "", document.kind, document.name, score, match.why


def _described(document: "Document") -> str:
    head = document.head
    return " ".join(part for part in (head.description, f"When: {head.when}" if head.when else "") if part)
