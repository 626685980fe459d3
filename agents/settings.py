"""What a person can set, with the defaults. Loading (files, variables, errors with file and line): configuration.py."""

import re
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from agents.tasks import NANO, Way


class Section(BaseModel):
    """A table of the configuration: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Budget(Section):
    """Hard caps in dollars."""

    daily_usd: float = Field(default=5.00, ge=0)
    task_usd: float = Field(default=1.00, ge=0)
    warn_at: float = Field(default=0.8, gt=0, le=1)

    @property
    def daily_nano(self) -> int:
        """The configured daily cap in nano-dollars. What is in force may be more: a person can raise it for a day."""
        return round(self.daily_usd * NANO)

    @property
    def task_nano(self) -> int:
        """The cap, in nano-dollars, of a task that has none of its own."""
        return round(self.task_usd * NANO)


Goes = Literal["local", "cloud", "either"]
"""Who is the better choice for a sort of work."""
WORK_GOES: dict[str, Goes] = {
    "boilerplate": "local",
    "tests": "local",
    "component": "local",
    "migration": "local",
    "client": "local",
    "types": "local",
    "architecture": "cloud",
    "debugging": "cloud",
    "review": "cloud",
    "refactor": "cloud",
}
"""Token-heavy writing after a pattern goes to local models; what needs understanding of the whole does not."""


class Routing(Section):
    """Which tiers are tried, in which order."""

    mode: Literal["auto", "orchestrated", "local-only"] = "auto"
    """auto: whatever pays. orchestrated: a stronger model plans and reviews, a free one writes, wherever that can be.
    local-only, radio silence: nothing is ever sent to another machine."""
    local_hosts: tuple[str, ...] = ()
    """Private addresses (10.0.0.5, fd00::5) of machines of your own that may be asked all the same."""
    preset: Literal["free-first", "balanced", "fast", "bands"] = "free-first"
    judge: str = "haiku"
    """A tier, or "none"."""
    max_missions: int = Field(default=24, ge=1)
    samples: int = Field(default=6, ge=0)
    """The most fresh tries in varying words and temperatures that a free direct arm gets where a check decides."""
    free_s: float = Field(default=600, ge=0)
    """Seconds after which a task gets no more free retries and samples: then comes what is dearer, or the person."""
    wait_usd_per_hour: float | None = Field(default=None, ge=0)
    """What an hour of waiting is worth; None: as the preset says (free-first 0)."""
    unsolved_usd: float = Field(default=1.00, ge=0)
    """What a task that ends unsolved costs you."""
    wrong_usd: float = Field(default=1.00, ge=0)
    """What a wrong result that the check accepts costs you."""
    false_accept: float = Field(default=0.02, ge=0, lt=1)
    """The share of wrong results that your checks accept."""
    target_success: float | None = Field(default=None, gt=0, lt=1)
    """Go on, whatever an unsolved task is worth, until so many tasks are expected to be solved."""
    explore: float = Field(default=0.02, ge=0, le=0.05)
    """How often a cheaper arm that the plan leaves out is tried first all the same, to learn about it."""

    goes: dict[str, Goes] = Field(default_factory=WORK_GOES.copy)
    """Where each sort of work goes: the odds of local models are raised or lowered by it. See routing/work.toml."""

    @field_validator("goes")
    @classmethod
    def _known_work(cls, goes: dict[str, Goes]) -> dict[str, Goes]:
        if unknown := sorted(goes.keys() - WORK_GOES.keys()):
            raise ValueError(f"{unknown[0]!r} is no sort of work: they are {', '.join(WORK_GOES)}")
        return {**WORK_GOES, **goes}

    @field_validator("local_hosts")
    @classmethod
    def _private(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            try:
                address = ip_address(host)
            except ValueError:
                address = None
            if address is None or not (address.is_private or address.is_loopback) or address.is_unspecified:
                raise ValueError(f"{host!r} is no private address, as 10.0.0.5 or fd00::5 is: names are looked up")
        return tuple(str(ip_address(host)) for host in hosts)


class Orchestrate(Section):
    """Work by a planner's order: the cloud plans and reviews, the local squad writes."""

    tries: int = Field(default=2, ge=1, le=10)
    """Tries a part gets before the planner is asked what should change."""
    keep_check: bool = True
    """The acceptance check that a model wrote is part of the result, as a test the person can read."""
    adopt_check: bool = False
    """It counts as the task's own, read or not: a result that turns it green is proven. It is kept then."""


