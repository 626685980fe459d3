"""What `prove --ab` compares: the same tier in two settings that differ in one thing."""

from enum import StrEnum

from agents.settings import Settings

WARM = 0.7


class Variable(StrEnum):
    """The one thing that differs."""

    COOLDOWN = "cooldown"
    TEMPERATURE = "temperature"
    PERSONA = "persona"
    CONTEXT = "context"


def two_arms(settings: Settings, tier: str, variable: Variable) -> dict[str, Settings]:
    """The settings of the two arms, by what they are called: first as it is by default, then the other way."""
    if variable is Variable.COOLDOWN:
        rest = settings.cooldown.model_copy(update={"rest_s": 3.0, "reset_every": 3})
        none = settings.cooldown.model_copy(update={"rest_s": 0.0, "reset_every": 0})
        return {
            "rest 3 s, reset every third": settings.model_copy(update={"cooldown": rest}),
            "no cooldown": settings.model_copy(update={"cooldown": none}),
        }
    if variable is Variable.TEMPERATURE:
        return {
            "temperature 0": _with_temperature(settings, tier, 0.0),
            f"temperature {WARM:g}": _with_temperature(settings, tier, WARM),
        }
    what = {Variable.PERSONA: "CodeX-7 with examples", Variable.CONTEXT: "project context"}[variable]
    return {
        what: _with_mission(settings, variable, on=True),
        f"no {variable}": _with_mission(settings, variable, on=False),
    }


def _with_temperature(settings: Settings, tier: str, temperature: float) -> Settings:
    warm = settings.tiers[tier].model_copy(update={"temperature": temperature})
    return settings.model_copy(update={"tiers": {**settings.tiers, tier: warm}})


def _with_mission(settings: Settings, field: str, *, on: bool) -> Settings:
    return settings.model_copy(update={"mission": settings.mission.model_copy(update={field: on})})
