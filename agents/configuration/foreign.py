"""A repository's warroom.toml is a stranger's text: shown, and not obeyed until the person trusts the folder.

Whoever trusts a folder vouches for all of it: the file may then say anything a person's own file may. One thing it
never gets, whoever trusts it: the person's Anthropic credential goes to Anthropic, to ANTHROPIC_BASE_URL and to this
machine, whatever address a file names (`agents.models.claude_endpoint`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.configuration.keys import flatten
from agents.configuration.toml_file import KeyPath
from agents.sanitize import one_line, visible

NAMED = 6
"""Keys a warning names."""
ABSENT = "-"


@dataclass(frozen=True)
class Change:
    """One value the file would set, as one line each, spelt out."""

    key: str
    now: str
    wanted: str
    risk: str = ""
    """What a person should know before they agree to it; empty: nothing in particular."""


@dataclass(frozen=True)
class Foreign:
    """A repository, and how far its word goes here."""

    folder: Path
    """Its real top level: what is trusted or not."""
    path: Path
    """Where its warroom.toml is or would be."""
    exists: bool = False
    trusted: bool = False
    """The person vouches for the folder and for what the file decides."""
    asked: bool = False
    """They have answered for what the file decides now, one way or the other."""
    text: str = ""
    """The file, not sanitized."""
    decides: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] | None = None
    """What the file decided when the person last answered, where that was something else."""
    changes: tuple[Change, ...] = ()
    """What would be another way if the file were obeyed."""
    problem: str = ""
    """Why it could not be obeyed even so; sanitized."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to tell a person who works here while the file is not obeyed."""
        if self.trusted or not (self.decides or self.problem):
            return ()
        name = self.path.name
        if self.problem:
            problem = self.problem.replace("\n", " ")
            return (f"{name} of this repository is not obeyed, and could not be: {problem}",)
        why = "it changed since you last looked" if self.before is not None else "this folder is not trusted"
        return (
            f"{name} of this repository is not obeyed ({why}): it sets {named(self.decides)}. "
            "`warroom trust` shows it and has it obeyed; --trust obeys it once.",
        )


def named(decides: Mapping[str, Any]) -> str:
    """The keys a file sets, the first few by name."""
    keys = [one_line(visible(".".join(path)), 60) for path in flatten(dict(decides))]
    more = len(keys) - NAMED
    return ", ".join(keys[:NAMED]) + (f" and {more} more" if more > 0 else "")


def changes(decides: Mapping[str, Any], now: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[Change, ...]:
    """What a file that `decides` so makes of settings `now`: `wanted`. What stays as it is is left out."""
    return tuple(
        Change(one_line(visible(".".join(path)), 100), _shown(old), _shown(new), risk(path, old, new))
        for path in flatten(dict(decides))
        if (old := value_at(now, path)) != (new := value_at(wanted, path))
    )


def since(before: Mapping[str, Any], decides: Mapping[str, Any]) -> tuple[Change, ...]:
    """What the file decides another way than `before`."""
    old, new = flatten(dict(before)), flatten(dict(decides))
    return tuple(
        Change(one_line(visible(".".join(path)), 100), _shown(old.get(path)), _shown(new.get(path)))
        for path in dict.fromkeys((*old, *new))
        if old.get(path) != new.get(path)
    )


def risk(path: KeyPath, old: Any, new: Any) -> str:
    """Why a value that a file of the repository decides should be looked at."""
    section, last = path[0], path[-1]
    if section == "budget":
        return "more money may be spent" if last.endswith("_usd") and _more(old, new) else ""
    if section == "tiers" and len(path) > 2:
        return {
            "endpoints": "code goes to another address",
            "provider": "another service gets the code",
            "free": "its costs are not counted",
            "enabled": "",
        }.get(last, "")
    if path == ("sandbox", "redact_prompts"):
        return "secrets may be sent to models"
    return {
        ("sandbox",): "agents get further without being asked",
        ("check", "command"): "a command of its own runs on every result",
        ("dispatch", "auto_accept"): "results are merged without you",
        ("routing", "mode"): "radio silence ends" if old == "local-only" else "",
        ("routing", "local_hosts"): "these machines get the code even under radio silence",
        ("orchestrate", "adopt_check"): "results count as proven by checks that nobody read",
        ("keys",): "keys do something else",
    }.get(path if section not in {"sandbox", "keys"} else (section,), "")


def value_at(data: Mapping[str, Any], path: KeyPath) -> Any:
    """The value at `path`; None where there is none."""
    found: Any = data
    for part in path:
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def _more(old: Any, new: Any) -> bool:
    numbers = isinstance(old, int | float) and isinstance(new, int | float)
    return not numbers or new > old


def _shown(value: Any) -> str:
    if value is None:
        return ABSENT
    return one_line(visible(value if isinstance(value, str) else "\n".join(_listed(value))), 200)


def _listed(value: Any) -> Iterator[str]:
    """A list by its items; an endpoint by its address."""
    for item in value if isinstance(value, list) else [value]:
        yield str(item["url"]) if isinstance(item, dict) and "url" in item else str(item).replace("'", '"')
