"""Paths a model writes never resolve outside the worktree, and refusals say what to do."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.tools.paths import PathRefused, resolve_path

PIECES = st.sampled_from(
    [
        "..",
        ".",
        "",
        "src",
        "app.py",
        "out",
        "loop",
        "inner",
        ".git",
        ".GIT",
        ".Git ",
        "git~1",
        ".g\u200dit",
        "/",
        "~",
        "etc",
    ]
)
WILD = st.one_of(PIECES, st.text(max_size=12))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("paths").resolve()
    root = base / "work tree é"
    (root / "src").mkdir(parents=True)
    (root / "src" / "app.py").write_text("x = 1\n")
    (root / ".gitignore").write_text("*.log\n")
    (root / ".git").mkdir()
    (base / "secret.txt").write_text("secret")
    (root / "out").symlink_to(base)
    (root / "inner").symlink_to("src")
    (root / "loop").symlink_to("loop")
    (root / "hooks").symlink_to(".git")
    return root


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("src/app.py", "src/app.py"),
        ("./src//app.py", "src/app.py"),
        (" src/app.py ", "src/app.py"),
        ("inner/app.py", "src/app.py"),
        ("new/deep/file.py", "new/deep/file.py"),
        (".", "."),
        (".gitignore", ".gitignore"),
        (".github/workflows/ci.yml", ".github/workflows/ci.yml"),
        ("with space/ünï\u0301code.txt", "with space/ünï\u0301code.txt"),
    ],
)
def test_paths_inside_are_accepted(tree: Path, text: str, expected: str) -> None:
    assert resolve_path(tree, text) == tree / expected


def test_an_absolute_path_inside_is_taken_as_relative(tree: Path, tmp_path: Path) -> None:
    assert resolve_path(tree, str(tree / "src/app.py")) == tree / "src/app.py"
    (tmp_path / "alias").symlink_to(tree)
    assert resolve_path(tree, f"{tmp_path}/alias/src/new.py") == tree / "src/new.py"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("../secret.txt", '".." is not allowed'),
        ("src/../app.py", 'use "app.py"'),
        ("/etc/passwd", 'use "passwd"'),
        ("/workspace/src/app.py", 'use "src/app.py"'),
        ("/home/user/project/src/app.py", 'use "src/app.py"'),
        ("~/src/app.py", 'use "src/app.py"'),
        ("out/secret.txt", "symlink that leads out"),
        ("out", "symlink that leads out"),
        ("loop", "not a usable path"),
        (".git", "off limits"),
        (".git/config", "off limits"),
        (".GIT/hooks/pre-commit", "off limits"),
        ("src/.git", "off limits"),
        (".git./config", "off limits"),
        (".g\u200dit/config", "off limits"),
        ("hooks/pre-commit", "symlink into the .git"),
        ("a\0b", "control characters"),
        ("a\nb", "control characters"),
        ("a\x1b[31mb", "control characters"),
        ("a\u202eb", "control characters"),
        ("\ud800", "control characters"),
        ("x" * 300, "not a usable path"),
        ("x" * 2000, "characters long"),
        ("src/app.py/inside", None),
    ],
)
def test_paths_outside_are_refused_with_advice(tree: Path, text: str, said: str | None) -> None:
    if said is None:
        assert resolve_path(tree, text).is_relative_to(tree)
        return
    with pytest.raises(PathRefused) as caught:
        resolve_path(tree, text)
    message = str(caught.value)
    assert said in message
    assert "\x1b" not in message
    assert len(message) < 1500


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WILD, max_size=6), st.booleans())
def test_nothing_ever_resolves_outside_or_into_git(tree: Path, pieces: list[str], below_root: bool) -> None:
    text = "/".join([str(tree), *pieces] if below_root else pieces)
    try:
        resolved = resolve_path(tree, text)
    except PathRefused:
        return
    real = Path(os.path.realpath(resolved))
    assert real == resolved
    assert real.is_relative_to(tree)
    assert ".git" not in {part.casefold() for part in real.relative_to(tree).parts}
