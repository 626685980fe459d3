"""code_search on real repositories and plain folders."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agents.tools.search import CodeSearch
from agents.tools.tool import ToolContext, ToolError


@pytest.fixture(params=["repository", "folder"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "app.py").write_text("def main():\n    print('hello (world)')\n\n\ndef other():\n    main()\n")
    (folder / "README.md").write_text("Run Main now: 42 times\n")
    if request.param == "repository":
        subprocess.run(["git", "init", "-q", str(folder)], check=True)
        (folder / ".gitignore").write_text("*.log\n")
        (folder / "noise.log").write_text("def main in a log\n")
    return folder


async def search(root: Path, cap: int = 12_000, **arguments: Any) -> str:
    context = ToolContext(root=root, logs=root.parent / "logs", on_output=lambda _: None)
    return (await CodeSearch(cap).run(arguments, context)).content


async def test_text_is_found_with_path_and_line(root: Path) -> None:
    assert await search(root, pattern="def main") == "src/app.py:1: def main():"
    assert await search(root, pattern="hello (world)") == "src/app.py:2: print('hello (world)')"


async def test_a_regular_expression(root: Path) -> None:
    assert (
        await search(root, pattern=r"def \w+\(", regex=True) == "src/app.py:1: def main():\nsrc/app.py:5: def other():"
    )
    assert await search(root, pattern=r"\d+ times", regex=True) == "README.md:1: Run Main now: 42 times"


async def test_what_the_model_probably_meant_is_tried_and_said(root: Path) -> None:
    assert await search(root, pattern="def.*other") == "[as a regular expression]\nsrc/app.py:5: def other():"
    assert await search(root, pattern="run main") == "[ignoring case]\nREADME.md:1: Run Main now: 42 times"
    assert await search(root, pattern="main(", regex=True) == (
        "[as plain text]\nsrc/app.py:1: def main():\nsrc/app.py:6: main()"
    )


async def test_only_below_a_path(root: Path) -> None:
    assert "README" not in await search(root, pattern="ain", path="src")
    assert await search(root, pattern="Main", path="README.md") == "README.md:1: Run Main now: 42 times"


async def test_nothing_found(root: Path) -> None:
    assert await search(root, pattern="zebra") == 'no match for "zebra".'
    assert await search(root, pattern="zebra", path="src") == 'no match for "zebra" in src.'


async def test_a_pattern_that_looks_like_an_option_is_text(root: Path) -> None:
    (root / "opts.txt").write_text("--open-files-in-pager=touch\n")
    assert await search(root, pattern="--open-files-in-pager=touch") == "opts.txt:1: --open-files-in-pager=touch"


async def test_many_and_long_lines_are_capped(root: Path) -> None:
    (root / "many.txt").write_text("needle here\n" * 5_000)
    (root / "long.txt").write_text("needle " + "x" * 100_000 + "\n")
    content = await search(root, pattern="needle", cap=5_000)
    assert len(content) <= 5_000
    assert "more matches; narrow the pattern" in content


async def test_binary_files_fifos_and_escape_sequences_are_no_trouble(root: Path) -> None:
    (root / "bin").write_bytes(b"\0needle\n")
    os.mkfifo(root / "fifo")
    (root / "esc\x1b[31m.txt").write_bytes(b"\x1b[31mneedle\x1b[0m \xff\n")
    content = await search(root, pattern="needle")
    assert "\x1b" not in content
    assert content.startswith("esc.txt:1: needle")
    assert "bin" not in content


async def test_catastrophic_expressions_end(root: Path) -> None:
    (root / "a.txt").write_text("a" * 5_000 + "b\n")
    assert "match" in await search(root, pattern="(a+)+$", regex=True)


async def test_refusals(root: Path) -> None:
    for pattern in ("", "a\nb", "a\0b", "x" * 2_000):
        with pytest.raises(ToolError):
            await search(root, pattern=pattern)
    with pytest.raises(ToolError, match="does not exist"):
        await search(root, pattern="a", path="nowhere")
    with pytest.raises(ToolError, match="off limits"):
        await search(root, pattern="a", path=".git")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "project"
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    trap = f"touch {tmp_path}/sprung"
    for key in ("core.fsmonitor", "core.pager", "pager.grep", "diff.trap.textconv", "filter.trap.clean", "alias.grep"):
        subprocess.run(["git", "-C", str(root), "config", key, trap], check=True)
    (root / ".gitattributes").write_text("* diff=trap filter=trap\n")
    (root / "a.txt").write_text("needle\n")
    return root


async def test_a_hostile_repository_configuration_runs_nothing(hostile: Path, tmp_path: Path) -> None:
    assert await search(hostile, pattern="needle") == "a.txt:1: needle"
    assert not (tmp_path / "sprung").exists()
