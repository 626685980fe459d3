"""`warroom models`: the local models: installed, fit, grade; pulled with progress; probed."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click

from agents.configuration import warroom_home
from agents.models.errors import RadioSilence
from agents.models.silence import SAID, is_silent
from agents.sanitize import one_line
from agents.settings import Routing, TierSettings
from app.commands.console import put, put_json, say, table
from app.commands.failures import DONE, INTERRUPTED
from app.commands.interrupts import interruptible
from app.commands.opening import FOLDER, configuration

REPO = click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="The repository whose warroom.toml counts.")
JSON = click.option("--json", "as_json", is_flag=True, help="A line of JSON per row.")


@click.group()
def command() -> None:
    """Local models, as Ollama serves them."""


@command.command(name="list")
@REPO
@JSON
def list_models(repo: Path, as_json: bool) -> None:
    """What is installed, whether it fits the GPU, and its grade."""
    tiers, routing = _local_tiers(repo)
    rows = asyncio.run(_rows(tiers, routing))
    if as_json:
        for row in rows:
            put_json(row)
        return
    if not rows:
        say("No models are installed. `warroom models pull qwen2.5-coder:7b` gets one.")
        return
    heads = ("NAME", "SIZE", "PARAMETERS", "MEMORY", "GRADE", "TOKENS/S", "TIERS", "SERVER")
    for line in table([heads, *(_cells(row) for row in rows)]):
        put(line)


@command.command()
@click.argument("name")
@REPO
@JSON
def pull(name: str, repo: Path, as_json: bool) -> int:
    """Download a model. Interrupted and pulled again it goes on where it stopped."""
    tiers, routing = _local_tiers(repo)
    if is_silent(routing):
        raise RadioSilence(f"{SAID}: to pull a model Ollama asks its registry, and nothing is sent out")
    return asyncio.run(_pull(_named(name), _server_of(tiers, name), as_json))


@command.command()
@click.argument("name")
@REPO
@JSON
def probe(name: str, repo: Path, as_json: bool) -> None:
    """Find out what a model can do: tool calls, schema, speed, fit. The grade picks how missions work with it."""
    tiers, routing = _local_tiers(repo)
    row = asyncio.run(_probe(_named(name), _settings_for(tiers, name), _server_of(tiers, name), routing))
    if as_json:
        put_json(row)
        return
    speed = f", {row['tokens_per_second']:.0f} tokens/s" if row["tokens_per_second"] else ""
    put(f"{row['model']}: {row['grade']}{speed}. {row['details']}")
    if row["low_power"]:
        say(
            "LOW POWER: part of it runs on the CPU; a smaller model or num_ctx is faster and makes fewer mistakes.",
            "yellow",
        )


def _local_tiers(repo: Path) -> tuple[dict[str, TierSettings], Routing]:
    settings = configuration(repo).settings
    tiers = {name: tier for name, tier in settings.tiers.items() if tier.provider == "ollama" and tier.enabled}
    return tiers, settings.routing


def _named(name: str) -> str:
    if not name.strip() or name.startswith("-") or not name.isprintable() or len(name) > 200:
        raise click.UsageError(f"{name!r} is no name of a model; write it like qwen2.5-coder:7b.")
    return name.strip()


def _settings_for(tiers: dict[str, TierSettings], name: str) -> TierSettings:
    """How missions would use the model: its tier's settings, else the defaults."""
    from agents.models.ollama_inventory import same_model

    mine = (tier for tier in tiers.values() if same_model(tier.model, name))
    return next(mine, TierSettings(provider="ollama", model=name))


def _server_of(tiers: dict[str, TierSettings], name: str) -> str | None:
    """The server of the tier that uses the model, else of the first local tier; None: OLLAMA_HOST."""
    from agents.models.ollama_inventory import same_model

    ranked = sorted(tiers.values(), key=lambda tier: not same_model(tier.model, name))
    return next((tier.endpoints[0].url for tier in ranked if tier.endpoints), None)


@asynccontextmanager
async def _store() -> AsyncIterator[Any]:
    from agents.clock import SystemClock
    from agents.store import Store

    async with await Store.open(warroom_home(os.environ) / "warroom.db", SystemClock()) as store:
        yield store


