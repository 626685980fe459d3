"""What War Room needs, looked at one by one. Each finding says what is, and when it is not well, what to do."""

import asyncio
import platform
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from agents.children import for_children
from agents.clock import SystemClock
from agents.configuration import Configuration
from agents.models.errors import ModelError
from agents.sanitize import one_line
from agents.settings import Routing, Settings, TierSettings
from agents.tasks import Frozen

LOOK_S = 5.0
"""How long one look may take."""


class Finding(Frozen):
    """One line of the doctor."""

    name: str
    status: Literal["ok", "warn", "fail"]
    detail: str
    fix: str = ""
    usable: bool | None = None
    """For a tier: a mission could start on it now."""
    gaps: tuple[str, ...] | None = None
    """For the sandbox: what it cannot hold."""

    def row(self) -> dict[str, Any]:
        """A line of JSON."""
        return {key: value for key, value in self.model_dump().items() if value is not None}


def python() -> Finding:
    """The interpreter and the machine."""
    return Finding(name="python", status="ok", detail=f"{platform.python_version()} on {platform.platform(terse=True)}")


async def git() -> Finding:
    """Every mission works in a git worktree."""
    if shutil.which("git") is None:
        return Finding(
            name="git", status="fail", detail="git is not on PATH", fix="Install git, for example: apt install git"
        )
    process = await asyncio.create_subprocess_exec(
        "git",
        "--version",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=for_children(),
    )
    out, _ = await process.communicate()
    return Finding(
        name="git", status="ok", detail=one_line(out.decode("utf-8", "replace").removeprefix("git version "), 60)
    )


async def repository(folder: Path, home: Path, *, trusted: bool = True) -> Finding:
    """The folder War Room would work on."""
    from agents.workspace import ForeignPrograms, Repository, WorkspaceError

    try:
        found = await Repository.open(folder, home, trusted=trusted)
        base = await found.base()
    except ForeignPrograms as error:
        detail, _, fix = str(error).rpartition(". ")
        return Finding(name="repository", status="fail", detail=one_line(detail, 300), fix=fix)
    except WorkspaceError as error:
        return Finding(
            name="repository", status="fail", detail=one_line(str(error), 300), fix="Run War Room in a repository."
        )
    except OSError as error:
        return Finding(
            name="repository", status="fail", detail=f"cannot be read: {error.strerror}", fix="Check its permissions."
        )
    where = f"{one_line(str(found.root), 200)} at {base.commit[:10]}" + (f" on {base.branch}" if base.branch else "")
    if base.warnings:
        return Finding(name="repository", status="warn", detail=f"{where}. {one_line(' '.join(base.warnings), 300)}")
    return Finding(name="repository", status="ok", detail=where)


async def home(folder: Path) -> Finding:
    """Where the database, worktrees and logs lie."""
    from agents.store import CorruptDatabase, Store, StoreError

    shown = one_line(str(folder), 200)
    try:
        async with await Store.open(folder / "warroom.db", SystemClock(), busy_s=LOOK_S) as store:
            events = await store.last_seq()
    except CorruptDatabase as error:
        return Finding(name="home", status="fail", detail=one_line(str(error), 400), fix="warroom doctor --move-aside")
    except StoreError as error:
        return Finding(
            name="home", status="fail", detail=one_line(str(error), 400), fix="Set WARROOM_HOME to another folder."
        )
    free = shutil.disk_usage(folder).free
    if free < 500_000_000:
        return Finding(
            name="home", status="warn", detail=f"{shown}: {free // 1_000_000} MB free", fix="Make room on that disk."
        )
    return Finding(name="home", status="ok", detail=f"{shown}, {events} events")


async def sandbox(settings: Settings, *, trusted: bool = True) -> Finding:
    """The wall around agents' commands, what it cannot hold, and why it is not a better one; what its lack means where
    the folder is not trusted."""
    from agents.tools.sandbox import SandboxError, choose_sandbox

    try:
        found = await choose_sandbox(settings.sandbox.kind, limits=settings.sandbox)
    except SandboxError as error:
        fix = 'Do what it says, or set [sandbox] kind = "auto": the best that works here.'
        return Finding(name="sandbox", status="fail", detail=one_line(str(error), 500), fix=fix)
    if not found.wall:
        detail = one_line(f"OPEN FIELD: {found.warning}", 600)
        asked = settings.sandbox.kind == "none"
        fix = 'Set [sandbox] kind = "auto".' if asked else "Install bubblewrap (apt install bubblewrap)."
        if not trusted:
            detail += "; this folder is not trusted, so nothing of it is run"
            fix += " Or look at the folder, then `warroom trust`."
        return Finding(name="sandbox", status="warn", detail=detail, fix=fix, gaps=found.gaps)
    fix = f"For a tighter wall: {one_line('; '.join(found.passed_over), 500)}" if found.passed_over else ""
    limits = settings.sandbox
    held = f"{limits.memory_mb} MB, {limits.processes} processes, {limits.disk_mb} MB on disk"
    return Finding(
        name="sandbox",
        status="ok",
        detail=f"{found.name}, network {settings.network}, {held}",
        fix=fix,
        gaps=found.gaps,
    )


def configured(found: Configuration) -> Finding:
    """The settings that are in force."""
    files = ", ".join(one_line(str(path), 200) for path in found.files) or "defaults only"
    if found.foreign is not None and found.warnings:
        mend = f"Mend it, or leave it: it decides nothing here. {one_line(str(found.foreign.path), 200)}"
        fix = mend if found.foreign.problem else "`warroom trust` shows what it would change, and asks."
        return Finding(name="configuration", status="warn", detail=f"{files}. {' '.join(found.warnings)}", fix=fix)
    return Finding(name="configuration", status="ok", detail=files)


