"""Merged values made into Settings, or into an error that says where each problem is and what would be right."""

import math
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from agents.configuration.errors import ConfigurationError
from agents.configuration.keys import flatten, suggestion
from agents.configuration.layers import Layer, strongest
from agents.configuration.toml_file import KeyPath
from agents.sanitize import one_line
from agents.settings import Settings

SHOWN_PROBLEMS = 5

_TIER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")

Problem = tuple[KeyPath, str]
"""A key and a sentence about it, which begins with the key."""


def checked(merged: dict[str, Any], layers: Sequence[Layer]) -> Settings:
    """The settings `merged` holds. Raises ConfigurationError."""
    problems = list(_unusable_values(merged))
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        problems += _from_pydantic(error, merged)
    else:
        problems += _contradictions(settings)
        if not problems:
            return settings
    raise ConfigurationError(_told(problems, layers))


def dotted(path: KeyPath) -> str:
    """A key as a person writes it."""
    return one_line(".".join(path), 100)


def _told(problems: Sequence[Problem], layers: Sequence[Layer]) -> str:
    """One line per problem, each after the place that caused it."""
    said = []
    for path, sentence in dict(problems).items():
        layer = strongest(layers, path) or strongest(layers, path[:2]) or strongest(layers, path[:1])
        said.append(f"{layer.place(path)}: {sentence}" if layer else sentence)
    more = len(said) - SHOWN_PROBLEMS
    return "\n".join([*said[:SHOWN_PROBLEMS], *([f"... and {more} more."] if more > 0 else [])])


def _unusable_values(merged: dict[str, Any]) -> Iterator[Problem]:
    """What pydantic would let pass: numbers that are none, names that do not fit a line of the board."""
    for path, value in flatten(merged).items():
        if isinstance(value, float) and not math.isfinite(value) or value in ("inf", "-inf", "nan"):
            yield path, f"{dotted(path)} is {value}: it must be a finite number."
    tiers = merged.get("tiers")
    for name in tiers if isinstance(tiers, dict) else ():
        if not _TIER_NAME.fullmatch(name):
            allowed = "letters, digits, `_`, `-` and `.`, at most 32"
            yield ("tiers", name), f"tiers.{one_line(name, 40)!r} is no name for a tier: {allowed}."


def _from_pydantic(error: ValidationError, merged: dict[str, Any]) -> list[Problem]:
    """pydantic's findings, the members of a union taken together."""
    found: dict[KeyPath, list[ErrorDetails]] = {}
    for details in error.errors(include_url=False):
        found.setdefault(_path(details, merged), []).append(details)
    return [(path, _sentence(path, details)) for path, details in found.items()]


def _path(details: ErrorDetails, merged: dict[str, Any]) -> KeyPath:
    """The keys of a finding, without what pydantic adds for members of a union and without positions in a list."""
    path: list[str] = []
    data: Any = merged
    for part in details["loc"]:
        if not isinstance(data, dict) or (part not in data and details["type"] != "missing"):
            break
        path.append(str(part))
        data = data.get(part)
    return tuple(path)


def _sentence(path: KeyPath, details: list[ErrorDetails]) -> str:
    # A misspelt key is missing under its right name too; the misspelling is what to tell.
    key, first = dotted(path), next((one for one in details if one["type"] == "extra_forbidden"), details[0])
    if first["type"] == "missing" and path[0] == "tiers" and len(first["loc"]) == len(path):
        return f"{key} is missing: a new tier must give provider and model."
    if first["type"] == "extra_forbidden":
        inside = [str(part) for part in first["loc"]]
        if len(inside) > len(path):  # in a table of a list, as in endpoints
            return f"{key} has an unknown key {one_line(inside[-1], 60)}; an endpoint has url and slots."
        return f"there is no setting {key}. {suggestion(path)}".rstrip()
    inner = [str(part) for part in first["loc"][len(path) :] if isinstance(part, int) or str(part) in {"url", "slots"}]
    where = key + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in inner)
    if first["type"] == "missing":
        return f"{where} is missing."
    value = one_line(repr(first["input"]), 60)
    wanted = " or ".join(dict.fromkeys(_wanted(one["msg"]) for one in details)).replace(" or it must be ", " or ")
    return f"{where} is {value}: {wanted}.{_nearest_choice(first['input'], details)}"


def _wanted(said: str) -> str:
    """pydantic's words, or those of our own validator, as a clause."""
    said = one_line(said, 200).removeprefix("Value error, ").partition(", unable to parse")[0]
    if "dictionary" in said:
        return "it must be a table"
    said = said.replace("a valid", "a").replace("tuple", "list").replace("a integer", "an integer")
    if said.startswith("Input should be"):
        return said.replace("Input should be", "it must be", 1)
    return said


def _nearest_choice(value: object, details: list[ErrorDetails]) -> str:
    """For a choice of words, the word that was probably meant."""
    choices = [word for one in details for word in re.findall(r"'([^']+)'", one.get("ctx", {}).get("expected", ""))]
    close = get_close_matches(str(value), choices, n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""


def _contradictions(settings: Settings) -> Iterator[Problem]:
    """Values that are well formed and cannot be meant."""
    judge = settings.routing.judge
    if judge != "none" and judge not in settings.tiers:
        close = get_close_matches(judge, [*settings.tiers, "none"], n=1, cutoff=0.5)
        hint = f"Did you mean {close[0]}?" if close else f'It may be "none" or one of {", ".join(settings.tiers)}.'
        yield ("routing", "judge"), f"routing.judge is {one_line(judge, 40)!r}, which is no tier. {hint}"
    for name, tier in settings.tiers.items():
        if tier.provider == "simulation":
            path = ("tiers", name, "provider")
            yield (
                path,
                f"{dotted(path)} is 'simulation': that runs in `warroom demo` only; use 'ollama' or 'anthropic'.",
            )
        for number, endpoint in enumerate(tier.endpoints):
            if not _is_url(endpoint.url):
                path = ("tiers", name, "endpoints")
                shown = one_line(endpoint.url, 60)
                yield path, f"{dotted(path)}[{number}].url is {shown!r}: it must be like http://host:11434."


def _is_url(text: str) -> bool:
    """An http address with a host and, if any, a possible port; no control characters."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and text.isprintable() and " " not in text
