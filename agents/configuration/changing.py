"""Changing one setting of the person's own file: checked first, written only when everything would still be well."""

from collections.abc import Mapping
from pathlib import Path

from agents.configuration.checking import checked
from agents.configuration.errors import ConfigurationError
from agents.configuration.layers import merge
from agents.configuration.loading import Configuration, load_settings, user_config_file
from agents.configuration.saving import save_value
from agents.settings import Settings


def check_value(settings: Settings, section: str, key: str, value: bool | float | str) -> Settings:
    """`settings` with the one value changed. Raises ConfigurationError, which says what it must be."""
    return checked(merge(settings.model_dump(mode="json"), {section: {key: value}}), ())


def change_setting(
    section: str, key: str, value: bool | float | str, *, repo: Path | None, home: Path, environ: Mapping[str, str]
) -> Configuration:
    """Write the value into the person's own file, never into the repository's, and read everything anew.

    Raises ConfigurationError: the value cannot be, or the file cannot be changed; it is as it was then.
    """
    own = load_settings(None, home=home, environ={}).settings
    check_value(own, section, key, value)
    file = user_config_file()
    before = file.read_bytes() if file.exists() else None
    save_value(file, section, key, value)
    try:
        return load_settings(repo, home=home, environ=environ)
    except ConfigurationError:
        if before is None:
            file.unlink()
        else:
            file.write_bytes(before)
        raise
