"""A walk through folders that no depth of them ends: until Python 3.12 `os.walk` calls itself for every level."""

import os
from collections.abc import Iterator
from pathlib import Path


def walk(root: Path | str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Folder, names of its folders, names of everything else, from the top down; as `os.walk` gives them.

    What is taken out of the names of folders is not entered. Links to folders are among them and are not followed; a
    folder that cannot be read is left out.
    """
    waiting = [os.fspath(root)]
    while waiting:
        at = waiting.pop()
        folders: list[str] = []
        others: list[str] = []
        links: set[str] = set()
        try:
            with os.scandir(at) as entries:
                for entry in entries:
                    (folders if _is_folder(entry) else others).append(entry.name)
                    if entry.is_symlink():
                        links.add(entry.name)
        except OSError:
            continue
        yield at, folders, others
        waiting.extend(os.path.join(at, name) for name in reversed(folders) if name not in links)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
