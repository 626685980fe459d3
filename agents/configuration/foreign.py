"""A repository's warroom.toml is a stranger's text: obeyed, but it may not send the person's credential elsewhere."""

from typing import Any

from agents.sanitize import one_line
from agents.settings import Settings

_DELICATE = ("sandbox.", "dispatch.auto_accept", "orchestrate.adopt_check")
"""Keys that decide how far an agent gets without being asked."""


def distrust(
    settings: Settings, own_budget: dict[str, Any], origins: dict[str, str], file: str
) -> tuple[Settings, tuple[str, ...]]:
    """`settings` without what the repository's file may not decide, and warnings for what is refused or delicate.

    `own_budget` is the table [budget] as it would be without that file. Endpoints the file gives to a tier of the
    Messages API are dropped and the tier is switched off (`origins` is updated): the official client would send the
    person's key to an address they never chose.
    """
    warnings: list[str] = []
    tiers = dict(settings.tiers)
    for name, tier in settings.tiers.items():
        key = f"tiers.{name}.endpoints"
        if not tier.endpoints or not origins[key].startswith(f"{file}:"):
            continue
        hosts = one_line(", ".join(endpoint.url for endpoint in tier.endpoints), 120)
        said = f"{file} of this repository sets {key} to {hosts}"
        if tier.provider != "anthropic":
            warnings.append(f"{said}: code of this repository is sent there.")
            continue
        tiers[name] = tier.model_copy(update={"endpoints": (), "enabled": False})
        origins[key] = origins[f"tiers.{name}.enabled"] = f"refused ({origins[key]})"
        warnings.append(
            f"{said}: refused, your Anthropic credential goes only where you say. The tier {name} is off; "
            "to use it, set its endpoints in your config.toml."
        )
    for key in (key for key, origin in origins.items() if key.startswith(_DELICATE) and origin.startswith(f"{file}:")):
        section, _, name = key.partition(".")
        value = getattr(getattr(settings, section), name)
        warnings.append(f"{file} of this repository sets {key} to {value}.")
    for key, value in settings.budget.model_dump().items():
        if (
            origins[f"budget.{key}"].startswith(f"{file}:")
            and isinstance(own_budget[key], int | float)
            and value > own_budget[key]
        ):
            warnings.append(f"{file} of this repository raises budget.{key} from {own_budget[key]} to {value}.")
    return settings.model_copy(update={"tiers": tiers}), tuple(warnings)
