"""Our walk through folders is `os.walk`'s, but for folders that it is ended by."""

import os
from pathlib import Path

from agents.workspace.administration import delete_folder
from agents.workspace.walking import walk


def test_it_gives_what_os_walk_gives(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "c").mkdir()
    for name in ("x", "a/y", "a/b/z"):
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "circle").symlink_to(".")
    (tmp_path / "broken").symlink_to("nowhere")
    ours, theirs = (
        [(at, sorted(folders), sorted(names)) for at, folders, names in found]
        for found in (walk(tmp_path), os.walk(tmp_path))
    )
    assert sorted(ours) == sorted(theirs)


def test_what_is_taken_out_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / ".git/objects").mkdir(parents=True)
    (tmp_path / "src").mkdir()
    seen = []
    for at, folders, _ in walk(tmp_path):
        folders[:] = [name for name in folders if name != ".git"]
        seen.append(at)
    assert seen == [str(tmp_path), str(tmp_path / "src")]


def test_no_depth_ends_it(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    try:
        assert sum(1 for _ in walk(tmp_path)) == 1501
    finally:
        delete_folder(tmp_path / "d")
