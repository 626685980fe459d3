"""What a model's reply changes, and what came of applying it."""

from agents.tasks import Frozen


class WholeFile(Frozen):
    """The complete new content of a file. `path` is relative with forward slashes."""

    path: str
    content: str


class Edit(Frozen):
    """Replace `search`, which must stand in the file exactly once, by `replace`."""

    path: str
    search: str
    replace: str


FileChange = WholeFile | Edit


class Reply(Frozen):
    """A reply as read. With a `problem` (short, written for the model) there are no changes: it is all or nothing."""

    changes: tuple[FileChange, ...] = ()
    problem: str | None = None


class Applied(Frozen):
    """Paths written, paths that came back as they were, and what could not be applied, in words for the model."""

    written: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
