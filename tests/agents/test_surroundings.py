"""What the repository says of a task: files found by their names, lines counted inside the folder only."""

import os
from pathlib import Path

import pytest

from agents.routing.assessment import assess
from agents.routing.features import language_of
from agents.routing.surroundings import MOST_BYTES, MOST_FILES, Surroundings, is_test, survey
from agents.tasks import TaskKind

FILES = frozenset(
    {"src/cart.py", "src/pay.ts", "lib/a/util.py", "lib/b/util.py", "tests/test_cart.py", "web/pay.test.ts"}
)


def test_a_file_is_found_by_the_end_of_its_path_unless_several_end_so() -> None:
    around = Surroundings(FILES)
    assert around.resolve("src/cart.py") == "src/cart.py"
    assert around.resolve("cart.py") == "src/cart.py"
    assert around.resolve("a/util.py") == "lib/a/util.py"
    assert around.resolve("util.py") is None
    assert around.resolve("art.py") is None
    assert Surroundings().resolve("cart.py") is None


def test_tests_are_known_by_their_names() -> None:
    around = Surroundings(FILES)
    assert around.has_tests
    assert [path for path in sorted(FILES) if around.tested(path)][:1] == ["src/cart.py"]
    assert around.tested("src/pay.ts")
    assert not around.tested("lib/a/util.py")
    assert not Surroundings(frozenset({"a.py", "contest.py", "latest/b.py"})).has_tests
    for path in ("spec/user_spec.rb", "store_test.go", "CartTest.java", "tests/cart.rs", "src/__tests__/a.js"):
        assert is_test(path), path


def test_the_assessment_says_what_the_repository_tells() -> None:
    around = Surroundings(FILES, {"src/cart.py": 900})
    found = assess("Fix the rounding in cart.py", around)
    assert (found.kind, found.language, found.size) == (TaskKind.EDIT, "python", "large")
    assert "src/cart.py: 900 lines" in found.evidence
    assert "tests exist for src/cart.py" in found.evidence
    assert found.score > assess("Fix the rounding in cart.py", Surroundings(FILES, {"src/cart.py": 90})).score
    features = found.features()
    assert (features.kind, features.language, features.size) == (found.kind, "python", "large")
    assert "no tests in the repository" in assess("Fix a.py", Surroundings(frozenset({"a.py"}))).evidence


def test_the_language_is_that_of_the_files_named_else_said_else_of_most_files() -> None:
    rust = Surroundings(frozenset({"a.rs", "b.rs", "c.py"}))
    assert assess("Change c.py", rust).language == "python"
    assert assess("Write a bash script", rust).language == "shell"
    assert assess("Count the words", rust).language == "rust"
    assert assess("Count the words").language == "other"
    assert language_of(["x.go", "y.py", "z.py"]) == "python"


def test_lines_are_counted_of_named_existing_files_only(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "cart.py").write_text("a\nb\nc")
    (tmp_path / "other.py").write_text("a\n" * 9)
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "huge.py").write_bytes(b"\n" * (MOST_BYTES + 1000))
    files = frozenset({"src/cart.py", "other.py", "empty.py", "huge.py", "gone.py"})
    around = survey(tmp_path, "Change cart.py, empty.py, huge.py, gone.py and new.py", files)
    assert around == Surroundings(files, {"src/cart.py": 3, "empty.py": 0, "huge.py": MOST_BYTES})


def test_no_link_leads_out_and_no_pipe_is_waited_for(tmp_path: Path) -> None:
    root, outside = tmp_path / "repo", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret.py").write_text("x\n")
    (root / "own.py").write_text("x\n")
    (root / "link.py").symlink_to(outside / "secret.py")
    (root / "folder").symlink_to(outside)
    (root / "inner.py").symlink_to("own.py")
    (root / "loop.py").symlink_to("loop.py")
    os.mkfifo(root / "pipe.py")
    (root / "dir.py").mkdir()
    names = ("own.py", "link.py", "folder/secret.py", "inner.py", "loop.py", "pipe.py", "dir.py")
    around = survey(root, " ".join(names), frozenset(names))
    assert around.lines == {"own.py": 1, "inner.py": 1}


def test_only_so_many_files_are_looked_at(tmp_path: Path) -> None:
    names = [f"f{number}.py" for number in range(3 * MOST_FILES)]
    for name in names:
        (tmp_path / name).write_text("x\n")
    assert len(survey(tmp_path, " ".join(names), frozenset(names)).lines) == MOST_FILES


@pytest.mark.parametrize("name", ["../secret.py", "/etc/passwd.py", "a\0b.py"])
def test_a_listed_path_that_leads_out_is_not_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.py").write_text("x\n")
    root = tmp_path / "repo"
    root.mkdir()
    assert survey(root, f"Change {name}", frozenset({name})).lines == {}
