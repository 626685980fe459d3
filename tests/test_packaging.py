"""The wheel: what `pip install .` and pipx put on a person's machine, away from any checkout."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[1]
ROOMS = ("app", "agents", "sounds", "themes")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built as pip builds it."""
    built = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("dist")), versions=["standard"])
    return Path(next(iter(built)))


def sources() -> Iterator[str]:
    """Every file of the rooms that a commit would hold."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *ROOMS, "warroom.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return (name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def test_the_wheel_holds_the_rooms_the_front_door_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert {name.partition("/")[0] for name in inside} == {*ROOMS, "warroom.py"}
    assert inside == {name for name in sources() if not name.startswith("themes/screenshots/")}


def test_installed_it_plays_the_simulation_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    installed, folder = tmp_path / "installed", tmp_path / "somewhere"
    folder.mkdir()
    with ZipFile(wheel) as archive:
        archive.extractall(installed)
    environ = {**os.environ, "WARROOM_HOME": str(tmp_path / "home"), "PYTHONPATH": ""}
    # As a console script does it: the module by its name, from where it is installed. `-I`: not from this checkout.
    begin = f"import sys; sys.path.insert(0, {str(installed)!r}); from warroom import main; main()"
    done = subprocess.run(
        [sys.executable, "-I", "-c", begin, "demo", "--headless", "--tasks", "1", "--speed", "200"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    assert "SIMULATION over: 1 of 1 tasks done." in done.stdout