def credential(settings: Settings, environ: Mapping[str, str]) -> Finding:
    """Which variable's credential will be billed. Its value is never shown."""
    from agents.dispatch import readiness

    users = [name for name, tier in settings.tiers.items() if tier.enabled and tier.provider == "anthropic"]
    found = readiness.credential(environ)
    if not users:
        return Finding(name="claude", status="ok", detail="no tier uses it")
    if found is None:
        fix = "Set ANTHROPIC_API_KEY for paid tiers; local models work without."
        return Finding(name="claude", status="warn", detail=f"no credential for {', '.join(users)}", fix=fix)
    base = environ.get("ANTHROPIC_BASE_URL", "")
    where = f" at {one_line(base.rpartition('@')[2], 100)} (ANTHROPIC_BASE_URL)" if base else ""
    detail = f"{found} will be billed{where}, for {', '.join(users)}"
    if found != "ANTHROPIC_AUTH_TOKEN" and environ.get("ANTHROPIC_AUTH_TOKEN"):
        return Finding(
            name="claude",
            status="warn",
            detail=f"{detail}; ANTHROPIC_AUTH_TOKEN is set too",
            fix="Unset the one you do not mean.",
        )
    return Finding(name="claude", status="ok", detail=detail)


def paid_tier(name: str, tier: TierSettings, environ: Mapping[str, str]) -> Finding:
    """A tier of the Messages API: a credential and a known price."""
    from agents.dispatch import readiness
    from agents.models.prices import price_of

    label = f"tier {name}"
    if readiness.credential(environ) is None:
        return Finding(
            name=label, status="warn", detail=f"{tier.model}: no credential", fix="Set ANTHROPIC_API_KEY.", usable=False
        )
    if price_of(tier.provider, tier.model) is None:
        detail = f"{tier.model}: its price is not known, so it is refused under a cap"
        return Finding(
            name=label, status="warn", detail=detail, fix=f"Set [tiers.{name}] model to one with a price.", usable=False
        )
    return Finding(name=label, status="ok", detail=f"{tier.model}, {tier.slots} slots", usable=True)


async def ollama_tier(name: str, tier: TierSettings, routing: Routing) -> Finding:
    """A local tier: does a server answer, does it have the model, does the model fit."""
    urls: list[str | None] = [endpoint.url for endpoint in tier.endpoints]
    findings = [await _ollama_at(name, tier, url, routing) for url in urls or [None]]
    return min(findings, key=lambda finding: ("ok", "warn", "fail").index(finding.status))


def silenced(name: str, why: str) -> Finding:
    """A tier that is not asked, because nothing may be sent out."""
    return Finding(name=f"tier {name}", status="ok", detail=why, usable=False)


async def _ollama_at(name: str, tier: TierSettings, url: str | None, routing: Routing) -> Finding:
    from agents.models.connect import ollama_server
    from agents.models.ollama_inventory import same_model

    label, model = f"tier {name}", one_line(tier.model, 80)
    server = ollama_server(tier, url, routing, connect_s=min(tier.connect_s, LOOK_S), answer_s=LOOK_S)
    try:
        where = f"Ollama {await server.version()} at {_without_user(server.url)}"
        installed = await server.models()
        loaded = await server.loaded()
    except ModelError as error:
        fix = "Start it (`ollama serve`), or set OLLAMA_HOST or the tier's endpoints."
        return Finding(name=label, status="warn", detail=one_line(str(error), 300), fix=fix, usable=False)
    finally:
        await server.aclose()
    if not any(same_model(one.name, tier.model) for one in installed):
        fix = f"warroom models pull {model}"
        return Finding(name=label, status="warn", detail=f"{model} is not pulled; {where}", fix=fix, usable=False)
    memory = next((one for one in loaded if same_model(one.name, tier.model)), None)
    if memory is not None and memory.spilled:
        detail = f"LOW POWER: {memory.spilled_share:.0%} of {model} runs on the CPU; {where}"
        return Finding(name=label, status="warn", detail=detail, fix="Use a smaller model or num_ctx.", usable=True)
    fit = "not loaded now" if memory is None else "CPU only" if memory.on_cpu else "fits the GPU"
    return Finding(name=label, status="ok", detail=f"{model}, {fit}; {where}", usable=True)


def terminal(environ: Mapping[str, str]) -> Finding:
    """What the screen would be drawn on."""
    if not sys.stdout.isatty():
        return Finding(name="terminal", status="ok", detail="none here: `run`, `board` and `demo --headless` need none")
    size, term = shutil.get_terminal_size(), one_line(environ.get("TERM", ""), 40)
    if term in {"", "dumb"}:
        return Finding(
            name="terminal", status="warn", detail="TERM is dumb", fix="Use `warroom run` and `warroom board`."
        )
    full = environ.get("COLORTERM", "") in {"truecolor", "24bit"}
    colour = "no colour (NO_COLOR)" if environ.get("NO_COLOR") else "true colour" if full else "256 colours or fewer"
    detail = f"{term}, {size.columns}×{size.lines}, {colour}"
    if size.columns < 60 or size.lines < 20:
        return Finding(name="terminal", status="warn", detail=detail, fix="Make it at least 60×20; 120×40 is best.")
    return Finding(name="terminal", status="ok", detail=detail)


def _without_user(url: str) -> str:
    """`url` without a name and password."""
    scheme, _, rest = url.partition("://")
    return one_line(f"{scheme}://{rest.rpartition('@')[2]}", 120)
