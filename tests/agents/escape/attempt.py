"""What an attempt to get out is: a command, and how it is told from outside whether it did."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from agents.settings import Limits, Network

LIMITS = Limits(memory_mb=512, processes=24, file_mb=8, disk_mb=64, cpu_s=1)
"""Of the sandboxes in these tests: small, so that using them up takes no time."""
_PYTHON = "@python@ - <<'END'\nimport ctypes, os, signal, socket, sys, time\n{}\nEND"


@dataclass(frozen=True)
class Attempt:
    """One way out that somebody may try."""

    name: str
    """What is tried, as the README says it."""
    held: str
    """What of the wall holds it, as the README says it."""
    command: str
    """A word of the scene stands between @ signs."""
    teeth: bool = True
    """Without a wall it does harm that shows, and a test shows that. False: it would do too much, or needs what not
    every machine has."""
    harness: bool = False
    """Afterwards War Room works on what was left, and that must not run anything of it either."""
    network: Network = Network.NONE
    timeout_s: float = 20
    landlock: str = ""
    """Words of a gap; where Landlock says that it has it, the attempt succeeds. Empty: it holds there, too."""


@dataclass(frozen=True)
class Topic:
    """Attempts of one kind."""

    key: str
    title: str
    """As the README has it."""
    attempts: tuple[Attempt, ...]


def read_topic(key: str) -> Topic:
    """The attempts of `key`.toml: `command` in bash, or `python` code, with the file's own `words` put in."""
    table = tomllib.loads(Path(__file__).with_name(f"{key}.toml").read_text())
    attempts = []
    for row in table["attempt"]:
        command = _PYTHON.format(row.pop("python").strip()) if "python" in row else row.pop("command").strip()
        for word, text in table.get("words", {}).items():
            command = command.replace(f"@{word}@", text.strip())
        network = Network(row.pop("network", "none"))
        attempts.append(Attempt(command=command, network=network, **row))
    return Topic(key, table["title"], tuple(attempts))
