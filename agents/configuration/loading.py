"""The merged configuration: variables over the repository's file over the person's file over the defaults."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from agents.configuration.checking import checked
from agents.configuration.foreign import distrust
from agents.configuration.keys import flatten
from agents.configuration.layers import Layer, file_layer, merge, strongest, variable_layer
from agents.configuration.toml_file import read_toml
from agents.settings import Settings

REPOSITORY_FILE = "warroom.toml"
USER_FILE = "config.toml"


@dataclass(frozen=True)
class Configuration:
    """The settings, and for every dotted key where its value came from."""

    settings: Settings
    origins: dict[str, str]
    """`default`, `config.toml:12`, `warroom.toml:3` or the name of a variable, by dotted key."""
    warnings: tuple[str, ...]
    """What a repository's file asks for that a person should know of; sanitized sentences."""
    files: tuple[Path, ...]
    """The files that were read, the stronger one last."""


def warroom_home(environ: Mapping[str, str]) -> Path:
    """The folder of the database, worktrees, logs: WARROOM_HOME, else the platform's user-data folder. Not created."""
    given = environ.get("WARROOM_HOME", "").strip()
    return Path(given).expanduser().absolute() if given else platformdirs.user_data_path("warroom")


def user_config_file() -> Path:
    """Where the person's own settings lie, whether or not the file is there."""
    return platformdirs.user_config_path("warroom") / USER_FILE


def load_settings(repo: Path | None, *, home: Path, environ: Mapping[str, str], trusted: bool = False) -> Configuration:
    """Read, merge and check everything.

    `repo` is the person's folder (None: no repository file is read; `home` itself is never a repository); `trusted`:
    they vouch for its warroom.toml. Raises ConfigurationError, naming file, line and key or the variable.
    """
    user = read_toml(user_config_file())
    foreign = read_toml(repo / REPOSITORY_FILE) if repo is not None and repo.absolute() != home.absolute() else None
    files = [file for file in (user, foreign) if file is not None]
    layers = [file_layer(file) for file in files]
    defaults = Settings().model_dump(mode="json")
    layers += _variable_layers(environ, [*defaults["tiers"], *_tier_names(layers)])

    merged = defaults
    for layer in layers:
        merged = merge(merged, layer.values)
    settings = checked(merged, layers)
    origins = _origins(settings, layers)
    warnings: tuple[str, ...] = ()
    if foreign is not None and not trusted:
        own = merge(defaults, user.values) if user else defaults
        settings, warnings = distrust(settings, own, origins, foreign.path.name)
    return Configuration(settings, origins, warnings, tuple(file.path for file in files))


def _variable_layers(environ: Mapping[str, str], tiers: Sequence[str]) -> Iterator[Layer]:
    """One layer per variable."""
    if any(name.startswith("WARROOM_") and name != "WARROOM_HOME" for name in environ):
        # pydantic-settings is a good part of a command's start; most runs set nothing by variable.
        from agents.configuration.variables import read_variables

        for name, values in read_variables(environ, tiers):
            yield variable_layer(name, values)


def _tier_names(layers: Sequence[Layer]) -> list[str]:
    tables: list[Any] = [layer.values.get("tiers") for layer in layers]
    return [name for table in tables if isinstance(table, dict) for name in table]


def _origins(settings: Settings, layers: Sequence[Layer]) -> dict[str, str]:
    """Who decided each value of the result."""
    found: dict[str, str] = {}
    for path, value in flatten(settings.model_dump(mode="json")).items():
        layer = strongest(layers, path) if value != {} else None
        found[".".join(path)] = layer.origin(path) if layer else "default"
    return found
