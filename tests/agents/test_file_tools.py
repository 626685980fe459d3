"""file_read, file_write, file_edit, file_list on real files."""

import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agents.tools.files import FileEdit, FileRead, FileWrite
from agents.tools.listing import FileList, summed_up
from agents.tools.tool import Tool, ToolContext, ToolError, ToolOutcome


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "project"
    folder.mkdir()
    return folder


async def use(tool: Tool, root: Path, **arguments: Any) -> ToolOutcome:
    return await tool.run(arguments, ToolContext(root=root, logs=root.parent / "logs", on_output=lambda _: None))


async def refused(tool: Tool, root: Path, **arguments: Any) -> str:
    with pytest.raises(ToolError) as caught:
        await use(tool, root, **arguments)
    return str(caught.value)


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True)


class TestRead:
    async def test_lines_are_numbered(self, root: Path) -> None:
        (root / "a.py").write_text("one\ntwo\nthree\n")
        assert (await use(FileRead(12_000), root, path="a.py")).content == "a.py\n1: one\n2: two\n3: three"

    async def test_a_range(self, root: Path) -> None:
        (root / "a.py").write_text("".join(f"l{number}\n" for number in range(1, 101)))
        content = (await use(FileRead(12_000), root, path="a.py", start=10, end=12)).content
        assert content == "a.py\n10: l10\n11: l11\n12: l12\n[lines 10-12 of 100]"
        assert "has only 100 lines" in await refused(FileRead(12_000), root, path="a.py", start=200)
        assert "before start" in await refused(FileRead(12_000), root, path="a.py", start=9, end=3)

    async def test_a_long_file_says_how_to_read_on_and_reading_on_gets_everything(self, root: Path) -> None:
        (root / "a.txt").write_text("".join(f"line {number}\n" for number in range(1, 1001)))
        start, seen = 1, ""
        for _ in range(40):
            content = (await use(FileRead(2_000), root, path="a.txt", start=start)).content
            assert len(content) <= 2_000
            seen += content
            if "read on with start=" not in content:
                break
            start = int(content.rpartition("start=")[2].rstrip("]"))
        assert all(f"{number}: line {number}\n" in seen + "\n" for number in range(1, 1001))

    async def test_one_endless_line_is_cut(self, root: Path) -> None:
        (root / "min.js").write_text("x" * 500_000)
        assert len((await use(FileRead(12_000), root, path="min.js")).content) < 3_000

    async def test_escape_sequences_do_not_come_through(self, root: Path) -> None:
        (root / "a.txt").write_bytes(b"\x1b]0;title\x07red\x1b[31m\xff\n")
        content = (await use(FileRead(12_000), root, path="a.txt")).content
        assert content.startswith("a.txt\n1: red")
        content.encode()

    async def test_what_is_not_a_text_file_is_refused(self, root: Path) -> None:
        os.mkfifo(root / "fifo")
        (root / "folder").mkdir()
        (root / "binary").write_bytes(b"\x7fELF\0\0")
        with (root / "huge").open("wb") as file:
            file.truncate(1_000_000_000)
        (root / "deep").mkdir()
        (root / "deep" / "name.py").write_text("")
        assert "FIFO" in await refused(FileRead(12_000), root, path="fifo")
        assert "file_list" in await refused(FileRead(12_000), root, path="folder")
        assert "binary" in await refused(FileRead(12_000), root, path="binary")
        assert "1,000 MB" in await refused(FileRead(12_000), root, path="huge")
        assert "Did you mean deep/name.py?" in await refused(FileRead(12_000), root, path="name.py")

    async def test_an_empty_file(self, root: Path) -> None:
        (root / "empty").touch()
        assert (await use(FileRead(12_000), root, path="empty")).content == "empty is empty."