async def _rows(tiers: dict[str, TierSettings], routing: Routing) -> list[dict[str, Any]]:
    from agents.models.connect import ollama_server
    from agents.models.ollama_inventory import same_model

    urls: list[str | None] = list(dict.fromkeys(one.url for tier in tiers.values() for one in tier.endpoints))
    any_model = TierSettings(provider="ollama", model="")
    rows: list[dict[str, Any]] = []
    async with _store() as store:
        for url in urls or [None]:
            async with ollama_server(any_model, url, routing) as server:
                installed, loaded = await server.models(), await server.loaded()
                where = server.url
            for model in installed:
                memory = next((one for one in loaded if same_model(one.name, model.name)), None)
                mine = {name: tier.model for name, tier in tiers.items() if same_model(tier.model, model.name)}
                # A probe is kept under the name it was asked for, which may leave out :latest.
                probes = [await store.probe("ollama", spelt) for spelt in (*mine.values(), model.name)]
                known = next((one for one in probes if one is not None), None)
                size = memory.size_bytes if memory else known.size_bytes if known else None
                vram = memory.vram_bytes if memory else known.vram_bytes if known else None
                rows.append(
                    {
                        "name": model.name,
                        "size_bytes": model.size_bytes,
                        "parameters": model.parameter_size,
                        "quantization": model.quantization,
                        "loaded": memory is not None,
                        "memory_bytes": size,
                        "vram_bytes": vram,
                        "fits": None if size is None or vram is None else vram >= size,
                        "grade": known.grade.value if known else None,
                        "tokens_per_second": known.tokens_per_second if known else None,
                        "tiers": list(mine),
                        "remote": model.remote,
                        "server": where,
                    }
                )
    return rows


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    fits = row["fits"]
    memory = "cloud" if row["remote"] else "not known yet" if fits is None else "fits" if fits else "LOW POWER"
    memory = "CPU only" if fits is False and not row["vram_bytes"] else memory
    speed = row["tokens_per_second"]
    return (
        row["name"],
        gigabytes(row["size_bytes"]),
        f"{row['parameters']} {row['quantization']}".strip() or "-",
        memory,
        row["grade"] or "not probed",
        f"{speed:.0f}" if speed else "-",
        ", ".join(row["tiers"]) or "-",
        row["server"],
    )


def gigabytes(size: int) -> str:
    """4.7 GB, 986 MB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


async def _pull(name: str, url: str | None, as_json: bool) -> int:
    from agents.models.connect import ollama_server

    with interruptible() as wish:
        async with ollama_server(TierSettings(provider="ollama", model=name), url, Routing()) as server:
            downloading = asyncio.create_task(_download(server, name, as_json))
            stopping = asyncio.create_task(wish.wait())
            await asyncio.wait({downloading, stopping}, return_when=asyncio.FIRST_COMPLETED)
            interrupted = not downloading.done()
            for task in (downloading, stopping):
                if not task.done():
                    task.cancel()
            await asyncio.gather(downloading, stopping, return_exceptions=True)
    if interrupted:
        say(f"Interrupted: `warroom models pull {one_line(name, 80)}` goes on where it stopped.", "yellow")
        return INTERRUPTED
    downloading.result()
    if not as_json:
        put(f"{one_line(name, 80)} is pulled. `warroom models probe {one_line(name, 80)}` grades it.")
    return DONE


async def _download(server: Any, name: str, as_json: bool) -> None:
    """Pull with a bar on stderr, or a line of JSON per step."""
    if as_json:
        async for step in server.pull(name):
            put_json({"model": name, **step.model_dump()})
        return
    with click.progressbar(length=1000, label=one_line(name, 40), file=sys.stderr, item_show_func=_status) as bar:
        shown = 0
        async for step in server.pull(name):
            reached = 1000 * step.completed_bytes // step.total_bytes if step.total_bytes else 0
            # Layers are announced one by one, so the share may fall; a bar that goes back only confuses.
            bar.update(max(0, reached - shown), step.status)
            shown = max(shown, reached)


def _status(status: object) -> str | None:
    return one_line(str(status), 40) if status else None


async def _probe(name: str, settings: TierSettings, url: str | None, routing: Routing) -> dict[str, Any]:
    from agents.clock import SystemClock
    from agents.models.connect import ollama_model, ollama_server
    from agents.models.probe import probe_model

    clock = SystemClock()
    model = ollama_model(settings, url, routing, clock)
    say(f"Asking {one_line(name, 80)} four short questions; a model that must be loaded first takes a while.", "dim")
    try:
        async with _store() as store, ollama_server(settings, url, routing) as server:
            found = await probe_model(model, clock=clock, server=server)
            await store.save_probe(found)
    finally:
        await model.aclose()
    low = bool(found.size_bytes and found.vram_bytes and found.vram_bytes < found.size_bytes)
    return {**found.model_dump(mode="json"), "low_power": low}
