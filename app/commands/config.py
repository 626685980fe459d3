"""`warroom config`: what is in force, where it came from, where it lies."""

import os
from pathlib import Path
from typing import Any

import click

from agents.configuration import user_config_file, warroom_home
from agents.sanitize import one_line
from app.commands.console import put, put_json, say, table
from app.commands.example_config import example
from app.commands.failures import DONE, USAGE
from app.commands.opening import FOLDER, TRUST, configuration, repository_of

REPO = click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="The repository whose warroom.toml counts.")
JSON = click.option("--json", "as_json", is_flag=True, help="A line of JSON per row.")


@click.group()
def command() -> None:
    """The merged configuration: repository over yours over the defaults, variables over all."""


@command.command()
@REPO
@JSON
@click.option("--changed", is_flag=True, help="Only what is not a default.")
@TRUST
def show(*, repo: Path, as_json: bool, changed: bool, trust: bool) -> None:
    """Every value in force and where it came from."""
    found = configuration(repo, trusted=trust)
    data = found.settings.model_dump(mode="json")
    rows = [
        {"key": key, "value": _value(data, key), "origin": origin}
        for key, origin in found.origins.items()
        if not changed or origin != "default"
    ]
    if as_json:
        for row in rows:
            put_json(row)
        return
    for line in table((row["key"], _shown(row["value"]), row["origin"]) for row in rows):
        put(line)


@command.command()
@REPO
@JSON
def path(repo: Path, as_json: bool) -> None:
    """Where settings and data lie."""
    places = {
        "config": user_config_file(),
        "repository": repository_of(repo) / "warroom.toml",
        "home": warroom_home(os.environ),
    }
    if as_json:
        for what, place in places.items():
            put_json({"what": what, "path": str(place), "exists": place.exists()})
        return
    for line in table((what, str(place), "" if place.exists() else "not there yet") for what, place in places.items()):
        put(line)


@command.command()
@click.option("--here", is_flag=True, help="Write warroom.toml into this repository instead.")
@REPO
def init(here: bool, repo: Path) -> int:
    """Write a commented file with every default."""
    place = repository_of(repo) / "warroom.toml" if here else user_config_file()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("x", encoding="utf-8") as file:
            file.write(example())
    except FileExistsError:
        say(f"warroom: {place} is there already and was left as it is.", "red")
        return USAGE
    except OSError as error:
        say(f"warroom: {place} cannot be written: {error.strerror}.", "red")
        return USAGE
    put(str(place))
    return DONE


def _value(data: Any, key: str) -> Any:
    """The value at a dotted key; a tier's name may itself hold a dot."""
    while key and isinstance(data, dict):
        head = next((name for name in data if key == name or key.startswith(f"{name}.")), None)
        if head is None:
            return None
        data, key = data[head], key[len(head) + 1 :]
    return data


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return one_line(value if isinstance(value, str) else str(value).replace("'", '"'), 100)