class TestWrite:
    async def test_folders_are_made(self, root: Path) -> None:
        outcome = await use(FileWrite(), root, path="src/deep/a.py", content="x = 1\n")
        assert (root / "src/deep/a.py").read_text() == "x = 1\n"
        assert outcome.content == "created src/deep/a.py (1 lines)"

    async def test_mode_is_kept_and_nothing_else_is_left(self, root: Path) -> None:
        (root / "run.sh").write_text("old")
        (root / "run.sh").chmod(0o750)
        await use(FileWrite(), root, path="run.sh", content="new")
        assert (root / "run.sh").read_text() == "new"
        assert stat.S_IMODE((root / "run.sh").stat().st_mode) == 0o750
        assert [path.name for path in root.iterdir()] == ["run.sh"]

    async def test_a_hard_link_to_a_file_outside_is_not_written_through(self, root: Path) -> None:
        outside = root.parent / "outside"
        outside.write_text("mine")
        os.link(outside, root / "link")
        await use(FileWrite(), root, path="link", content="yours")
        assert outside.read_text() == "mine"

    async def test_what_cannot_be_written_is_refused(self, root: Path) -> None:
        (root / "folder").mkdir()
        (root / "file").touch()
        os.mkfifo(root / "fifo")
        assert "a folder" in await refused(FileWrite(), root, path="folder", content="x")
        assert "not a regular file" in await refused(FileWrite(), root, path="fifo", content="x")
        assert "is a file, not a folder" in await refused(FileWrite(), root, path="file/a/b.py", content="x")
        assert "project folder itself" in await refused(FileWrite(), root, path=".", content="x")
        assert "too much" in await refused(FileWrite(), root, path="big", content="x" * 3_000_000)
        assert "off limits" in await refused(FileWrite(), root, path=".git/hooks/pre-commit", content="x")

    async def test_a_lone_surrogate_of_a_model_does_not_break_the_file(self, root: Path) -> None:
        await use(FileWrite(), root, path="a.txt", content="a\ud800b")
        assert (root / "a.txt").read_bytes() == b"a?b"


class TestEdit:
    async def test_one_exact_place(self, root: Path) -> None:
        (root / "a.py").write_text("def f():\n    return 1\n")
        outcome = await use(FileEdit(), root, path="a.py", old="return 1", new="return 2")
        assert (root / "a.py").read_text() == "def f():\n    return 2\n"
        assert "2:     return 2" in outcome.content

    async def test_several_places_are_listed_and_nothing_changes(self, root: Path) -> None:
        (root / "a.py").write_text("x = 1\ny = 2\nx = 1\n")
        message = await refused(FileEdit(), root, path="a.py", old="x = 1", new="x = 3")
        assert "2 times, at lines 1, 3" in message
        assert (root / "a.py").read_text() == "x = 1\ny = 2\nx = 1\n"

    async def test_the_closest_place_is_shown_with_its_lines(self, root: Path) -> None:
        body = "".join(f"def function_{number}(value):\n    return value + {number}\n\n" for number in range(200))
        (root / "a.py").write_text(body)
        message = await refused(
            FileEdit(), root, path="a.py", old="def function_77(value):\n  return value+77", new="pass"
        )
        assert "lines 232-233" in message
        assert "232: def function_77(value):\n233:     return value + 77" in message

    async def test_a_line_that_is_only_nearly_there_is_found_too(self, root: Path) -> None:
        (root / "a.py").write_text("alpha = compute(1)\nbeta = compute(2)\n")
        message = await refused(FileEdit(), root, path="a.py", old="beta = computes(2)", new="x")
        assert "2: beta = compute(2)" in message

    async def test_nothing_alike(self, root: Path) -> None:
        (root / "a.py").write_text("alpha\n")
        assert "nor anything like it" in await refused(FileEdit(), root, path="a.py", old="zzzzzz qqqqq", new="x")

    async def test_line_numbers_copied_from_a_read_are_understood(self, root: Path) -> None:
        (root / "a.py").write_text("one\ntwo\nthree\n")
        await use(FileEdit(), root, path="a.py", old="1: one\n2: two", new="1: uno\n2: due")
        assert (root / "a.py").read_text() == "uno\ndue\nthree\n"

    async def test_windows_line_endings_stay(self, root: Path) -> None:
        (root / "a.txt").write_bytes(b"one\r\ntwo\r\n")
        await use(FileEdit(), root, path="a.txt", old="one\ntwo", new="uno\ndue")
        assert (root / "a.txt").read_bytes() == b"uno\r\ndue\r\n"

    async def test_bytes_that_are_no_utf8_stay(self, root: Path) -> None:
        (root / "a.txt").write_bytes(b"caf\xe9\nline\n")
        await use(FileEdit(), root, path="a.txt", old="line", new="Zeile")
        assert (root / "a.txt").read_bytes() == b"caf\xe9\nZeile\n"

    async def test_edits_that_change_nothing_are_refused(self, root: Path) -> None:
        (root / "a.txt").write_text("a\n")
        assert "empty" in await refused(FileEdit(), root, path="a.txt", old="", new="x")
        assert "the same" in await refused(FileEdit(), root, path="a.txt", old="a", new="a")
        assert "does not exist" in await refused(FileEdit(), root, path="b.txt", old="a", new="b")

    async def test_a_large_file_does_not_take_long(self, root: Path) -> None:
        (root / "a.txt").write_text("".join(f"value_{number} = {number}\n" for number in range(50_000)))
        assert "closest" in await refused(FileEdit(), root, path="a.txt", old="value_49999 =  49999", new="x")


