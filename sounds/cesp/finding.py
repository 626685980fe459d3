"""Where packs lie: War Room's own, those of the person, those of the repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sounds.cesp.pack import Pack, PackScript
from sounds.cesp.problems import PackError
from sounds.cesp.reading import MANIFEST, NAME, read_pack

OWN = "vesper"
_OWN_FOLDER = Path(__file__).parents[1] / "packs"
_PLACE = Path(".openpeon") / "packs"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of packs, and how a person calls it."""

    folder: Path
    name: str


def places(home: Path, repository: Path | None = None) -> Sequence[Place]:
    """The folders of packs; what is in an earlier one hides what a later one has under the same name."""
    found = [Place(_OWN_FOLDER, "built in"), Place(home / _PLACE, "yours")]
    if repository is not None and repository != home:
        found.append(Place(repository / _PLACE, "this repository's"))
    return found


@dataclass(frozen=True, slots=True)
class Installed:
    """A folder that says it is a pack: what is in it, or why it cannot be used."""

    name: str
    place: Place
    pack: Pack | None
    error: PackError | None


def installed(at: Sequence[Place]) -> list[Installed]:
    """Every pack that is installed, broken ones too, each name once."""
    found: dict[str, Installed] = {}
    for place in at:
        for folder in _folders(place.folder):
            if folder.name not in found:
                found[folder.name] = _look(folder, place)
    return list(found.values())


def find(name: str, at: Sequence[Place]) -> Pack:
    """The pack in the folder called `name`. Raises PackError: there is none, or it cannot be used."""
    if NAME.fullmatch(name):
        for place in at:
            if (place.folder / name / MANIFEST).exists():
                return read_pack(place.folder / name)
    raise NoSuchPack(name)


class NoSuchPack(PackError):
    """No pack of this name is installed."""

    def __init__(self, name: str) -> None:
        super().__init__([])
        self.name = name
        self.args = (f"no sound pack {name!r} is installed",)


def script_of(name: str, at: Sequence[Place]) -> tuple[PackScript, str]:
    """The script of the pack called `name`, and nothing; of War Room's own, and why, where that one cannot be used."""
    own = PackScript(read_pack(_OWN_FOLDER / OWN))
    if name == OWN:
        return own, ""
    try:
        return PackScript(find(name, at), own), ""
    except PackError as error:
        first = str(error).partition("\n")[0]
        return own, f"The sound pack {name} cannot be used; {OWN} speaks instead. {first}"


def _folders(place: Path) -> list[Path]:
    try:
        return sorted(folder for folder in place.iterdir() if (folder / MANIFEST).exists())
    except OSError:
        return []


def _look(folder: Path, place: Place) -> Installed:
    try:
        return Installed(folder.name, place, read_pack(folder), None)
    except PackError as error:
        return Installed(folder.name, place, None, error)
