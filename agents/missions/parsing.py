"""Does a file parse? Asked of text that a model wrote, so nothing in it may bring us down."""

import ast
import tomllib
import warnings
from pathlib import Path

_LARGEST = 1_000_000
"""Bytes; what is larger was not written by hand, and reading it would hold everything else up."""


def parse_fault(path: Path) -> str:
    """Why the Python or TOML file at `path` does not parse, with the line where known; empty when it does.

    Empty too for other files, for links, and for what is too large to be looked at.
    """
    if path.suffix not in {".py", ".toml"} or path.is_symlink() or not path.is_file():
        return ""
    if path.stat().st_size > _LARGEST:
        return ""
    data = path.read_bytes()
    try:
        if path.suffix == ".py":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(data)
        else:
            tomllib.loads(data.decode())
    except (RecursionError, MemoryError):
        return "it is nested too deeply"
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        return (getattr(error, "msg", None) or str(error)) + (f" (line {line})" if line else "")
    return ""
