"""Finding a repository's own check; noticing touched tests."""

from pathlib import Path

import pytest

from agents.workspace.checks import bent_check, find_check, touched_tests

NPM_PLACEHOLDER = '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'


@pytest.mark.parametrize(
    ("files", "check"),
    [
        ({}, None),
        ({"Makefile": "verify: lint\n\ttrue\ntest:\n\ttrue\n", "go.mod": ""}, "make verify"),
        ({"Makefile": ".PHONY: test\nbuild test:: a \\\n b\n\ttrue\n"}, "make test"),
        ({"Makefile": ".PHONY: test\ntest := no\n# test:\nall:\n\ttest: x\n"}, None),
        ({"Makefile": "all:\n\ttrue\n", "tests/test_a.py": ""}, "python3 -m pytest -q"),
        ({"pyproject.toml": "[project]\nname = 'x'\n"}, None),
        ({"pyproject.toml": "[tool.pytest.ini_options]\n"}, "python3 -m pytest -q"),
        ({"pyproject.toml": "broken = [", "test_a.py": ""}, "python3 -m pytest -q"),
        ({"setup.cfg": "[tool:pytest]\n"}, "python3 -m pytest -q"),
        ({"pytest.ini": ""}, "python3 -m pytest -q"),
        ({"tests/deep/test_b.py": ""}, "python3 -m pytest -q"),
        ({"tests/data.py": ""}, None),
        ({"package.json": '{"scripts": {"test": "vitest run"}}'}, "npm test"),
        ({"package.json": NPM_PLACEHOLDER}, None),
        ({"package.json": NPM_PLACEHOLDER, "Cargo.toml": ""}, "cargo test"),
        ({"package.json": "[1]"}, None),
        ({"package.json": "{"}, None),
        ({"Cargo.toml": ""}, "cargo test"),
        ({"go.mod": ""}, "go test ./..."),
    ],
)
def test_find_check(tmp_path: Path, files: dict[str, str], check: str | None) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    assert find_check(tmp_path) == check


def test_find_check_survives_hostile_files(tmp_path: Path) -> None:
    (tmp_path / "Makefile").mkdir()
    (tmp_path / "package.json").write_bytes(b"\xff\xfe\x00" * 100)
    (tmp_path / "pyproject.toml").symlink_to("/nowhere")
    assert find_check(tmp_path) is None


@pytest.mark.parametrize(
    "path",
    [
        "test_a.py", "pkg/a_test.py", "tests/data/x.json", "conftest.py", "src/a.test.tsx", "src/a.spec.js",
        "a_test.go", "spec/a_spec.rb", "src/FooTest.java", "Foo.Tests/FooTests.cs",
        "src/__tests__/a.js", "src/tests.rs",
    ],
)  # fmt: skip
def test_touched_tests_by_convention(path: str) -> None:
    assert touched_tests([("M", path)]) == (path,)
    assert touched_tests([("D", path)]) == (path,)
    assert touched_tests([("A", path)]) == ()


@pytest.mark.parametrize("path", ["latest.py", "contest.py", "src/attestation/a.py", "protest_x.py", "spectrum.js"])
def test_other_files_are_not_tests(path: str) -> None:
    assert touched_tests([("M", path), ("D", path)]) == ()


def test_what_bends_a_check_is_found() -> None:
    changes = [("M", "Makefile"), ("M", "verify.sh"), ("A", "new.sh"), ("M", "slug.py"), ("A", "pytest.ini")]
    assert bent_check("make test", changes) == ("Makefile",)
    assert bent_check("sh ./verify.sh && sh new.sh", changes) == ("verify.sh",)
    assert bent_check("python3 -m pytest -q", changes) == ("pytest.ini",)
    assert bent_check("python3 -c 'import slug'", changes) == ()
