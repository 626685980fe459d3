"""JSON from a stranger: bounded, and every fault told with its file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sounds.cesp.problems import refused

_LIMIT = 1_000_000


def read_json(root: Path, name: str) -> dict[str, Any]:
    """The object in the file `name` of the folder `root`. Raises PackError."""
    path = root / name
    try:
        if not path.resolve().is_relative_to(root.resolve()):
            raise refused(name, "", "it is a link out of the pack.")
        if not path.is_file():
            raise refused(name, "", f"it is not there: {root.name} is no sound pack.")
        with path.open("rb") as file:
            data = file.read(_LIMIT + 1)
    except OSError as error:
        raise refused(name, "", f"it cannot be read: {error.strerror}.") from error
    if len(data) > _LIMIT:
        raise refused(name, "", f"it is longer than {_LIMIT:,} bytes.")
    try:
        found = json.loads(data)
    except json.JSONDecodeError as error:
        raise refused(name, "", f"line {error.lineno}: not valid JSON: {error.msg}.") from error
    except UnicodeDecodeError as error:
        raise refused(name, "", "it is not UTF-8.") from error
    except (RecursionError, ValueError) as error:
        raise refused(name, "", "it is not readable as JSON: nested too deeply, or a number too long.") from error
    if not isinstance(found, dict):
        raise refused(name, "", "it must hold an object.")
    return found
