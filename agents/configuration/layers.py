"""One source of settings, and who of several said something."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from agents.configuration.toml_file import KeyPath, TomlFile
from agents.sanitize import one_line


@dataclass(frozen=True)
class Layer:
    """What one file or one variable sets."""

    values: dict[str, Any]
    origin: Callable[[KeyPath], str]
    """Short, for `config show`: config.toml:12."""
    place: Callable[[KeyPath], str]
    """In full, for an error: /home/me/.config/warroom/config.toml, line 12."""

    def sets(self, path: KeyPath) -> bool:
        """It gives `path` itself or something below it."""
        data: Any = self.values
        for part in path:
            if not isinstance(data, dict) or part not in data:
                return False
            data = data[part]
        return True


def file_layer(file: TomlFile) -> Layer:
    """What a file sets."""
    shown = one_line(str(file.path), 300)
    return Layer(
        values=file.values,
        origin=lambda path: f"{file.path.name}:{file.line(path)}",
        place=lambda path: f"{shown}, line {file.line(path)}",
    )


def variable_layer(name: str, values: dict[str, Any]) -> Layer:
    """What a variable sets."""
    return Layer(values=values, origin=lambda _: name, place=lambda _: name)


def strongest(layers: Sequence[Layer], path: KeyPath) -> Layer | None:
    """The last layer that sets `path`."""
    return next((layer for layer in reversed(layers) if layer.sets(path)), None)


def merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`, table by table; a list replaces a list."""
    merged = dict(below)
    for key, value in above.items():
        held = merged.get(key)
        merged[key] = merge(held, value) if isinstance(held, dict) and isinstance(value, dict) else value
    return merged
