"""A person's repository, real git, and an engine on it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.settings import Cooldown, Settings, TierSettings

SLUG_CHECK = "python3 -c \"from slug import slugify; assert slugify(' Hello,  World! ')=='hello-world'\""
SLUG_TASK = "Create slug.py with slugify(text): lower case, words joined by single hyphens"
GOOD_SLUG = 'import re\n\n\ndef slugify(text):\n    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))\n'
BAD_SLUG = 'def slugify(text):\n    return text.strip().lower().replace(" ", "-")\n'


def run_git(folder: Path, *args: str) -> str:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    done = subprocess.run(["git", *who, *args], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with one commit on main."""
    folder = tmp_path / "shop"
    folder.mkdir()
    run_git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "README.md").write_text("# shop\n")
    run_git(folder, "add", "--all")
    run_git(folder, "commit", "--quiet", "--message", "first")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """WARROOM_HOME of the test."""
    return tmp_path / "home"


@pytest.fixture
def local_settings() -> Callable[..., Settings]:
    """Settings with one local tier at a URL, without rest between missions."""

    def make(url: str, **tier: object) -> Settings:
        local = {"provider": "ollama", "model": "m:1b", "endpoints": [{"url": url}], **tier}
        return Settings(tiers={"local": TierSettings.model_validate(local)}, cooldown=Cooldown(rest_s=0, reset_every=0))

    return make
