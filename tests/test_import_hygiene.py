"""What is imported when: the engine knows no screen and no client, and a version costs nothing."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def loaded_after(code: str) -> set[str]:
    """The top-level modules in a fresh interpreter after `code`."""
    script = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=50
    )
    return {name.partition(".")[0] for name in done.stdout.splitlines()}


def test_the_whole_engine_imports_no_screen_and_no_client() -> None:
    modules = sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in (ROOT / "agents").rglob("*.py")
    )
    assert "agents.headquarters" in modules
    loaded = loaded_after("\n".join(f"import {name}" for name in modules))
    assert "pydantic" in loaded
    assert not loaded & {"textual", "rich", "click", "anthropic", "ollama", "httpx", "app", "sounds", "themes"}


def test_a_version_imports_next_to_nothing() -> None:
    asked = "import sys\nsys.argv = ['warroom', '--version']\nfrom app.cli import run\nassert run() == 0"
    assert not loaded_after(asked) & {"pydantic", "textual", "click", "asyncio", "json", "typing"}


def test_help_imports_no_engine() -> None:
    asked = "import sys\nsys.argv = ['warroom', '--help']\nfrom app.cli import run\nassert run() == 0"
    assert not loaded_after(asked) & {"pydantic", "textual", "aiosqlite"}


def test_the_first_frame_is_painted_without_engine_and_dialogs() -> None:
    asked = (
        "import app.commands.demo, app.commands.open, app.screen.application, app.screen.launch, app.screen.terminal"
    )
    script = f"{asked}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=50
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"pydantic", "agents.events", "agents.tasks", "textual.widgets._text_area", "app.screen.diff"}
