"""The direct way: replies as small models write them, and what is written to disk."""

import os
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.missions.reply import (
    Edit,
    FileChange,
    WholeFile,
    apply_changes,
    named_files,
    read_reply,
)

SLUG = "import re\n\n\ndef slugify(text):\n    return re.sub(r'[^a-z0-9]+', '-', text.lower()).strip('-')"
USAGE = "from slug import slugify\n\nprint(slugify('Hello World'))"
TEST = "from slug import slugify\n\n\ndef test_slugify():\n    assert slugify('A b') == 'a-b'"


def read(text: str, existing: tuple[str, ...] = (), named: tuple[str, ...] = ()) -> dict[str, str]:
    reply = read_reply(text, existing=existing, named=named)
    assert reply.problem is None, reply.problem
    found: dict[str, str] = {}
    for change in reply.changes:
        assert isinstance(change, WholeFile)
        found[change.path] = change.content.rstrip("\n")
    return found


def problem(text: str, existing: tuple[str, ...] = (), named: tuple[str, ...] = ()) -> str:
    reply = read_reply(text, existing=existing, named=named)
    assert reply.changes == ()
    assert reply.problem
    return reply.problem


@pytest.mark.parametrize(
    "text",
    [
        f"### src/slug.py\n```python\n{SLUG}\n```",
        f"**src/slug.py**\n\n```python\n{SLUG}\n```",
        f"**`src/slug.py`**:\n```python\n{SLUG}\n```",
        f"src/slug.py\n```\n{SLUG}\n```",
        f"src/slug.py:\n```python\n{SLUG}\n```",
        f"`src/slug.py`\n```python\n{SLUG}\n```",
        f"File: src/slug.py\n```python\n{SLUG}\n```",
        f"1. **File: `src/slug.py`** (new file)\n```python\n{SLUG}\n```",
        f"- ./src/slug.py\n  ```python\n{SLUG}\n  ```",
        f"Create the file `src/slug.py` with the following content:\n\n```python\n{SLUG}\n```",
        f"### src/slug.py\n\nHere is the complete code:\n\n```python\n{SLUG}\n```",
        f"```python src/slug.py\n{SLUG}\n```",
        f"```python:src/slug.py\n{SLUG}\n```",
        f'```python title="src/slug.py"\n{SLUG}\n```',
        f"```src/slug.py\n{SLUG}\n```",
        f"```python\n# src/slug.py\n{SLUG}\n```",
        f"```python\n# File: src/slug.py\n{SLUG}\n```",
        f'```python\n"""src/slug.py"""\n{SLUG}\n```',
        f"```python\nsrc/slug.py\n{SLUG}\n```",
        f"~~~python\n# src/slug.py\n{SLUG}\n~~~",
        f"### src/slug.py\r\n```python\r\n{SLUG}\r\n```\r\n".replace("\n", "\r\n").replace("\r\r", "\r"),
        f"### src/slug.py\n```python\n{SLUG}\n```\n" + "\n" * 3000,
    ],
)
def test_however_the_path_is_written_it_is_found(text: str) -> None:
    assert read(text) == {"src/slug.py": SLUG}
    assert read(text, named=("src/slug.py", "README.md")) == {"src/slug.py": SLUG}


@pytest.mark.parametrize(
    "text",
    [
        f"```python\n{SLUG}\n```",
        f"Here is the code:\n```\n{SLUG}\n```\nIt lower-cases the text.",
        SLUG,
        f"```python\n{SLUG}\n```\n\nExample usage:\n\n```python\n{USAGE}\n```",
        f"```python\n{SLUG}\n```\n\nExample:\n\n```python\nprint(slugify('Hello'))\n```\nOutput:\n```\nhello\n```",
        f"```bash\npip install slug\n```\n```python\n{SLUG}\n```\n```bash\npython slug.py\n```",
        f"```python\n{SLUG}\n```\nTest it:\n```python\n{TEST}\n```",
        f"```python\n{USAGE}\n```\nThe implementation:\n```python\n{SLUG}\n```",
        f"```python\n{SLUG}\n```\n```pycon\n>>> slugify('A')\n'a'\n```",
        f"```python\n{SLUG}\n```\nYou can use `slug.py` like this:\n```python\n{USAGE}\n```",
        f"### slug.py\n```python\n{SLUG}\n```\n\n### Example\n```python\n{USAGE}\n```",
        f"```python\n{SLUG}\n```\n\nMore examples:\n```python\nprint(slugify(",  # cut while rambling
        f"### /home/me/slug.py\n```python\n{SLUG}\n```",
        f"### app/slug.py\n```python\n{SLUG}\n```",
    ],
)
def test_a_task_that_names_one_file_gets_its_definition_not_the_example(text: str) -> None:
    assert read(text, named=("slug.py",)) == {"slug.py": SLUG}


