"""Which tier plans, writes the check and reviews when work is orchestrated."""

from collections.abc import Collection, Iterable, Mapping

from agents.dispatch.council import Adviser
from agents.refusals import NoAdviser
from agents.routing.advisers import adviser_of
from agents.routing.plan import cheaper_than
from agents.settings import Settings
from agents.tasks import Arm, Role, Task


def adviser_for(
    task: Task,
    roles: Collection[Role],
    settings: Settings,
    available: Collection[str],
    *,
    never: Collection[str] = (),
    missing: Mapping[str, str] | None = None,
) -> Adviser:
    """The tier with one of `roles` that is asked about `task`, of those within whose band it lies, where there are any.

    `never`: models that must not be asked; `missing`: why tiers cannot be asked now. Raises NoAdviser, with what to do.
    """
    wanted = {role.value for role in roles} | ({"order"} if Role.CODE not in roles else set())
    name = adviser_of(settings, wanted, task.complexity, available=available, never=never)
    if name is None:
        role = "order" if "order" in wanted else "code"
        able = [one for one, tier in settings.tiers.items() if wanted & set(tier.roles) and tier.model not in never]
        if reasons := list(dict.fromkeys(missing[one] for one in able if missing and one in missing)):
            raise NoAdviser(
                f"{task.label} cannot be orchestrated: {'; '.join(reasons)}. Another tier may be given the role "
                f"{role!r}: tiers.NAME.roles in warroom.toml"
            )
        raise NoAdviser(
            f"{task.label} cannot be orchestrated: no tier that can be reached has the role {role!r} and another model "
            f'than the one that writes (`warroom doctor` says which can); give one tiers.NAME.roles = ["{role}"] in '
            "warroom.toml"
        )
    return Adviser(name, settings.tiers[name])


def check_writer(
    task: Task, settings: Settings, available: Collection[str], *, writers: Iterable[str], first: str
) -> Adviser:
    """Who writes the acceptance check: the planner's tier `first`, unless its model is one of the `writers`; else
    another that plans or reviews, or the next one up that codes. Raises NoAdviser."""
    never = set(writers)
    tier = settings.tiers.get(first)
    if tier is not None and tier.model not in never:
        return Adviser(first, tier)
    try:
        return adviser_for(task, (Role.PLAN, Role.REVIEW), settings, available, never=never)
    except NoAdviser:
        return adviser_for(task, (Role.CODE,), settings, available, never=never)


def next_up(arm: Arm, settings: Settings, available: Collection[str], *, never: Collection[str]) -> str | None:
    """The tier that gets a part which the arm's own could not write; None: there is none."""
    for name, tier in settings.tiers.items():
        codes = tier.enabled and "code" in tier.roles and name in available
        if codes and arm.tier in cheaper_than(settings, name) and tier.model not in {arm.model, *never}:
            return name
    return None