class Dispatch(Section):
    """Who works on what, when, and what happens when nobody looks."""

    max_running: int = Field(default=0, ge=0)
    """Tasks under way at once, over all tiers and War Rooms of this home; 0: as many as there are slots."""
    max_in_review: int = Field(default=0, ge=0)
    """Nothing new starts while so many results of the repository wait for review; 0: no limit."""
    auto_accept: bool = False
    """Accept what is proven without asking."""
    on_conflict: Literal["ask", "retry"] = "ask"
    """A result that no longer merges: ask the person, or send an agent out again with the conflict as its brief."""
    on_hangup: Literal["continue", "pause"] = "continue"
    """The terminal is lost: the squad works on without a screen, or stops and waits for the next War Room."""
    stall_s: float = Field(default=600, gt=0)
    """A mission whose files and failing tests have not changed for so long is stuck."""
    review_every: int = Field(default=0, ge=0)
    """A stronger tier reads every so-manyth local result; 0: only when asked."""
    lease_s: float = Field(default=30, ge=1)
    """A War Room on another machine that has not been heard for so long is dead: its missions are taken over."""


class Endpoint(Section):
    """Where a tier's model is served, and how many requests at once it takes."""

    url: str
    slots: int = Field(default=1, ge=1)


class TierSettings(Section):
    """A configured level of model."""

    provider: Literal["ollama", "anthropic", "simulation"]
    model: str
    endpoints: tuple[Endpoint, ...] = ()
    """Empty: the official client's own default (OLLAMA_HOST, ANTHROPIC_BASE_URL)."""
    slots: int = Field(default=1, ge=1)
    """Used where `endpoints` is empty."""
    num_ctx: int = Field(default=16384, ge=1024)
    max_tokens: int = Field(default=4096, ge=256)
    """The most one reply may hold."""
    temperature: float = Field(default=0.0, ge=0, le=2)
    """Of a first try, for models that obey one; later tries have their own."""
    keep_alive: str = "10m"
    way: Literal["auto"] | Way = "auto"
    band: tuple[int, int] = (1, 10)
    roles: tuple[Literal["code", "plan", "review", "order"], ...] = ("code",)
    """What it is asked for: code; plans and divisions of tasks; reviews of results; "order": work orders, checks and
    reviews of orchestrated work, for which a tier that plans or reviews is asked too."""
    first_byte_s: float = Field(default=300, gt=0)
    between_chunks_s: float = Field(default=120, gt=0)
    connect_s: float = Field(default=5, gt=0)
    enabled: bool = True
    free: bool = False
    """A server of your own behind the Messages API (llama-server, vLLM): its calls cost nothing."""

    @property
    def total_slots(self) -> int:
        """Requests at once, over all endpoints."""
        return sum(endpoint.slots for endpoint in self.endpoints) or self.slots

    @field_validator("band")
    @classmethod
    def _ordered(cls, band: tuple[int, int]) -> tuple[int, int]:
        if not 1 <= band[0] <= band[1] <= 10:
            raise ValueError("a band is [from, to] with 1 <= from <= to <= 10")
        return band


class Cooldown(Section):
    """Rest of a local agent between missions."""

    rest_s: float = Field(default=3, ge=0)
    reset_every: int = Field(default=3, ge=0)


class Check(Section):
    """How results are proven."""

    command: str | None = None
    timeout_s: float = Field(default=300, gt=0)
    show: bool = True
    """Show the check to the agent: it is the specification."""


class Mission(Section):
    """Limits of one attempt."""

    max_steps: int = Field(default=25, ge=1)
    timeout_s: float = Field(default=1800, gt=0)
    """Longer than dispatch.stall_s: who gets on may take its time, who does not is stopped before."""
    tool_timeout_s: float = Field(default=120, gt=0)
    output_cap: int = Field(default=12_000, ge=1000)
    """Characters of a tool's output a model gets to see, head and tail; the whole is in a log file."""
    persona: bool = True
    """Tell the agent that it is CodeX-7, with the worked examples; without, only how to answer."""
    context: bool = True
    """Tell it about the project: AGENTS.md, CLAUDE.md, README, a small map of the tree."""


class Network(StrEnum):
    """How far an agent's commands reach."""

    NONE = "none"
    LOOPBACK = "loopback"
    """Servers the command itself starts; in a wall with a network of its own no others."""
    ALL = "all"


SandboxKind = Literal["auto", "bubblewrap", "landlock", "sandbox-exec", "none"]


class Limits(Section):
    """What one command may use of the machine; all of its processes together, unless it says otherwise."""

    memory_mb: int = Field(default=4096, ge=64)
    processes: int = Field(default=512, ge=8)
    file_mb: int = Field(default=2048, ge=1)
    """Of a single file."""
    disk_mb: int = Field(default=10_240, ge=1)
    """What it may add to the worktree and its other folders."""
    cpu_s: int = Field(default=3600, ge=1)
    """Processor seconds of a single process."""

    @property
    def threads(self) -> int:
        """Of all processes: a Java or Node process has a few dozen where ordinary ones have one."""
        return self.processes * 4