def test_the_only_existing_file_is_meant_when_none_is_named() -> None:
    assert read(f"```python\n{SLUG}\n```", existing=("slug.py",)) == {"slug.py": SLUG}
    assert "which file" in problem(f"```python\n{SLUG}\n```", existing=("slug.py", "other.py"))


def test_a_later_block_with_everything_wins_and_added_definitions_are_joined() -> None:
    node = "class Node:\n    def __init__(self, value):\n        self.value = value"
    chain = "class Chain:\n    def __init__(self):\n        self.head = Node(0)"
    whole = f"{node}\n\n\n{chain}"
    assert read(f"First:\n```python\n{node}\n```\nThen:\n```python\n{chain}\n```", named=("chain.py",)) == {
        "chain.py": whole
    }
    text = f"First:\n```python\n{node}\n```\nThe complete code:\n```python\n{whole}\n```"
    assert read(text, named=("chain.py",)) == {"chain.py": whole}


def test_several_files_in_one_reply() -> None:
    text = f"### slug.py\n```python\n{SLUG}\n```\n### tests/test_slug.py\n```python\n{TEST}\n```\n```sh\npytest\n```"
    assert read(text) == {"slug.py": SLUG, "tests/test_slug.py": TEST}


def test_unlabelled_blocks_go_to_the_only_files_they_can_be() -> None:
    text = f"```python\n{SLUG}\n```\n```python\n{TEST}\n```"
    assert read(text, named=("slug.py", "tests/test_slug.py")) == {"slug.py": SLUG, "tests/test_slug.py": TEST}
    page = "<html></html>"
    text = f"```html\n{page}\n```\n```css\nbody {{}}\n```"
    assert read(text, named=("index.html", "style.css")) == {"index.html": page, "style.css": "body {}"}
    assert "which file" in problem(f"```python\n{SLUG}\n```", named=("a.py", "b.py"))


def test_fences_inside_a_markdown_file() -> None:
    page = "# Slug\n\n```bash\npip install slug\n```\n\nThen:\n\n```python\nimport slug\n```\n\nEnd."
    assert read(f"### README.md\n````markdown\n{page}\n````") == {"README.md": page}
    assert read(f"### README.md\n```markdown\n{page}\n```") == {"README.md": page}


def test_a_shell_script_is_a_file_when_the_task_names_it() -> None:
    script = "#!/bin/sh\necho hi"
    assert read(f"```bash\n{script}\n```", named=("hello.sh",)) == {"hello.sh": script}
    assert read(f"### hello.sh\n```bash\n{script}\n```") == {"hello.sh": script}


def test_other_languages_define_too() -> None:
    code = "export function add(a, b) {\n  return a + b;\n}"
    use = "import { add } from './add.js';\nconsole.log(add(1, 2));"
    assert read(f"```javascript\n{code}\n```\nUsage:\n```javascript\n{use}\n```", named=("add.js",)) == {"add.js": code}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no file"),
        ("I would change the regular expression.", "no file"),
        ("Run this:\n```bash\npython slug.py\n```", "no file"),
        (f"### slug.py\n```python\n{SLUG}", "cut off"),
        (f"```python\n{SLUG}", "cut off"),
        ("### slug.py\n```python\n```", "empty"),
        (f"```python\n{USAGE}\n```", "no file"),
        (f"### /etc/other.conf\n```python\n{SLUG}\n```", "not relative"),
        (f"### ../more.py\n```python\n{SLUG}\n```", "leads out"),
        ("### .git/hooks/a.sh\n```bash\nid\n```", "inside .git"),
        ("slug.py\n<<<<<<< SEARCH\na\n=======\nb\n", "not complete"),
        ("slug.py\n<<<<<<< SEARCH\na\n>>>>>>> REPLACE\n", "not complete"),
        ("slug.py\n<<<<<<< SEARCH\n=======\nb\n>>>>>>> REPLACE\n", "SEARCH is empty"),
    ],
)
def test_the_model_is_told_what_is_wrong(text: str, said: str) -> None:
    answer = problem(text, existing=("slug.py", "other.py"), named=("slug.py",))
    assert said in answer
    assert len(answer) < 400


