"""The diff: what is read of it, both layouts, the walk, findings in place, a diff that lies."""

from fake_command import DIFF, START, FakeCommand, in_review
from hypothesis import given
from hypothesis import strategies as st
from screen_pilot import NORMAL, drawn, opened, seen, until

from agents.tasks import Finding, Review
from app.screen.diff import DiffScreen, read_diff
from app.screen.diff_pane import DiffPane
from app.screen.patch import pairs, patch

LONG = """diff --git a/app.py b/app.py
--- a/app.py
+++ b/app.py
@@ -1,4 +1,5 @@ class App:
 import os
-import sys
+import json
+import re

 def main():
@@ -40,3 +41,3 @@
 a = 1
-b = 2
+b = "two"
 c = 3
diff --git a/logo.png b/logo.png
Binary files a/logo.png and b/logo.png differ
"""


def found(*findings: Finding) -> Review:
    named = {"commit": "abc", "tier": "opus", "model": "opus", "approves": False, "summary": "", "at": START}
    return Review(findings=findings, **named)


def plain(pane: DiffPane, width: int = 80) -> list[str]:
    return [pane.line(index, width).plain for index in range(pane.line_count())]


def test_files_hunks_and_numbers_are_read() -> None:
    first, second = patch(LONG)
    assert (first.path, first.added, first.removed, len(first.hunks)) == ("app.py", 3, 2, 2)
    assert [(line.sign, line.old, line.new) for line in first.hunks[1].lines] == [
        (" ", 40, 41),
        ("-", 41, None),
        ("+", None, 42),
        (" ", 42, 43),
    ]
    assert (second.path, second.hunks) == ("logo.png", [])
    assert [(a and a.text, b and b.text) for a, b in pairs(first.hunks[0])] == [
        ("import os", "import os"),
        ("import sys", "import json"),
        (None, "import re"),
        ("", ""),
        ("def main():", "def main():"),
    ]


def test_a_line_that_looks_like_a_heading_stays_a_line_of_its_hunk() -> None:
    lies = DIFF.replace("+def slugify(text):", "+diff --git a/x b/x").replace("+    return", "+@@ -1 +1 @@    return")
    files = patch(lies)
    assert [file.path for file in files] == ["slug.py", "README.md"]
    assert [line.text for line in files[0].hunks[0].lines][0] == "diff --git a/x b/x"


def test_findings_stand_below_the_lines_they_are_about() -> None:
    wrong = Finding(path="slug.py", line=2, severity="error", text="Accents are [dropped].")
    odd = Finding(path="README.md", line=1, severity="warning", text="old?")
    nowhere = Finding(path="slug.py", line=99, text="nowhere")
    for turned in (False, True):
        pane = DiffPane(*read_diff(DIFF), found(wrong, odd, nowhere, Finding(text="in general")))
        pane._split = turned
        pane._lay_out()
        lines = plain(pane)
        at = next(place for place, line in enumerate(lines) if "return" in line)
        assert lines[at + 1] == "  ✖ error: Accents are [dropped]."
        assert lines[-1] == "  ! warning: old?"
        assert not any("nowhere" in line for line in lines)
        assert [lines[start].split()[0] for start in pane.places[0]] == ["slug.py", "README.md"]


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_any_text_can_be_read_and_drawn(text: str) -> None:
    wrapped = DIFF.replace("return", text.replace("\n", "\n+"))
    for diff in (text, wrapped):
        pane = DiffPane(*read_diff(diff))
        for turned in (False, True):
            pane._split = turned
            pane._lay_out()
            assert all("\x1b" not in line and "\x9b" not in line for line in plain(pane))


def test_python_is_coloured_and_what_nobody_knows_is_not() -> None:
    files, colours = read_diff(LONG)
    line = files[0].hunks[1].lines[2]
    assert any("$warn" in str(span.style) for span in colours[id(line)].spans), "a string"
    assert read_diff(LONG.replace("app.py", "app.unheard-of"))[1] == {}


async def test_it_is_walked_turned_and_searched() -> None:
    command = FakeCommand(diff_text=LONG)
    in_review(command)
    async with opened(command, NORMAL) as (app, pilot):
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, DiffScreen))
        await seen(pilot, "app.py  +3 -2", "DIFF  2 files  2 hunks  at file 1")
        pane = app.screen.query_one("#diff", DiffPane)
        await pilot.press("right_curly_bracket")
        assert pane.scroll_offset.y == pane.places[1][0]
        await pilot.press("right_curly_bracket")
        await until(pilot, lambda: pane.scroll_offset.y == min(pane.places[1][1], pane.max_scroll_y))
        await pilot.press("left_curly_bracket")
        assert pane.scroll_offset.y == pane.places[1][0]
        await pilot.press("s")
        await seen(pilot, "The diff is side by side.", "import sys", "│  2 +import json")
        await pilot.press("z")
        assert "CHECK" not in drawn(app)
        await pilot.press("z", "s", "slash", *"two", "enter")
        await until(pilot, lambda: pane.scroll_offset.y > 0)
        await pilot.press("escape")
        assert isinstance(app.screen, DiffScreen), "escape takes the search back first"
        await pilot.press("escape")
        assert app.screen is app.center


async def test_sides_stand_beside_each_other_where_there_is_room_and_a_resize_keeps_the_hunk() -> None:
    many = "".join(f"@@ -{n * 10 + 1},3 +{n * 10 + 1},3 @@\n a\n-old {n}\n+new {n}\n b\n" for n in range(30))
    command = FakeCommand(diff_text=f"diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n{many}")
    in_review(command)
    async with opened(command, (220, 60)) as (app, pilot):
        await pilot.press("v")
        await seen(pilot, "│  2 +new 0")
        pane = app.screen.query_one("#diff", DiffPane)
        for _ in range(10):
            await pilot.press("right_curly_bracket")
        hunk = pane.places[1].index(pane.scroll_offset.y)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: pane.places[1][hunk] == pane.scroll_offset.y)
        await seen(pilot, f"+new {hunk}")
