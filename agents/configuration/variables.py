"""`WARROOM_` variables as settings: WARROOM_COOLDOWN__REST_S=0, read by pydantic-settings one variable at a time, so
that whatever is wrong with one is said of that one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from agents.configuration.errors import ConfigurationError
from agents.configuration.keys import suggestion, table_at
from agents.configuration.toml_file import KeyPath
from agents.sanitize import one_line
from agents.settings import Settings

PREFIX = "WARROOM_"
NOT_SETTINGS = frozenset({"WARROOM_HOME"})


class _Variables(Settings, BaseSettings):
    """The settings with the names their variables have."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)


class _OneVariable(EnvSettingsSource):
    """pydantic-settings' own reading of the environment, given one variable of an injected environment."""

    def __init__(self, name: str, value: str) -> None:
        self._only = {name.lower(): value}
        super().__init__(_Variables)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._only


def read_variables(environ: Mapping[str, str], tiers: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each variable that sets something, with what it sets; whole tables first, so that single keys go over them.

    `tiers` are the names of the tiers known so far: a variable's name is matched to them
    whatever their case and hyphens.
    Raises ConfigurationError naming the variable.
    """
    names = [name for name in environ if name.startswith(PREFIX) and name not in NOT_SETTINGS]
    for name in sorted(names, key=lambda name: (name.count("__"), name)):
        path = tuple(name[len(PREFIX) :].lower().split("__"))
        _refuse_unknown(name, path)
        try:
            data = _OneVariable(name, environ[name])()
        except SettingsError as error:
            example = "; for example [1, 6]" if path[-1] == "band" else ""
            raise ConfigurationError(f"{one_line(name)}: its value must be JSON{example}.") from error
        yield name, _with_known_tiers(data, tiers)


def _refuse_unknown(name: str, path: KeyPath) -> None:
    """Raise ConfigurationError unless some table on the way of `path` may hold it."""
    for end in range(1, len(path) + 1):
        table = table_at(path[: end - 1])
        if table is not None and path[end - 1] not in table.model_fields:
            key = one_line(".".join(path[:end]))
            raise ConfigurationError(
                f"{one_line(name)}: there is no setting {key!r}. {suggestion(path[:end])}".rstrip()
            )


def _with_known_tiers(data: dict[str, Any], tiers: Sequence[str]) -> dict[str, Any]:
    """`data` with tier names written as the tiers known so far write them: a variable has no case, no hyphen."""
    if not isinstance(data.get("tiers"), dict):
        return data
    spelt = {tier.lower().replace("-", "_"): tier for tier in tiers}
    return {**data, "tiers": {spelt.get(name.lower(), name): value for name, value in data["tiers"].items()}}
