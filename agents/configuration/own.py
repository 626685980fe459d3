"""What only the person's own file or variables may say, whomever they trust: what is done without asking them."""

from dataclasses import replace
from typing import Any

from agents.configuration.toml_file import KeyPath, TomlFile
from agents.sanitize import one_line

OWN: tuple[KeyPath, ...] = (("sandbox", "unwalled"), ("sandbox", "headless"))
"""Keys that a repository's file cannot decide."""


def without_own(file: TomlFile) -> tuple[TomlFile, tuple[str, ...]]:
    """A repository's file without them, and a warning for each it had."""
    values, warnings = dict(file.values), list[str]()
    for path in OWN:
        section, key = path
        table: Any = values.get(section)
        if isinstance(table, dict) and key in table:
            values[section] = {name: value for name, value in table.items() if name != key}
            warnings.append(
                f"{one_line(file.name)}, line {file.line(path)}: {section}.{key} is not obeyed from a repository's "
                "file: only your own config.toml may say it."
            )
    return replace(file, values=values), tuple(warnings)