class TestList:
    async def test_ignored_and_deleted_files_are_left_out(self, root: Path) -> None:
        git(root, "init", "-q")
        (root / ".gitignore").write_text("*.log\nbuild/\n")
        (root / "src dir").mkdir()
        (root / "src dir" / "ünï.py").touch()
        (root / "gone.py").touch()
        git(root, "add", ".")
        (root / "gone.py").unlink()
        (root / "noise.log").touch()
        (root / "build").mkdir()
        (root / "build" / "out").touch()
        (root / "new.py").touch()
        outcome = await use(FileList(12_000), root)
        assert outcome.content == "3 files:\n.gitignore\nnew.py\nsrc dir/ünï.py"
        assert (await use(FileList(12_000), root, path="src dir")).content == "1 file:\nsrc dir/ünï.py"

    async def test_a_folder_that_is_no_repository(self, root: Path) -> None:
        (root / "sub").mkdir()
        (root / "sub" / "a.py").touch()
        assert (await use(FileList(12_000), root)).content == "1 file:\nsub/a.py"

    async def test_a_large_tree_is_summed_up(self, root: Path) -> None:
        git(root, "init", "-q")
        for folder in range(30):
            (root / f"d{folder}").mkdir()
            for file in range(40):
                (root / f"d{folder}" / f"f{file}").touch()
        content = (await use(FileList(4_000), root)).content
        assert content.startswith("1,200 files:")
        assert "d7/ (40 files)" in content
        assert len(content) <= 4_000

    async def test_names_with_escape_sequences_are_made_safe(self, root: Path) -> None:
        (root / "a\x1b[31m\nb").touch()
        assert "\x1b" not in (await use(FileList(12_000), root)).content

    async def test_wrong_paths(self, root: Path) -> None:
        (root / "a.py").touch()
        assert "file_read" in await refused(FileList(12_000), root, path="a.py")
        assert "does not exist" in await refused(FileList(12_000), root, path="b")
        assert "symlink" not in await refused(FileList(12_000), root, path="..")


def test_summed_up_keeps_every_file_in_the_counts() -> None:
    files = [f"a/{one}/{two}/f" for one in range(10) for two in range(30)] + ["top"]
    lines = summed_up(files, 20)
    assert "top" in lines
    assert "a/3/ (30 files)" in lines
    assert len(lines) == 11
