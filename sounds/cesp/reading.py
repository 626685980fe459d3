"""Reading a pack: `openpeon.json`, and `warroom.json` beside it where there is one. A pack is a stranger's: nothing
outside its folder is opened, and whatever is wrong is told with file and key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sounds.cesp.json_file import read_json
from sounds.cesp.pack import Pack
from sounds.cesp.problems import PackError, Problem, printable
from sounds.cesp.sounds import Sounds
from sounds.clips import Clip
from sounds.signals import CATEGORIES

MANIFEST = "openpeon.json"
EXTENSION = "warroom.json"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CESP = re.compile(r"1\.\d{1,3}")
_SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
_SHAPES = {
    "cesp_version": (_CESP, '"1.0"'),
    "name": (NAME, "lower-case letters, digits, - and _, at most 64"),
    "display_name": (re.compile(r"[\s\S]{1,128}"), "1 to 128 characters"),
    "version": (_SEMVER, "a version like 1.0.0"),
}


def read_pack(root: Path) -> Pack:
    """The pack in the folder `root`; sounds that cannot be played are left out and told in its `problems`.

    Raises PackError where the manifest is none.
    """
    manifest = read_json(root, MANIFEST)
    if wrong := [*_heading(manifest), *_unknown(manifest)]:
        raise PackError(wrong)
    sounds = Sounds(root, MANIFEST)
    categories = {
        name: sounds.listed(f"categories.{name}", table) for name, table in _table(manifest, "categories").items()
    }
    extension = _extension(root, sounds)
    author = manifest.get("author")
    return Pack(
        root=root,
        name=manifest["name"],
        display_name=printable(manifest["display_name"], 128),
        version=manifest["version"],
        license=_text(manifest.get("license")),
        author=_text(author.get("name")) if isinstance(author, dict) else "",
        categories=categories,
        aliases={str(old): str(new) for old, new in _table(manifest, "category_aliases").items()},
        events=extension[0],
        effects=extension[1],
        problems=tuple(sounds.problems),
    )


def _heading(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the fields every pack must have."""
    for key, (shape, wanted) in _SHAPES.items():
        value = manifest.get(key)
        if value is None:
            yield Problem(MANIFEST, key, f"it is missing: it must be {wanted}.")
        elif not isinstance(value, str) or not shape.fullmatch(value):
            yield Problem(MANIFEST, key, f"it is {printable(repr(value), 60)}: it must be {wanted}.")
    if "categories" not in manifest:
        yield Problem(MANIFEST, "categories", "it is missing: it must be an object of categories.")
    for key in ("categories", "category_aliases"):
        if not isinstance(manifest.get(key, {}), dict):
            yield Problem(MANIFEST, key, "it must be an object.")


def _unknown(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """Categories that are in no specification, and aliases that lead to none."""
    aliases = _table(manifest, "category_aliases")
    for old, new in aliases.items():
        if new not in CATEGORIES:
            yield Problem(
                MANIFEST, f"category_aliases.{old}", f"{printable(repr(new), 60)} is no category.{_near(new)}"
            )
    for name in _table(manifest, "categories"):
        if name not in CATEGORIES and name not in aliases:
            yield Problem(MANIFEST, f"categories.{name}", f"there is no such category in CESP 1.0.{_near(name)}")


def _near(name: object) -> str:
    close = get_close_matches(str(name), CATEGORIES, n=1, cutoff=0.5)
    return f" Did you mean {close[0]}?" if close else ""


def _extension(root: Path, sounds: Sounds) -> tuple[dict[str, tuple[Clip, ...]], dict[str, Clip]]:
    """Our own table's events and effects; nothing where the pack has none."""
    if not (root / EXTENSION).exists():
        return {}, {}
    table = read_json(root, EXTENSION)
    sounds.file = EXTENSION
    events = {str(name): sounds.listed(f"events.{name}", held) for name, held in _table(table, "events").items()}
    effects: dict[str, Clip] = {}
    for name, held in _table(table, "effects").items():
        clip = sounds.one(f"effects.{name}", held)
        if clip is not None:
            effects[str(name)] = clip
    return events, effects


def _table(of: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = of.get(key)
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return printable(value, 64) if isinstance(value, str) else ""
