"""The direct way's reply: whole files and edits, however a small model writes down which file is meant."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

from agents.missions.applying import apply_changes
from agents.missions.blocks import SHELL, choose, defines, fits, holds_tests, is_test, parse_python
from agents.missions.changes import Applied, Edit, FileChange, Reply, WholeFile
from agents.missions.diffs import is_diff, read_diff
from agents.missions.naming import NamedFiles, named_files, unsafe
from agents.missions.segments import Fence, Swap, segments
from agents.sanitize import one_line

__all__ = [
    "Applied",
    "Edit",
    "FileChange",
    "NamedFiles",
    "Reply",
    "WholeFile",
    "apply_changes",
    "named_files",
    "read_reply",
]

_CUT = "Your reply was cut off before the end of {file}, so nothing was written. Answer shorter: only the code."


class _Unclear(Exception):
    """The message is for the model."""


def read_reply(text: str, *, existing: Collection[str], named: Sequence[str]) -> Reply:
    """The changes in a model's `text`: all of them, or none and the problem, said for the model. Never raises.

    `existing`: the repository's files, relative; `named`: the files the task names. Paths are checked by their form
    only: `apply_changes` is what keeps writes inside the folder.
    """
    try:
        return Reply(changes=_Reader(text, frozenset(existing), tuple(dict.fromkeys(named))).changes())
    except _Unclear as unclear:
        return Reply(problem=str(unclear))


class _Reader:
    def __init__(self, text: str, existing: frozenset[str], named: tuple[str, ...]) -> None:
        self.text = text
        self.existing = existing
        self.named = named
        self.found = segments(text, existing | set(named))

    def changes(self) -> tuple[FileChange, ...]:
        if not self.found:
            return (self._bare_code(),)
        changes = [*self._edits(), *self._diffs()]
        fences = [one for one in self.found if isinstance(one, Fence) and not is_diff(one.content)]
        changes += self._files(fences, {change.path for change in changes})
        if not changes:
            raise _Unclear(f"Your reply holds no file. {self._form()}")
        return tuple(changes)

    def _edits(self) -> list[FileChange]:
        changes: list[FileChange] = []
        path: str | None = None
        for swap in self.found:
            if not isinstance(swap, Swap):
                continue
            path = self._place(swap.path) if swap.path else path or self._lone()
            if not swap.complete:
                raise _Unclear(
                    f"The SEARCH/REPLACE block for {one_line(path or 'your file', 80)} is not complete: it needs the "
                    "lines <<<<<<< SEARCH, ======= and >>>>>>> REPLACE, in this order."
                )
            if path is None:
                raise _Unclear("Write the file's path on the line above each <<<<<<< SEARCH.")
            if swap.search.strip():
                changes.append(Edit(path=path, search=swap.search, replace=swap.replace))
            elif path in self.existing:
                raise _Unclear(f"SEARCH is empty but {path} exists: copy the lines to replace from it.")
            else:
                changes.append(WholeFile(path=path, content=swap.replace))
        return changes

    def _diffs(self) -> list[FileChange]:
        changes: list[FileChange] = []
        for fence in self.found:
            if isinstance(fence, Fence) and is_diff(fence.content):
                if not fence.closed:
                    raise _Unclear(_CUT.format(file=one_line(fence.path or "the diff", 80)))
                read = read_diff(fence.content, fence.path or self._lone())
                changes += [change.model_copy(update={"path": self._place(change.path)}) for change in read]
        return changes

    def _files(self, fences: Sequence[Fence], edited: Collection[str]) -> list[FileChange]:
        labelled: dict[str, list[Fence]] = defaultdict(list)
        loose: list[Fence] = []
        for fence in fences:
            path = self._place(fence.path) if fence.path and (fence.sure or unsafe(fence.path) is None) else None
            if path is None or not self._may_be(fence, path):
                if fence.path is None or not fence.sure:
                    loose.append(fence)
            else:
                labelled[path].append(fence)
        changes = [change for path, blocks in labelled.items() for change in self._whole(path, blocks)]
        covered = {change.path for change in changes} | set(edited)
        loose = [fence for fence in loose if fence.language not in SHELL or self._wants_shell()]
        for path, blocks in self._assign(loose, covered).items():
            changes += self._whole(path, blocks)
        return changes

    def _may_be(self, fence: Fence, path: str) -> bool:
        """A line that mentions a file above an example does not make the example that file."""
        if fence.language in SHELL:
            return fits(fence, path) and (fence.sure or path in self.named)
        return fits(fence, path) if not fence.sure else fits(fence, path) or path in self.named

    def _whole(self, path: str, blocks: Sequence[Fence]) -> list[FileChange]:
        closed = [block for block in blocks if block.closed]
        if not closed:
            raise _Unclear(_CUT.format(file=path))
        block = choose(closed, path) or (closed[0] if closed[0].sure else None)
        if block is None:
            return []
        content = block.content
        if block.commented and path not in self.existing:
            content = content.split("\n", 1)[1] if "\n" in content else ""
        if not content.strip() and PurePosixPath(path).name not in {"__init__.py", ".gitkeep", "py.typed"}:
            raise _Unclear(f"The code block for {path} is empty. Write the whole file.")
        return [WholeFile(path=path, content=content)]

    def _assign(self, loose: Sequence[Fence], covered: Collection[str]) -> dict[str, list[Fence]]:
        """Blocks without a path, each given to the only file it can be."""
        targets = [path for path in self.named if path not in covered]
        if covered:
            loose = [fence for fence in loose if defines(fence) and fence.closed]
        elif not targets and not self.named and len(self.existing) == 1:
            targets = list(self.existing)
        if not loose or (covered and not targets):
            return {}
        given: dict[str, list[Fence]] = defaultdict(list)
        for fence in loose:
            possible = [path for path in targets if fits(fence, path) and is_test(path) == holds_tests(fence)]
            possible = possible or [path for path in targets if fits(fence, path)]
            if len(possible) == 1:
                given[possible[0]].append(fence)
        if not given and not covered:
            raise _Unclear(f"It is not clear which file your code is. {self._form()}")
        if covered:  # an extra block is the missing file only if nothing else could be meant
            return {path: blocks for path, blocks in given.items() if len(loose) == len(targets) == 1}
        return given

    def _wants_shell(self) -> bool:
        return any(PurePosixPath(path).suffix in {".sh", ".bash", ".zsh"} for path in self.named)

    def _place(self, written: str) -> str:
        """The repository's path for what the model wrote: itself, or the one known file of that name."""
        path = str(PurePosixPath(written)) if not written.startswith("./") else str(PurePosixPath(written[2:]))
        known = self.existing | set(self.named)
        if path in known:
            return path
        name = PurePosixPath(path).name
        same = [one for one in self.named if PurePosixPath(one).name == name]
        parents = PurePosixPath(path).parent.parts
        strange = not parents or not any(one.startswith(f"{parents[0]}/") for one in self.existing)
        if len(same) == 1 and strange and (not parents or path.endswith("/" + same[0])):
            return same[0]
        reason = unsafe(path)
        if reason is not None:
            shown = one_line(written, 80)
            raise _Unclear(f"The path {shown} {reason}. Use a path relative to the repository, like {self._sample()}.")
        return path

    def _lone(self) -> str | None:
        if len(self.named) == 1:
            return self.named[0]
        return next(iter(self.existing)) if not self.named and len(self.existing) == 1 else None

    def _bare_code(self) -> FileChange:
        """A reply that is nothing but Python, without a fence; a path may stand on its first line."""
        first, _, rest = self.text.strip().partition("\n")
        label = first.strip(" #*`:")
        path, source = (label, rest) if label in self.named and rest else (self._lone(), self.text)
        tree = parse_python(source) if path is not None and path.endswith(".py") else None
        block = Fence("python", source.strip("\n"), closed=True)
        if path is None or tree is None or not defines(block) or choose([block], path) is None:
            raise _Unclear(f"Your reply holds no file. {self._form()}")
        return WholeFile(path=path, content=block.content)

    def _sample(self) -> str:
        return self.named[0] if self.named else "src/example.py"

    def _form(self) -> str:
        example = f"{self._sample()}\n```\n(every line of the file)\n```"
        return f"Answer with the complete file in a code block, its path above it, like this:\n\n{example}"
