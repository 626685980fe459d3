"""The front door: a repository's own `app` or `agents` never runs inside War Room, whatever PYTHONPATH says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

WARROOM = Path(sys.executable).with_name("warroom")

HOSTILE = "import pathlib\npathlib.Path(__file__).with_name('was-imported').touch()\nraise SystemExit('owned')\n"
SHADOWED = (
    "app",
    "agents",
    "sounds",
    "themes",
    "click",
    "pydantic",
    "platformdirs",
    "app/commands",
    "agents/configuration",
)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A repository full of packages with our names."""
    repository = tmp_path / "their repository"
    for name in SHADOWED:
        (repository / name).mkdir(parents=True)
        (repository / name / "__init__.py").write_text(HOSTILE)
    for name in ("tomllib", "json", "cli"):
        (repository / f"{name}.py").write_text(HOSTILE)
    return repository


def enter(repository: Path, *arguments: str, pythonpath: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": pythonpath, "WARROOM_HOME": str(repository.parent / "home")}
    return subprocess.run(
        [WARROOM, *arguments], cwd=repository, env=environ, capture_output=True, text=True, timeout=50
    )


@pytest.mark.skipif(not WARROOM.exists(), reason="warroom is not installed as a command here")
@pytest.mark.parametrize("pythonpath", [".", "", "relative:.", "{repository}", ".:{repository}/app"])
@pytest.mark.parametrize("arguments", [("--version",), ("config", "path"), ("--help",)])
def test_a_hostile_repository_is_not_imported(hostile: Path, pythonpath: str, arguments: tuple[str, ...]) -> None:
    done = enter(hostile, *arguments, pythonpath=pythonpath.format(repository=hostile))
    assert (done.returncode, done.stderr) == (0, "")
    assert not list(hostile.rglob("was-imported"))


def test_a_folder_that_is_gone_is_told_in_a_sentence(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = Path(__file__).parents[1] / "warroom.py"
    command = f'cd "{gone}" && rmdir "{gone}" && exec "{sys.executable}" "{script}" board'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "warroom: the current folder is gone. Change to one that exists.\n"


def test_started_as_a_script_it_is_not_imported_either(hostile: Path) -> None:
    script = Path(__file__).parents[1] / "warroom.py"
    environ = {**os.environ, "PYTHONPATH": f".:{hostile}", "WARROOM_HOME": str(hostile.parent / "home")}
    command = [sys.executable, script, "config", "path"]
    done = subprocess.run(command, cwd=hostile, env=environ, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0
    assert "warroom.toml" in done.stdout
    assert not list(hostile.rglob("was-imported"))
