"""The ordered list of arms a task is tried with, cheapest tier first."""

from collections.abc import Mapping, Sequence

from agents.settings import Settings, TierSettings
from agents.tasks import Arm, Grade, Mission, TaskKind, Variant, Way

_PROVIDER_ORDER = {"simulation": 0, "ollama": 0, "anthropic": 1}
ONE_FILE_KINDS = frozenset({TaskKind.FUNCTION, TaskKind.EDIT, TaskKind.DOCS, TaskKind.TESTS})


class NoTier(Exception):
    """No tier can take the task; the message says why and what to configure."""


def way_for(tier: TierSettings, kind: TaskKind, grade: Grade | None, *, small: bool = False) -> Way:
    """The tier's way of working for this kind of task.

    A set way wins. Paid models work in the loop. Small models are broken by the loop, not by the task, even those that
    pass a probe's tool calls: a local model works directly unless it was probed to call tools, is not `small`, and the
    task spans several files.
    """
    if tier.way != "auto":
        return tier.way
    if tier.provider == "anthropic" and tier.model.startswith("claude"):
        return Way.LOOP
    if tier.provider == "simulation":
        return Way.LOOP
    able = grade is Grade.TOOLS and not small
    return Way.LOOP if able and kind not in ONE_FILE_KINDS else Way.DIRECT


def make_plan(
    *,
    settings: Settings,
    complexity: int,
    kind: TaskKind,
    has_check: bool,
    pin: str | None = None,
    at_least: str | None = None,
    grades: Mapping[str, Grade] | None = None,
    small: frozenset[str] = frozenset(),
    available: frozenset[str] | None = None,
) -> tuple[Arm, ...]:
    """The arms in the order they are tried. `available` are the tiers that can be reached now (None: all of them),
    `small` those whose model is too small for the tool loop.

    With a pin only that tier's arms; with `at_least` none of a tier that comes before it. Without a check a second try
    would have nothing to learn from: one arm.
    Raises NoTier.
    """
    names = [pin] if pin else _order(settings, complexity, available)
    if at_least is not None and not pin:
        names = [name for name in names if name not in cheaper_than(settings, at_least)]
    if pin and pin not in settings.tiers:
        raise NoTier(f"there is no tier named {pin!r}: the tiers are {', '.join(settings.tiers)}")
    if pin and not settings.tiers[pin].enabled:
        raise NoTier(f"tier {pin!r} is switched off: set tiers.{pin}.enabled = true, or give the task to another")
    if not names:
        raise NoTier(
            "no tier can be reached: start Ollama or set ANTHROPIC_API_KEY (`warroom doctor` says what is missing)"
        )
    arms: list[Arm] = []
    for name in names:
        tier = settings.tiers[name]
        arms += _arms(
            name, tier, way_for(tier, kind, (grades or {}).get(name), small=name in small), settings.routing.samples
        )
    return tuple(arms[:1] if not has_check else arms[: settings.routing.max_missions])


def cheaper_than(settings: Settings, tier: str) -> tuple[str, ...]:
    """The tiers a person means by "below this one": those before it, local ones first, then as they are configured."""
    order = sorted(settings.tiers, key=lambda name: _PROVIDER_ORDER[settings.tiers[name].provider])
    return tuple(order[: order.index(tier)]) if tier in order else ()


def remaining(plan: Sequence[Arm], done: Sequence[Mission]) -> tuple[Arm, ...]:
    """The arms of `plan` that come after those of `done`, the missions that have ended, in their order."""
    rest = list(plan)
    for mission in done:
        ended = (mission.tier, mission.way, mission.variant)
        place = next((at for at, arm in enumerate(rest) if (arm.tier, arm.way, arm.variant) == ended), None)
        if place is not None:
            rest = rest[place + 1 :]
    return tuple(rest)


def _order(settings: Settings, complexity: int, available: frozenset[str] | None) -> list[str]:
    """Coding tiers, cheapest first; those whose band ends below the task come last, not never."""
    tiers = [
        (name, tier)
        for name, tier in settings.tiers.items()
        if tier.enabled and "code" in tier.roles and (available is None or name in available)
    ]
    cheap_first = sorted(tiers, key=lambda item: _PROVIDER_ORDER[item[1].provider])
    fitting = [name for name, tier in cheap_first if tier.band[0] <= complexity <= tier.band[1]]
    if settings.routing.preset == "bands" or not fitting:
        return fitting or [name for name, _ in cheap_first]
    free = [name for name, tier in cheap_first if tier.provider != "anthropic" and name not in fitting]
    return (free if settings.routing.preset == "free-first" else []) + fitting


def _arms(name: str, tier: TierSettings, way: Way, samples: int) -> list[Arm]:
    price = "$0" if tier.provider != "anthropic" else "paid"
    first = Arm(tier=name, model=tier.model, way=way, why=f"{name} ({way}) at {price}, the cheapest not yet tried")
    retry = first.model_copy(
        update={"variant": Variant.RETRY, "why": f"{name} once more, seeing what failed, before anything dearer"}
    )
    sample = first.model_copy(
        update={"variant": Variant.SAMPLE, "why": f"{name} afresh at temperature .7: free, and the check decides"}
    )
    free_samples = samples if way is Way.DIRECT and tier.provider != "anthropic" else 0
    return [first, retry, *[sample, retry] * free_samples]
