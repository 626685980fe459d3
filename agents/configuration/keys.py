"""Which keys there are, and the nearest valid one to a slip of the pen."""

from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel

from agents.configuration.toml_file import KeyPath
from agents.settings import Settings, TierSettings


def table_at(path: KeyPath) -> type[BaseModel] | None:
    """The model of the table at `path`; None where any key is allowed or there is no table."""
    if not path:
        return Settings
    if path[0] == "tiers":
        return TierSettings if len(path) == 2 else None
    field = Settings.model_fields.get(path[0]) if len(path) == 1 else None
    kind = field.annotation if field else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def suggestion(path: KeyPath) -> str:
    """A sentence that leads from an unknown key to a valid one."""
    table = table_at(path[:-1])
    if table is None:
        return ""
    siblings = list(table.model_fields)
    close = get_close_matches(path[-1].lower(), siblings, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]}?"
    elsewhere = {key.rpartition(".")[2]: key for key in all_keys()}
    close = get_close_matches(path[-1].lower(), elsewhere, n=1, cutoff=0.8)
    if close:
        return f"Did you mean {elsewhere[close[0]]}?"
    close = get_close_matches(path[-1].lower(), siblings, n=1, cutoff=0.4)
    nearest = f"The nearest is {close[0]}; " if close else ""
    return f"{nearest}{'it' if nearest else 'It'} may be one of {', '.join(siblings)}."


def all_keys() -> list[str]:
    """Every dotted key of the fixed tables, and a tier's with NAME in place of its name."""
    found = [f"tiers.NAME.{key}" for key in TierSettings.model_fields]
    for section in Settings.model_fields:
        table = table_at((section,))
        if table is not None:
            found = [f"{section}.{key}" for key in table.model_fields] + found
    return found


def flatten(data: dict[str, Any], prefix: KeyPath = ()) -> dict[KeyPath, Any]:
    """Every value below `data` that is not a table, by its path. An empty table counts as a value."""
    found: dict[KeyPath, Any] = {}
    for key, value in data.items():
        path = (*prefix, key)
        if isinstance(value, dict) and value:
            found |= flatten(value, path)
        else:
            found[path] = value
    return found
