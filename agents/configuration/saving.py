"""Changing one value of a settings file and nothing else in it: comments, order and everybody's blank lines stay."""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from agents.configuration.errors import ConfigurationError
from agents.configuration.toml_file import parse_toml
from agents.sanitize import one_line

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def save_value(path: Path, section: str, key: str, value: bool | float | str) -> None:
    """Set `key` of the table `section` in the file at `path`, which is made if it is not there.

    Raises ConfigurationError: the file is not readable or writable, or no TOML; it is left as it was.
    """
    shown = one_line(str(path), 300)
    try:
        text = path.read_bytes().decode("utf-8-sig") if path.exists() else ""
        parse_toml(text.replace("\r\n", "\n"), shown)
        _replace(path, with_value(text, section, key, value, shown))
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{shown} is not UTF-8 text: {section}.{key} was not saved.") from error
    except OSError as error:
        raise ConfigurationError(
            f"{shown} cannot be written: {error.strerror}. {section}.{key} was not saved."
        ) from error


def with_value(text: str, section: str, key: str, value: bool | float | str, shown: str) -> str:
    """`text`, which is valid TOML, with `key` of the table `section` set to `value` and every comment where it was.

    Raises ConfigurationError, which calls the file `shown`, where `section` is no table.
    """
    import tomlkit
    from tomlkit.container import OutOfOrderTableProxy
    from tomlkit.items import InlineTable, Table

    document: TOMLDocument = tomlkit.parse(text)
    table = document.get(section)
    if table is None:
        table = tomlkit.table()
        if text and not text.endswith(("\n\n", "\r\n\r\n")):
            document.add(tomlkit.nl())
        document.add(section, table)
    if not isinstance(table, Table | InlineTable | OutOfOrderTableProxy):
        raise ConfigurationError(f"{shown}: {section} is no table; {section}.{key} was not saved.")
    held = table.get(key)
    made = tomlkit.item(value)
    if held is not None and hasattr(held, "trivia"):
        # What stands behind the old value belongs to the key.
        made.trivia.comment_ws, made.trivia.comment = held.trivia.comment_ws, held.trivia.comment
    table[key] = made
    return tomlkit.dumps(document)


def _replace(path: Path, text: str) -> None:
    """Write all of it or nothing; what a link leads to is written, the link stays."""
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        if target.exists():
            os.chmod(name, target.stat().st_mode)
        os.replace(name, target)
    except OSError:
        os.unlink(name)
        raise
