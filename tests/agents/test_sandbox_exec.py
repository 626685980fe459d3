"""The wall on macOS, by the text of its profile."""

from pathlib import Path

import pytest

from agents.settings import Network
from agents.tools.mounts import Mount, View
from agents.tools.sandbox import SandboxUnavailable, choose_sandbox
from agents.tools.walls.sandbox_exec import PROGRAM, profile

HOME = Path("/Users/ada")
MOUNTS = [
    Mount(HOME / "code" / "shop" / ".git", View.READABLE),
    Mount(HOME / "code" / "shop", View.WRITABLE),
    Mount(HOME / ".cargo", View.READABLE),
    Mount(HOME / ".cargo" / "credentials.toml", View.HIDDEN),
    Mount(HOME / ".warroom", View.HIDDEN),
    Mount(HOME / ".warroom" / "trees" / "T1", View.WRITABLE),
]


def decided(text: str, action: str, path: str) -> str:
    """What the last rule says that names `action` (or its family) and a folder `path` lies in: SBPL's own order."""
    decision = ""
    for line in text.splitlines():
        words = line.strip("()").split()
        named = {word.removesuffix("*") for word in words[1:] if word.startswith("file-")}
        if not any(action.startswith(name) for name in named):
            continue
        place = line.partition('"')[2].rpartition('"')[0].replace('\\"', '"').replace("\\\\", "\\")
        inside = path == place or ("(subpath" in line and path.startswith(f"{place}/"))
        if inside or "file-read-metadata" in named:
            decision = words[0]
    return decision or "deny"


@pytest.mark.parametrize(
    ("action", "path", "expected"),
    [
        ("file-write-data", "/Users/ada/code/shop/main.py", "allow"),
        ("file-read-data", "/Users/ada/code/shop/main.py", "allow"),
        ("file-read-data", "/Users/ada/code/shop/.git/config", "allow"),
        ("file-write-data", "/Users/ada/code/shop/.git/config", "deny"),
        ("file-write-create", "/Users/ada/code/shop/.git/hooks/pre-commit", "deny"),
        ("file-read-data", "/Users/ada/.ssh/id_ed25519", "deny"),
        ("file-read-data", "/Users/ada/code/other/secret.py", "deny"),
        ("file-read-data", "/Users/ada/.cargo/bin/cargo", "allow"),
        ("file-write-data", "/Users/ada/.cargo/bin/cargo", "deny"),
        ("file-read-data", "/Users/ada/.cargo/credentials.toml", "deny"),
        ("file-read-data", "/Users/ada/.warroom/warroom.db", "deny"),
        ("file-write-data", "/Users/ada/.warroom/trees/T1/a.py", "allow"),
        ("file-read-data", "/usr/bin/git", "allow"),
        ("file-write-data", "/usr/bin/git", "deny"),
        ("file-write-data", "/dev/null", "allow"),
        ("file-write-data", "/dev/disk0", "deny"),
        ("file-read-data", "/private/tmp/other", "deny"),
        ("file-read-data", "/private/var/run/docker.sock", "deny"),
    ],
)
def test_files(action: str, path: str, expected: str) -> None:
    assert decided(profile(MOUNTS, Network.NONE), action, path) == expected


def test_everything_is_denied_that_is_not_named() -> None:
    text = profile(MOUNTS, Network.NONE)
    assert text.splitlines()[:2] == ["(version 1)", "(deny default)"]
    assert "(allow default)" not in text
    assert "(allow signal (target same-sandbox))" in text


def test_the_network_opens_as_far_as_it_is_asked_to() -> None:
    assert "network" not in profile(MOUNTS, Network.NONE)
    loopback = [line for line in profile(MOUNTS, Network.LOOPBACK).splitlines() if "network" in line]
    assert loopback
    assert all('"localhost:*"' in line for line in loopback)
    assert '(allow network-outbound (remote ip "*:*"))' in profile(MOUNTS, Network.ALL)
    assert all("unix" not in profile(MOUNTS, network) for network in Network)


@pytest.mark.parametrize("name", ['a"b', 'x") (allow default) ("', "back\\", 'both\\"'])
def test_no_path_ends_its_string(name: str) -> None:
    """Outside strings the profile says the same whatever the folder is called."""

    def outside_strings(text: str) -> str:
        kept, inside, letters = [], False, iter(text)
        for letter in letters:
            if inside and letter == "\\":
                next(letters)
            elif letter == '"':
                inside = not inside
            elif not inside:
                kept.append(letter)
        assert not inside
        return "".join(kept)

    strange, plain = (profile([Mount(HOME / folder, View.WRITABLE)], Network.NONE) for folder in (name, "plain"))
    assert outside_strings(strange) == outside_strings(plain)


@pytest.mark.skipif(Path(PROGRAM).exists(), reason="this is a Mac")
async def test_elsewhere_it_says_what_there_is_instead() -> None:
    with pytest.raises(SandboxUnavailable, match=r'kind is "sandbox-exec", but .*part of macOS.*bubblewrap'):
        await choose_sandbox("sandbox-exec")
