"""What needs to be asked before a command is run: decided from the command, what it says it needs, and the wall."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from agents.permission import Reach
from agents.sanitize import one_line, visible
from agents.settings import Network
from agents.tools.hidden import secret_places
from agents.tools.paths import real_path, resolve_path
from agents.tools.patterns import listed, words_of
from agents.tools.shell_result import SandboxError
from agents.tools.tool import ToolError
from agents.tools.walls.territory import grantable, homes_of

NEEDS = 'needs is one or more of: "network", "read:/a/folder", "write:/a/folder", with commas between.'
_SHOWN = 250
"""Characters of what a command would have: wherever a person sees it, it is not cut."""
_READERS = {
    "pwd": "",
    "ls": "-[aAlhtrRS1dF]+",
    "cat": "-[nbsAET]+",
    "head": r"-n|-\d+",
    "tail": r"-n|-\d+",
    "wc": "-[lwcm]+",
    "grep": "-[nirlcwvEFHho]+",
    "git status": "-s|--short|-b|--branch",
    "git log": r"--oneline|--stat|-n|-\d+|-p",
    "git diff": "--stat|--name-only|--name-status|--cached|--staged",
    "git show": "--stat|--name-only|--oneline",
}
"""Commands that only read, and which of their options do. What else they are given must be a path of the worktree."""


def harmless(command: str, root: Path) -> bool:
    """It only reads files of the worktree `root`, and holds nothing that means something to a shell.

    For where there is no wall: a person who is asked about every `ls` soon says yes to everything.
    """
    words = words_of(command)
    name = next((name for name in (" ".join(words[:2]), *words[:1]) if name in _READERS), None)
    if name is None:
        return False
    try:
        for word in words[len(name.split()) :]:
            if word.startswith("-"):
                if not re.fullmatch(_READERS[name], word):
                    return False
            else:
                resolve_path(root, word)
    except ToolError:
        return False
    return True


def path_is_safe(search_path: str) -> bool:
    """No program is looked for in the folder a command happens to run in."""
    return all(os.path.isabs(place) for place in search_path.split(os.pathsep))


def reach_of(
    command: str, needs: str, *, root: Path, walled: bool, network: Network, ask: Sequence[str], search_path: str = "/"
) -> Reach:
    """What `command` would have beyond what every command has: nothing where it need not be asked about.

    `needs`: what the agent says it needs. Raises ToolError, written for the model, when that cannot be meant.
    """
    on_list = listed(command, ask) is not None
    if not walled:
        free = not on_list and harmless(command, root) and path_is_safe(search_path)
        return Reach() if free else Reach(unwalled=True, listed=on_list)
    wants_network, readable, writable = read_needs(needs, root)
    reach = Reach(
        listed=on_list,
        network=wants_network and network is not Network.ALL,
        readable=tuple(readable),
        writable=tuple(writable),
    )
    if len(visible(str(reach))) > _SHOWN:
        raise ToolError("that is more than a person is shown at once. Ask for fewer folders, or for one around them.")
    return reach


def read_needs(needs: str, root: Path) -> tuple[bool, list[str], list[str]]:
    """Network or not, and the folders outside `root` that are to be read and written. Raises ToolError."""
    network, readable, writable = False, list[str](), list[str]()
    for need in re.split(r"[,\s]+", needs.strip()):
        kind, _, place = need.partition(":")
        kind = kind.casefold()
        if kind in {"network", "net", "internet"} and not place:
            network = True
        elif kind in {"read", "path", "write"} and place:
            folder = _outside(place, root)
            if folder is not None:
                (writable if kind == "write" else readable).append(folder)
        elif need and need.casefold() not in {"none", "nothing"}:
            raise ToolError(f'"{one_line(need, 80)}" is nothing a command can be given. {NEEDS}')
    return network, sorted(set(readable) - set(writable)), sorted(set(writable))


def _outside(place: str, root: Path) -> str | None:
    """The folder's real path, so that a person sees what is meant; None: it is in the worktree. Raises ToolError."""
    if not os.path.isabs(place):
        raise ToolError(
            f'"{one_line(place, 80)}" must be absolute, like /srv/data. The project needs no asking. {NEEDS}'
        )
    try:
        real = real_path(Path(place))
    except (OSError, RuntimeError, ValueError):
        raise ToolError(f'"{one_line(place, 80)}" is no usable path. {NEEDS}') from None
    if not real.is_dir():
        raise ToolError(f'"{one_line(place, 80)}" is no folder that is there. {NEEDS}')
    if real.is_relative_to(root):
        return None
    try:
        return str(grantable(real, secret_places(homes_of(os.environ))))
    except SandboxError as error:
        raise ToolError(f"{error}. Go on without it.") from None


_NETWORK_CLOSED = re.compile(
    r"could not resolve host|couldn't resolve host|name or service not known|temporary failure in name resolution"
    r"|network is unreachable|\bENOTFOUND\b|\bEAI_AGAIN\b|\bENETUNREACH\b|no address associated with hostname"
    r"|nodename nor servname|failed to lookup address|dial tcp: lookup|getaddrinfo",
    re.IGNORECASE,
)


def network_was_closed(output: str) -> bool:
    """A failed command's output looks as if it wanted the network."""
    return bool(_NETWORK_CLOSED.search(output))