class TestSearchReplace:
    SWAP = "<<<<<<< SEARCH\n    return a\n=======\n    return a + b\n>>>>>>> REPLACE"

    @pytest.mark.parametrize(
        "text",
        [
            f"calc.py\n{SWAP}",
            f"### calc.py\n\n{SWAP}\nThat is all.",
            f"calc.py\n```python\n{SWAP}\n```",
            f"```python\ncalc.py\n{SWAP}\n```",
            f"```python calc.py\n{SWAP}\n```",
            "calc.py\n```\n<<<<<< SEARCH\n    return a\n=====\n    return a + b\n>>>>>> REPLACE\n```",
            SWAP,
        ],
    )
    def test_in_and_out_of_fences(self, text: str) -> None:
        reply = read_reply(text, existing=("calc.py", "b.py"), named=("calc.py",))
        assert reply.changes == (Edit(path="calc.py", search="    return a", replace="    return a + b"),)

    def test_several_blocks_and_files(self) -> None:
        text = (
            f"a.py\n```\n{self.SWAP}\n{self.SWAP}\n```\nThen\nb.py\n```\n{self.SWAP}\n```\nc.py\n```python\nX = 1\n```"
        )
        reply = read_reply(text, existing=("a.py", "b.py"), named=())
        assert [(type(change), change.path) for change in reply.changes] == [
            (Edit, "a.py"),
            (Edit, "a.py"),
            (Edit, "b.py"),
            (WholeFile, "c.py"),
        ]

    def test_an_empty_search_makes_a_new_file(self) -> None:
        text = "new.py\n<<<<<<< SEARCH\n=======\nX = 1\n>>>>>>> REPLACE"
        assert read(text, existing=("a.py",)) == {"new.py": "X = 1"}

    def test_without_a_path_and_with_several_files_it_is_refused(self) -> None:
        assert "path on the line above" in problem(self.SWAP, existing=("a.py", "b.py"))

    def test_a_unified_diff_is_a_set_of_edits(self) -> None:
        diff = "--- a/calc.py\n+++ b/calc.py\n@@ -1,3 +1,3 @@\n def add(a, b):\n-    return a\n+    return a + b\n"
        reply = read_reply(f"```diff\n{diff}```", existing=("calc.py",), named=())
        [edit] = reply.changes
        assert edit == Edit(
            path="calc.py", search="def add(a, b):\n    return a", replace="def add(a, b):\n    return a + b"
        )


