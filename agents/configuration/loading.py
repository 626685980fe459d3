"""The merged configuration: variables over the repository's file over the person's file over the defaults.

The repository's file counts where the person trusts the folder; elsewhere it is looked at and not obeyed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import platformdirs

from agents.configuration.checking import checked
from agents.configuration.errors import ConfigurationError
from agents.configuration.foreign import Foreign, changes
from agents.configuration.keys import flatten
from agents.configuration.layers import Layer, file_layer, merge, strongest, variable_layer
from agents.configuration.own import without_own
from agents.configuration.toml_file import TomlFile, read_toml
from agents.configuration.trust import recorded
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
    """What a person should know of, as that a repository's file is not obeyed; sanitized sentences."""
    files: tuple[Path, ...]
    """The files that are obeyed, the stronger one last."""
    foreign: Foreign | None = None
    """The repository and its file; None: there is none."""

    @property
    def trusted(self) -> bool:
        """The person vouches for the repository and what is run of it."""
        return self.foreign is None or self.foreign.trusted


def warroom_home(environ: Mapping[str, str]) -> Path:
    """The folder of the database, worktrees, logs: WARROOM_HOME, else the platform's user-data folder. Not created."""
    given = environ.get("WARROOM_HOME", "").strip()
    return Path(given).expanduser().absolute() if given else platformdirs.user_data_path("warroom")


def user_config_file() -> Path:
    """Where the person's own settings lie, whether or not the file is there."""
    return platformdirs.user_config_path("warroom") / USER_FILE


def load_settings(repo: Path | None, *, home: Path, environ: Mapping[str, str], trusted: bool = False) -> Configuration:
    """Read, merge and check everything.

    `repo` is the top level of the person's repository (None: no repository file is read; `home` itself is never a
    repository); `trusted`: they vouch for it now, whatever they said before. Every file is read once: what is shown,
    trusted and obeyed are the same bytes. Raises ConfigurationError, naming file, line and key or the variable.
    """
    user = read_toml(user_config_file())
    foreign, file = (
        _look_at(repo, home, trusted=trusted) if repo and repo.absolute() != home.absolute() else (None, None)
    )
    file, not_theirs = without_own(file) if file is not None else (None, ())
    obeyed = [one for one in (user, file if foreign and foreign.trusted else None) if one is not None]
    layers = [file_layer(one) for one in obeyed]
    defaults = Settings().model_dump(mode="json")
    variables = list(_variable_layers(environ, [*defaults["tiers"], *_tier_names(layers)]))
    layers += variables

    try:
        settings = checked(_merged(defaults, layers), layers)
    except ConfigurationError as error:
        # A variable may be about a tier that only the repository's file has.
        raise ConfigurationError("\n".join([str(error), *(foreign.warnings if foreign else ())])) from error
    if foreign is not None and file is not None and not foreign.trusted:
        theirs = [*([file_layer(user)] if user else []), file_layer(file), *variables]
        foreign = _proposed(foreign, settings, defaults, theirs)
    warnings = (*foreign.warnings, *(not_theirs if foreign.trusted else ())) if foreign else ()
    return Configuration(settings, _origins(settings, layers), warnings, tuple(one.path for one in obeyed), foreign)


def _look_at(repo: Path, home: Path, *, trusted: bool) -> tuple[Foreign, TomlFile | None]:
    """The repository and what the person said about it. Raises ConfigurationError for a file that should be obeyed."""
    folder = repo.resolve()
    path, record = repo / REPOSITORY_FILE, recorded(home, folder)
    foreign = Foreign(folder, path, trusted=trusted)
    try:
        file = read_toml(path, follow=False)
    except ConfigurationError as error:
        if trusted:
            raise
        return replace(foreign, exists=True, problem=str(error)), None
    decides = file.values if file else {}
    same = record is not None and record.is_about(decides)
    return replace(
        foreign,
        exists=file is not None,
        trusted=trusted or (same and record is not None and record.trusted),
        asked=same,
        text=file.text if file else "",
        decides=decides,
        before=record.decides if record is not None and not same else None,
    ), file


def _proposed(foreign: Foreign, now: Settings, defaults: dict[str, Any], layers: Sequence[Layer]) -> Foreign:
    """What the file would change if it were obeyed, or why it could not be."""
    try:
        wanted = checked(_merged(defaults, layers), layers)
    except ConfigurationError as error:
        return replace(foreign, problem=str(error))
    proposed = changes(foreign.decides, now.model_dump(mode="json"), wanted.model_dump(mode="json"))
    return replace(foreign, changes=proposed)


def _merged(defaults: dict[str, Any], layers: Sequence[Layer]) -> dict[str, Any]:
    merged = defaults
    for layer in layers:
        merged = merge(merged, layer.values)
    return merged


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
