"""A repository's warroom.toml is a stranger's text: obeyed, but it may not send the person's credential elsewhere."""

from typing import Any

from agents.sanitize import one_line
from agents.settings import Routing, Settings

_DELICATE = ("sandbox.", "dispatch.auto_accept", "orchestrate.adopt_check", "mcp.")
"""Keys that decide how far an agent gets without being asked."""


def distrust(
    settings: Settings, own: dict[str, Any], origins: dict[str, str], file: str
) -> tuple[Settings, tuple[str, ...]]:
    """`settings` without what the repository's file may not decide, and warnings for what is refused or delicate.

    `own` are the tables as they would be without that file. Endpoints the file gives to a tier of the Messages API are
    dropped and the tier is switched off (`origins` is updated): the official client would send the person's key to an
    address they never chose. Radio silence that the person wants stays.
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
    routing, refused = _still_silent(settings.routing, own["routing"], origins, file)
    warnings += refused
    for key in (key for key, origin in origins.items() if key.startswith(_DELICATE) and origin.startswith(f"{file}:")):
        section, _, name = key.partition(".")
        value = getattr(getattr(settings, section), name)
        warnings.append(f"{file} of this repository sets {key} to {value}.")
    budget = own["budget"]
    for key, value in settings.budget.model_dump().items():
        if (
            origins[f"budget.{key}"].startswith(f"{file}:")
            and isinstance(budget[key], int | float)
            and value > budget[key]
        ):
            warnings.append(f"{file} of this repository raises budget.{key} from {budget[key]} to {value}.")
    return settings.model_copy(update={"tiers": tiers, "routing": routing}), tuple(warnings)


def _still_silent(
    routing: Routing, own: dict[str, Any], origins: dict[str, str], file: str
) -> tuple[Routing, list[str]]:
    """`routing` as silent as the person wants it, and what is refused: a stranger may begin radio silence, not end it,
    nor name machines that may be asked all the same."""
    wanted: dict[str, Any] = {"local_hosts": tuple(own["local_hosts"])}
    if own["mode"] == "local-only":
        wanted["mode"] = "local-only"
    refused: list[str] = []
    for name, value in wanted.items():
        key, said = f"routing.{name}", getattr(routing, name)
        if origins[key].startswith(f"{file}:") and said != value:
            shown = one_line(", ".join(said) if isinstance(said, tuple) else str(said), 120)
            refused.append(
                f"{file} of this repository sets {key} to {shown!r}: refused, radio silence is for you to end; "
                "set it in your config.toml."
            )
            origins[key] = f"refused ({origins[key]})"
            routing = routing.model_copy(update={name: value})
    return routing, refused
