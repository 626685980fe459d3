"""What is asked about, and which commands a pattern means: never more than a person saw."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.permission import Pattern, Reach
from agents.settings import Network
from agents.tools.asking import harmless, network_was_closed, path_is_safe, reach_of, read_needs, visible
from agents.tools.patterns import listed, matches, pattern_of
from agents.tools.tool import ToolError

WORDS = st.sampled_from(
    ["git", "push", "npm", "install", "pip", "run", "-f", "--force", "origin", "main", "a.py", "x=1", "pytest", "rm"]
)
META = st.sampled_from(list(";&|<>(){}`$\"'\\\n\r!*?~#[]^\t\0\u2028") + ["&&", "||", "$(", " ; ", "\u00a0"])
LINES = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
ANY = st.one_of(LINES, st.text(max_size=40), st.lists(st.one_of(WORDS, META), max_size=8).map("".join))


@pytest.mark.parametrize(
    ("command", "pattern"),
    [
        ("git push origin main", "git push *"),
        ("git push --force origin main", "git push --force *"),
        ("npm install", "npm install *"),
        ("pip install -r requirements.txt", "pip install -r *"),
        ("pytest -q tests/test_a.py", "pytest -q *"),
        ("npm run build", "npm run build"),
        ("uv run rm -rf x", "uv run rm -rf x"),
        ("git -c core.pager=x log", "git -c core.pager=x log"),
        ("git status; rm -rf /", "git status; rm -rf /"),
        ("rm -rf build", "rm -rf build"),
        ("python3 -c pass", "python3 -c pass"),
        ("git add *", "git add *"),
    ],
)
def test_the_pattern_offered_for_a_command(command: str, pattern: str) -> None:
    assert str(pattern_of(command)) == pattern
    assert matches(pattern_of(command), command)


def test_a_star_in_a_command_is_no_pattern() -> None:
    assert not matches(pattern_of("git add *"), "git add a.py")


@given(ANY)
def test_a_pattern_means_the_command_it_was_made_from(command: str) -> None:
    assert matches(pattern_of(command), command)


@given(LINES, ANY)
def test_a_pattern_means_only_plain_words_after_the_ones_a_person_saw(given_for: str, command: str) -> None:
    pattern = pattern_of(given_for)
    if not matches(pattern, command) or command == given_for:
        return
    assert pattern.begins
    seen, words = pattern.text.split(), command.split(" ")
    words = [word for word in words if word]
    assert words[: len(seen)] == seen
    for word in words[len(seen) :]:
        assert not word.startswith("-")
    assert not set(command) & set(";&|<>(){}`$\"'\\\n\r!*?~#[]^\t\0")


@given(LINES, META, st.text(max_size=10))
def test_nothing_with_a_meaning_to_a_shell_is_let_in_by_a_pattern(command: str, meta: str, rest: str) -> None:
    pattern = pattern_of(command)
    for joined in (command + meta + rest, meta + command, f"{command} {meta}{rest}"):
        assert not matches(pattern, joined)


@given(st.text(max_size=30), st.text(max_size=30))
def test_an_exact_pattern_means_one_command(one: str, other: str) -> None:
    assert matches(Pattern(text=one), other) is (one == other)


REACHES = st.builds(
    Reach,
    unwalled=st.booleans(),
    listed=st.booleans(),
    network=st.booleans(),
    readable=st.lists(st.sampled_from(["/a", "/b"]), unique=True).map(tuple),
    writable=st.lists(st.sampled_from(["/a", "/b"]), unique=True).map(tuple),
)


@given(REACHES, REACHES)
def test_what_was_allowed_covers_nothing_wider(allowed: Reach, wanted: Reach) -> None:
    assert allowed.covers(allowed)
    if not allowed.covers(wanted):
        return
    assert wanted.network <= allowed.network
    assert set(wanted.writable) <= set(allowed.writable)
    assert set(wanted.readable) <= {*allowed.readable, *allowed.writable}
    assert wanted.unwalled == allowed.unwalled, "a yes within a wall is none where there is no wall"
    assert wanted.listed <= allowed.listed


ASK = ("git push*", "npm publish*")


@pytest.mark.parametrize(
    "command",
    [
        "git push",
        "git push --force",
        "  git   push",
        "cd x && git push origin",
        "true; git push",
        "(git push)",
        "echo $(git push)",
        "`git push`",
        "sudo git push",
        "env A=1 git push",
        "A=1 git push",
        "/usr/bin/git push",
        "git -C . push",
        "git -c a=b -C . push",
        "bash -c 'git push'",
        'sh -c "npm publish --tag x"',
        "if true; then git push; fi",
        "git status\ngit push",
        "xargs git push",
    ],
)
def test_the_ask_list_finds_a_command_in_every_corner(command: str) -> None:
    assert listed(command, ASK)


@pytest.mark.parametrize("command", ["git status", "git pull", "echo gitpush", "npm test", "", "git log -p"])
def test_the_ask_list_leaves_others_alone(command: str) -> None:
    assert not listed(command, ASK)


@given(ANY)
def test_any_line_can_be_looked_at(command: str) -> None:
    assert listed(command, ()) is None
    assert listed(command, ASK) in {*ASK, None}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "a.py").write_text("x")
    (folder / "out").symlink_to(tmp_path)
    (folder / "passwd").symlink_to("/etc/passwd")
    return folder.resolve()


@pytest.mark.parametrize(
    "command",
    ["ls", "ls -la src", "pwd", "cat src/a.py", "head -n 5 src/a.py", "git status --short", "git diff src/a.py"]
    + ["git log --oneline -5", "grep -rn x src", "wc -l src/a.py"],
)
def test_what_only_reads_the_worktree_is_not_asked(command: str, root: Path) -> None:
    assert harmless(command, root)


@pytest.mark.parametrize(
    "command",
    ["ls; rm x", "cat /etc/passwd", "cat ../x", "cat ~/.ssh/id", "cat passwd", "cat out/secret", "ls $(touch x)"]
    + ["git status && touch x", "git diff --output=x", "git diff --no-index /etc/passwd src/a.py", "git branch -D x"]
    + ["git log --output=x", "git -c core.fsmonitor=x status", "grep -f x src", "head src/a.py > y", "cat .git"]
    + ["ls\nrm x", "A=1 ls", "./ls", "find . -delete", "tail -f src/a.py", "git show --ext-diff", "", "git", "sort x"],
)
def test_everything_else_is_asked_where_there_is_no_wall(command: str, root: Path) -> None:
    assert not harmless(command, root)
    assert reach_of(command, "", root=root, walled=False, network=Network.NONE, ask=()).unwalled


@given(st.lists(st.one_of(st.sampled_from(["ls", "cat", "git", "status", "src", ".."]), META), max_size=6))
def test_nothing_with_a_meaning_to_a_shell_is_harmless(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    command = " ".join(parts)
    if harmless(command, Path("/nowhere")):
        assert all(char.isalnum() or char in " ._-/" for char in command)
        assert ".." not in command


def test_a_search_path_that_leads_into_the_worktree_makes_nothing_harmless(root: Path) -> None:
    assert path_is_safe("/usr/bin:/bin")
    for search_path in (".:/bin", "/bin:", ":/bin", "node_modules/.bin:/bin"):
        assert not path_is_safe(search_path)
        reach = reach_of("ls", "", root=root, walled=False, network=Network.NONE, ask=(), search_path=search_path)
        assert reach.unwalled


def test_what_a_command_needs_is_read_with_its_real_folders(root: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (link := tmp_path / "link").symlink_to(tmp_path / "data")
    assert read_needs("", root) == (False, [], [])
    assert read_needs("none", root) == (False, [], [])
    assert read_needs(f"network, write:{link}\nread:{tmp_path}", root) == (True, [str(tmp_path)], [f"{tmp_path}/data"])
    assert read_needs(f"write:{root}/src", root) == (False, [], []), "the project needs no asking"
    for wrong in ("root", "write:", "write:data", f"write:{tmp_path}/none", "write:/etc/passwd", "network:all"):
        with pytest.raises(ToolError, match="network"):
            read_needs(wrong, root)


@pytest.mark.parametrize(("network", "asked"), [(Network.NONE, True), (Network.LOOPBACK, True), (Network.ALL, False)])
def test_the_network_is_asked_for_where_it_is_closed(network: Network, asked: bool, root: Path) -> None:
    def reach(command: str, needs: str) -> Reach:
        return reach_of(command, needs, root=root, walled=True, network=network, ask=ASK)

    assert reach("npm install", "network") == Reach(network=asked)
    assert reach("npm test", "") == Reach()
    assert reach("git push", "network") == Reach(network=asked, listed=True)


@pytest.mark.parametrize(
    ("output", "closed"),
    [
        ("curl: (6) Could not resolve host: pypi.org", True),
        ("getaddrinfo EAI_AGAIN registry.npmjs.org", True),
        ("socket.gaierror: [Errno -3] Temporary failure in name resolution", True),
        ("OSError: [Errno 101] Network is unreachable", True),
        ("AssertionError: 1 != 2", False),
    ],
)
def test_a_closed_network_is_recognised(output: str, closed: bool) -> None:
    assert network_was_closed(output) is closed


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("echo \x1b]52;c;AAAA\x07", r"echo \x1b]52;c;AAAA\x07"),
        ("ls \u202egnp.sh", r"ls \u202egnp.sh"),
        ("a\rb", r"a\x0db"),
        ("rm\u00a0-rf", r"rm\xa0-rf"),
        ("a\u200bb\u3164c\U000e0041", r"a\u200bb\u3164c\U000e0041"),
        ("echo 'grün 日本' &&\n\tls", "echo 'grün 日本' &&\n\tls"),
    ],
)
def test_a_person_sees_every_character_of_a_command(command: str, shown: str) -> None:
    assert visible(command) == shown


@given(st.text(max_size=200))
def test_what_is_shown_holds_nothing_a_terminal_obeys(command: str) -> None:
    assert all(char.isprintable() or char in "\n\t" for char in visible(command))