class SandboxSettings(Limits):
    """The wall around an agent's commands, and the limits inside it."""

    kind: SandboxKind = "auto"
    network: Network = Network.NONE
    """Under radio silence "all" means "none"."""
    ask: tuple[str, ...] = ()
    """Commands that are asked about although they stay within the wall: git push*, npm publish*."""
    unwalled: Literal["ask", "allow", "refuse"] = "ask"
    """What becomes of an agent's commands where there is no wall. Only the person's own file may say so."""
    headless: Literal["refuse", "wait"] = "refuse"
    """What becomes of an ask where there is no screen: refused at once, or it waits for `warroom answer`."""
    redact_prompts: Literal["paid", "all", "off"] = "paid"
    """Take secrets out of what is sent to paid models; to all; to none. Logs and transcripts never hold them."""

    @field_validator("network", mode="before")
    @classmethod
    def _yes_or_no(cls, network: Any) -> Any:
        """true and false are how this was written before there was something between them."""
        return {"true": Network.ALL, "false": Network.NONE}.get(str(network).lower(), network)


class CalledIn(Section):
    """What other agents that call War Room in (`warroom mcp`) may do. Only the person's own file can allow it."""

    accept: bool = False
    """Merge results onto the person's branch."""
    repos: tuple[str, ...] = ()
    """Folders of repositories, besides the one the server was started in, that they may have worked on."""


SoundName = Literal[
    "app.ready", "app.ended", "agent.needs_input", "budget.exhausted", "budget.refused", "agent.lost", "model.offline",
    "agent.stuck", "agent.loop", "task.failed", "task.proven", "task.verified", "task.unverified", "merge.done",
    "mission.escalated", "budget.low", "budget.eighty", "model.spilled", "model.limited", "review.started",
    "agent.spawned", "agent.ready", "task.assigned", "agent.cooling", "task.milestone", "task.posted", "agent.selected",
    "budget.spent", "key.pressed", "key.refused",
    "session.start", "session.end", "task.acknowledge", "task.complete", "task.error", "task.progress",
    "input.required", "resource.limit", "user.spam",
]  # fmt: skip
"""What can be muted by itself: our events, and the categories of sound packs."""

_QUIET = re.compile(r"([01]?\d|2[0-3]):[0-5]\d-([01]?\d|2[0-3]):[0-5]\d")


class Sound(Section):
    """What the ear gets."""

    enabled: bool | Literal["ask"] = "ask"
    """"ask": the screen asks once. Over SSH nobody is asked: there it rings for what needs a person, unless false."""
    muted: bool = False
    volume: float = Field(default=0.7, ge=0, le=1)
    verbosity: Literal["all", "important", "needs-you"] = "all"
    mute: tuple[SoundName, ...] = ()
    quiet_hours: str = ""
    """Local time, as in 22:00-07:00; empty: none."""
    pack: str = Field(default="vesper", pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    backend: Literal["auto", "miniaudio", "simpleaudio", "player", "bell"] = "auto"

    @field_validator("quiet_hours")
    @classmethod
    def _two_times(cls, hours: str) -> str:
        if hours and not _QUIET.fullmatch(hours):
            raise ValueError("it must be like 22:00-07:00, or empty")
        return hours


class ScreenSettings(Section):
    """How the command center looks."""

    theme: str = "ember"
    plain_speech: bool = False
    ascii: bool = False


def default_tiers() -> dict[str, TierSettings]:
    """Local first, then Haiku, Sonnet, which orders too; Opus plans and reviews."""
    return {
        "local": TierSettings(provider="ollama", model="qwen2.5-coder:7b", band=(1, 6)),
        "haiku": TierSettings(
            provider="anthropic", model="claude-haiku-5-5", slots=4, num_ctx=200_000, max_tokens=16_000, band=(1, 8)
        ),
        "sonnet": TierSettings(
            provider="anthropic",
            model="claude-sonnet-5-5",
            slots=4,
            num_ctx=200_000,
            max_tokens=16_000,
            band=(1, 10),
            roles=("code", "order"),
        ),
        "opus": TierSettings(
            provider="anthropic",
            model="claude-opus-5-5",
            slots=2,
            num_ctx=200_000,
            max_tokens=16_000,
            roles=("plan", "review"),
        ),
    }


class Settings(Section):
    """The whole configuration, merged and checked."""

    budget: Budget = Budget()
    routing: Routing = Routing()
    orchestrate: Orchestrate = Orchestrate()
    dispatch: Dispatch = Dispatch()
    tiers: dict[str, TierSettings] = Field(default_factory=default_tiers)
    cooldown: Cooldown = Cooldown()
    check: Check = Check()
    mission: Mission = Mission()
    sandbox: SandboxSettings = SandboxSettings()
    mcp: CalledIn = CalledIn()
    sound: Sound = Sound()
    screen: ScreenSettings = ScreenSettings()
    keys: dict[str, str] = {}

    @property
    def network(self) -> Network:
        """How far agents' commands and checks reach."""
        silent = self.routing.mode == "local-only" and self.sandbox.network is Network.ALL
        return Network.NONE if silent else self.sandbox.network
