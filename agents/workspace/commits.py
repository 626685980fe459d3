"""Commits we write: whose name they carry, and their trailers."""

import os
import re
from collections.abc import Mapping, Sequence

from agents.sanitize import one_line, sanitize
from agents.workspace.git import Git

NAME, EMAIL = "War Room", "warroom@localhost"
"""Where the person has told git no name."""
_PREFIX = "War-Room-"


async def identity(git: Git) -> dict[str, str]:
    """Environment that makes the person author and committer, or War Room where git knows no name of theirs."""
    known = await git.maybe("config", "-z", "--get-regexp", r"^user\.(name|email)$") or ""
    configured = dict(entry.split("\n", 1) for entry in known.split("\0") if "\n" in entry)
    name = os.environ.get("GIT_AUTHOR_NAME") or configured.get("user.name")
    email = os.environ.get("GIT_AUTHOR_EMAIL") or configured.get("user.email")
    return named(name, email) if name and email else named(NAME, EMAIL)


def named(name: str, email: str) -> dict[str, str]:
    """Author and committer for git's environment."""
    return {
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": email,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": email,
    }


def compose(message: str, trailers: Mapping[str, str]) -> str:
    """`message` and a last paragraph of trailers, which no text in the message can forge: `task` → `War-Room-Task`."""
    lines = [f"{_token(key)}: {one_line(value, 500)}" for key, value in trailers.items() if value.strip()]
    text = sanitize(message).strip() or "Work of an agent"
    return "\n\n".join([text, "\n".join(lines)] if lines else [text]) + "\n"


def _token(key: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", key.removeprefix(_PREFIX))
    return _PREFIX + "-".join(word[0].upper() + word[1:] for word in words)


async def write_commit(git: Git, tree: str, parents: Sequence[str], text: str, env: Mapping[str, str]) -> str:
    """The hash of a new commit of `tree`; it is on no branch yet."""
    links = [part for parent in parents for part in ("-p", parent)]
    return await git.having(**env)("commit-tree", tree, *links, input=text.encode())


async def empty_root(git: Git) -> str:
    """The commit work on a repository without any commit starts from: an empty tree, the same hash every time."""
    tree = await git("hash-object", "-t", "tree", "-w", "--stdin", input=b"")
    when = "2000-01-01T00:00:00Z"
    env = {**named(NAME, EMAIL), "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    return await write_commit(git, tree, [], "An empty repository\n", env)