class TestApply:
    def test_files_are_written_with_a_final_newline_in_new_folders(self, tmp_path: Path) -> None:
        applied = apply_changes(tmp_path, [WholeFile(path="src/deep/a b.py", content="X = 1")])
        assert applied.written == ("src/deep/a b.py",)
        assert (tmp_path / "src/deep/a b.py").read_bytes() == b"X = 1\n"
        assert [path.name for path in (tmp_path / "src/deep").iterdir()] == ["a b.py"]

    def test_identical_content_is_unchanged_and_not_touched(self, tmp_path: Path) -> None:
        file = tmp_path / "a.py"
        file.write_bytes(b"X = 1\r\nY = 2")
        before = file.stat().st_mtime_ns
        applied = apply_changes(tmp_path, [WholeFile(path="a.py", content="X = 1\nY = 2\n")])
        assert (applied.written, applied.unchanged) == ((), ("a.py",))
        assert file.stat().st_mtime_ns == before

    def test_mode_line_ends_and_mark_are_kept(self, tmp_path: Path) -> None:
        file = tmp_path / "run.py"
        file.write_bytes(b"\xef\xbb\xbfa\r\nb\r\nc\n")
        file.chmod(0o755)
        changes: list[FileChange] = [Edit(path="run.py", search="b", replace="B\nB2")]
        assert apply_changes(tmp_path, changes).written == ("run.py",)
        assert file.read_bytes() == b"\xef\xbb\xbfa\r\nB\r\nB2\r\nc\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o755

    def test_a_failing_edit_leaves_its_file_alone_and_shows_the_closest_lines(self, tmp_path: Path) -> None:
        (tmp_path / "a.py").write_text("def f(x):\n    total = x + 1\n    return total\n")
        applied = apply_changes(
            tmp_path,
            [
                Edit(path="a.py", search="def f(x):", replace="def g(x):"),
                Edit(path="a.py", search="    total = x + 2\n    return total", replace="    return x"),
                WholeFile(path="b.py", content="B = 1\n"),
            ],
        )
        assert applied.written == ("b.py",)
        [said] = applied.problems
        assert "closest lines are" in said
        assert "return total" in said
        assert (tmp_path / "a.py").read_text().startswith("def f(x)")

    @pytest.mark.parametrize(
        ("search", "replace", "expected"),
        [
            (
                "    if x:\n        return 1",
                "    if x:\n        return 2",
                "def f(x):\n    if x:  \n        return 2\n",
            ),
            ("if x:\n    return 1", "if x:\n    return 2", "def f(x):\n    if x:\n        return 2\n"),
            ("\nif x:\n    return 1\n", "if not x:\n    return 2\n", "def f(x):\n    if not x:\n        return 2\n"),
            ("        if x:\n            return 1", "        return 3", "def f(x):\n    return 3\n"),
        ],
    )
    def test_white_space_a_little_off_still_matches(
        self, tmp_path: Path, search: str, replace: str, expected: str
    ) -> None:
        file = tmp_path / "a.py"
        file.write_text("def f(x):\n    if x:  \n        return 1\n")
        applied = apply_changes(tmp_path, [Edit(path="a.py", search=search, replace=replace)])
        assert applied.problems == ()
        assert file.read_text().replace(":  \n", ":\n") == expected.replace(":  \n", ":\n")

    def test_an_ambiguous_search_names_the_lines(self, tmp_path: Path) -> None:
        (tmp_path / "a.py").write_text("x = 1\ny = 2\nx = 1\n")
        [said] = apply_changes(tmp_path, [Edit(path="a.py", search="x = 1", replace="x = 2")]).problems
        assert "lines 1, 3" in said

    def test_deleted_lines_go_with_their_line_end(self, tmp_path: Path) -> None:
        (tmp_path / "a.py").write_text("a\nb\nc\n")
        apply_changes(tmp_path, [Edit(path="a.py", search="b", replace="")])
        assert (tmp_path / "a.py").read_text() == "a\nc\n"

    @pytest.mark.parametrize(
        "path", ["../out.py", "/tmp/out.py", ".git/config", "a/../../out.py", "link/x.py", "out.py"]
    )
    def test_nothing_is_written_outside(self, tmp_path: Path, path: str) -> None:
        root, outside = tmp_path / "root", tmp_path / "outside"
        root.mkdir()
        outside.mkdir()
        (root / "link").symlink_to(outside)
        (root / "out.py").symlink_to(outside / "out.py")
        applied = apply_changes(root, [WholeFile(path=path, content="X")])
        assert applied.written == ()
        assert len(applied.problems) == 1
        assert list(outside.iterdir()) == []
        assert sorted(each.name for each in tmp_path.iterdir()) == ["outside", "root"]

    def test_a_link_to_git_and_odd_files_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        (tmp_path / "innocent").symlink_to(".git")
        (tmp_path / "loop").symlink_to("loop")
        (tmp_path / "file").write_text("x")
        os.mkfifo(tmp_path / "pipe")
        paths = ("innocent/config", "loop", "file/below", "pipe", ".git", "n" * 280)
        applied = apply_changes(tmp_path, [WholeFile(path=path, content="X") for path in paths])
        assert (applied.written, len(applied.problems)) == ((), len(paths))

    def test_a_link_inside_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real.py").write_text("X = 1\n")
        (tmp_path / "alias.py").symlink_to("real.py")
        assert apply_changes(tmp_path, [WholeFile(path="alias.py", content="X = 2")]).written == ("alias.py",)
        assert (tmp_path / "alias.py").is_symlink()
        assert (tmp_path / "real.py").read_text() == "X = 2\n"

    def test_a_file_with_parts_left_out_is_not_overwritten(self, tmp_path: Path) -> None:
        file = tmp_path / "a.py"
        file.write_text("# ... a comment of its own\nA = 1\n")
        short = WholeFile(path="a.py", content="A = 2\n# ... rest of the code ...\n")
        [said] = apply_changes(tmp_path, [short]).problems
        assert "left out" in said
        same = WholeFile(path="a.py", content="# ... a comment of its own\nA = 2\n")
        assert apply_changes(tmp_path, [same]).written == ("a.py",)

    def test_binary_and_missing_files_cannot_be_edited(self, tmp_path: Path) -> None:
        (tmp_path / "a.bin").write_bytes(b"\xff\xfe\x00")
        edits: list[FileChange] = [Edit(path=path, search="a", replace="b") for path in ("a.bin", "gone.py")]
        applied = apply_changes(tmp_path, edits)
        assert "UTF-8" in applied.problems[0]
        assert "does not exist" in applied.problems[1]


