"""What a person allows to those who call in: only their own config.toml can say so.

Not the repository's file, which is a stranger's; and no variable either, for a client's registration sets those, and it
may lie in the repository.
"""

from pathlib import Path

from agents.configuration import USER_FILE, Configuration

HOW_TO_ACCEPT = (
    "merging is the person's own decision here. Tell them what is ready: they look at it with `warroom diff {task}` "
    "and take it with `warroom accept {task}`, or in the command center. To let those who call in merge, they set "
    "accept = true under [mcp] in their own config.toml (`warroom config path` says where it is)."
)


def may_accept(found: Configuration) -> bool:
    """Whether a result may be merged without the person."""
    return found.settings.mcp.accept and _is_own(found, "mcp.accept")


def other_repositories(found: Configuration) -> frozenset[Path]:
    """Where the server may work besides its own repository."""
    if not _is_own(found, "mcp.repos"):
        return frozenset()
    return frozenset(Path(repo).expanduser().resolve() for repo in found.settings.mcp.repos)


def _is_own(found: Configuration, key: str) -> bool:
    return found.origins.get(key, "").startswith(f"{USER_FILE}:")