class TestNamedFiles:
    @pytest.mark.parametrize(
        ("text", "named", "hinted"),
        [
            ("Create slug.py with slugify(text).", ("slug.py",), ()),
            ("Fix src/csvio.py, e.g. its quoting; see README.md.", ("src/csvio.py", "README.md"), ()),
            ("Make `./a/b.ts` and ./Makefile work with Node.js 20.1", ("a/b.ts", "Makefile"), ()),
            ("See https://example.com/x.py and mail me@example.py; version 3.11", (), ()),
            ("python -c \"from slug import slugify; assert slugify('a')=='a'\"", (), ("slug.py",)),
            ("python3 -c 'import sys, slug, json; slug.run()'", (), ("slug.py",)),
            ("python -m pytest tests/test_slug.py -q", ("tests/test_slug.py",), ()),
            ("python -m pkg.tool && python -c 'from pkg.sub import x'", (), ("pkg/sub.py", "pkg/tool.py")),
            ("slug.py is tested by: from slug import slugify", ("slug.py",), ()),
            ("node -e \"const {add} = require('./add'); add(1)\"", (), ("add.js",)),
            ("self.c is a list; os.path.join(a.b, c)", (), ()),
            ("Add /etc/passwd.txt or ../x.py", (), ()),
            ("Write a function add(a, b).", (), ()),
        ],
    )
    def test_names_and_hints(self, text: str, named: tuple[str, ...], hinted: tuple[str, ...]) -> None:
        found = named_files(text)
        assert found.named == named
        assert set(found.hinted) == set(hinted)


FRAGMENTS = st.sampled_from(
    ["```", "````", "```python", "```md", "~~~", "### a.py", "a.py", "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE"]
    + ["x = 1", "def f(): pass", "", "--- a/a.py", "+++ b/../a.py", "@@ -1 +1 @@", "-x", "+y", "# .git/a.py", "/a.py:"]
)


@given(st.lists(FRAGMENTS | st.text(max_size=12), max_size=30), st.sampled_from([(), ("a.py",), ("a.py", "b.md")]))
@settings(max_examples=300)
def test_any_reply_is_survived_and_its_paths_are_safe(lines: list[str], named: tuple[str, ...]) -> None:
    reply = read_reply("\n".join(lines), existing=("a.py",), named=named)
    assert bool(reply.changes) is (reply.problem is None)
    for change in reply.changes:
        assert ".." not in change.path.split("/")
        assert not change.path.startswith(("/", ".git/"))


@pytest.mark.parametrize(
    "unit",
    [
        "```\n",
        "```python\nx\n",
        "```md\n```a\n",
        "<<<<<<< SEARCH\n",
        "```a\n<<<<<<< SEARCH\n",
        "a.py\n",
        "\n",
        " ",
        "# ",
        "(",
    ]
    + ["@@ -1 +1 @@\n-x\n", "`", "from ", "import a,", "a/", "x.py ", "[", "=======\n", "-", "//", "a\\", "... "],
)
def test_a_megabyte_of_anything_takes_bounded_time(unit: str) -> None:
    started = time.process_time()
    text = unit * (1_000_000 // len(unit))
    read_reply(text, existing=("a.py",), named=("a.py",))
    read_reply(f"a.py\n```python\n{text}\n```", existing=("a.py",), named=())
    named_files(text)
    assert time.process_time() - started < 8
