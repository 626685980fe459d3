"""Makes a red check readable for a model: what matters of its output, and what a failed assert compared.

A caller runs the check; when it is red with an AssertionError it may run it once more in `explaining_environment()`,
where Python says the values (explain/sitecustomize.py). Other languages' output is only digested."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agents.sanitize import one_line, sanitize

EXPLAIN = Path(__file__).parent / "explain"
"""The folder that goes on PYTHONPATH; a sandbox must let it be read."""

_EXPLAINED = "The assert that failed:"
_FURTHER = "Wrong as well:"
_COUNTED = re.compile(r"^Of (\d+) checks (\d+) hold\.$", re.MULTILINE)
_MARKS = re.compile(r"^[ \t]+[~^][~^ ]*\n", re.MULTILINE)
"""Python's marks under a line of a traceback: many tokens, and nothing a model needs."""
HANGS = "It does not end."
_FOREIGN_FRAME = re.compile(r'File "(?:<frozen|[^"]*(?:/site-packages/|/dist-packages/|/lib/python\d|/unittest/))')
_PROJECT_FRAME = re.compile(r'^\s*File "[^"]+", line \d+')
_WEIGHTS: tuple[tuple[re.Pattern[str], int], ...] = tuple(
    (re.compile(pattern), weight)
    for pattern, weight in (
        (
            r"^(?:The assert that failed|It does not end|Wrong as well)\b|^  (?:also: |with |\S+, line \d+, in )",
            97,
        ),
        (r"^Of \d+ checks \d+ hold\.$", 100),
        (
            r"^The assert that failed:|^  (?:assert |left: |right: |first difference|lengths: |types: |false|value: )",
            100,
        ),
        (r"^  where ", 80),
        (r"^E\s{2,}", 95),
        (r"^\s*(?:\w+\.)*\w*(?:Error|Exception|Warning|Interrupt|Exit)\b(?::|$)", 92),
        (r"^>\s{2,}", 90),
        (r"^\S+\.\w{1,4}:\d+: ", 85),
        (r"^(?:FAIL|ERROR): ", 84),
        (r"^(?:FAILED|ERROR) ", 78),
        (r"^_{3,} .* _{3,}$", 70),
        (r"^\s*--- FAIL", 90),
        (r"^\s+\w+_test\.go:\d+:", 92),
        (r"^panic: |^fatal error: |^\S+\.go:\d+:\d+: ", 90),
        (r"^thread '.*' .*panicked at", 92),
        (r"^\s*(?:left|right|expected|actual|received|got|want|wanted)\s?:", 90),
        (r"^(?:error|warning: unused)(?:\[\w+\])?: ", 88),
        (r"^\s+--> \S+:\d+", 80),
        (r"^\s*not ok |^\s*[✖✕×●] ", 82),
        (r"\b(?:Assertion|Syntax|Type|Reference|Range)Error\b", 86),
        (r"^\s*[+-] \S", 70),
        (r"^\S.*\(\d+,\d+\): error |^\S+:\d+:\d+: (?:error|fatal)", 90),
        (r"\berror\b|\bfailed\b|\bnot found\b|No such file|cannot |could not ", 45),
        (r"^make(?:\[\d+\])?: \*\*\*", 30),
        (r"^(?:=+ .* =+|Ran \d+ tests?|FAILED \(|test result: |# (?:pass|fail) )", 55),
    )
)


def trim_output(text: str, limit: int) -> str:
    """`text` within `limit` characters: its head and its tail, the lines between them counted."""
    if len(text) <= limit:
        return text
    lines = text.split("\n")
    room = max(0, limit - 40)
    head: list[str] = []
    tail: list[str] = []
    used = 0
    for line in lines:
        if used + len(line) + 1 > room // 3:
            break
        head.append(line)
        used += len(line) + 1
    for line in reversed(lines[len(head) :]):
        if used + len(line) + 1 > room:
            break
        tail.append(line)
        used += len(line) + 1
    out = len(lines) - len(head) - len(tail)
    if not head and not tail:  # one enormous line
        return f"{text[: room // 3]} … {len(text) - room} characters left out … {text[-(room - room // 3) :]}"[:limit]
    return "\n".join([*head, f"… {out} line{'s' if out > 1 else ''} left out …", *reversed(tail)])


def failure_digest(command: str, output: str, exit_code: int | None, limit: int) -> str:
    """The most useful part of a red check's output in at most `limit` characters, sanitized, behind one line that says
    which command ended how. `exit_code` None: it was stopped by its time limit."""
    ended = "did not end within its time limit" if exit_code is None else f"exited {exit_code}"
    head = f"$ {one_line(command, max(20, min(200, limit // 3)))}\n({ended})"
    room = limit - len(head) - 1
    body = _tidy(sanitize(output))
    if not body:
        return f"{head}\n(it printed nothing)"[:limit]
    if len(body) <= room:
        return f"{head}\n{body}"
    return f"{head}\n{_chosen(body, room)}"[:limit]


def essence(digest: str) -> str:
    """What a small model needs of a digest: the failed assert with its values, in words too, and what else is wrong;
    where there is none, all but its head."""
    _, hangs, where = digest.partition(HANGS)
    if hangs:
        return f"{HANGS}{where.rstrip()}"
    _, explained, block = digest.partition(_EXPLAINED)
    if not explained:
        return _MARKS.sub("", re.sub(r"\A\$ .*\n\([^\n]*\)\n", "", digest))
    end = min((at for at in (block.find(_FURTHER), block.find("\nOf ")) if at >= 0), default=len(block))
    block, further = block[:end], block[end:].strip()
    lines = {key: value.strip() for key, _, value in (line.strip().partition(":") for line in block.splitlines())}
    claim = lines.get("false") or next((line.strip()[7:] for line in block.splitlines() if line.strip()), "")
    left, compared, right = claim.partition(" == ") if " == " in claim else claim.partition("==")
    words = ""
    if compared and "left" in lines and "right" in lines and " and " not in claim:
        words = f"\nThat is: {left.strip()} gives {lines['left']} but must give {lines['right']}."
    return f"{_EXPLAINED}{block.rstrip()}{words}\n{further}".rstrip()


def holding(digest: str) -> tuple[int, int] | None:
    """How many of a red check's own checks hold, and of how many; None where that was not counted."""
    found = _COUNTED.search(digest)
    return (int(found[2]), int(found[1])) if found else None


@contextmanager
def explaining_environment(
    within: Path | None = None, pythonpath: str = "", *, rest: bool = False, hang_s: float | None = None
) -> Iterator[dict[str, str]]:
    """Environment for one explaining run of a red check, `pythonpath` being the one the check would have had.

    `rest`: go on after the first failure (only behind a wall: later statements may rely on earlier ones having held).
    `hang_s`: for a check that did not end, say after so many seconds where it is.

    The explainer is a private copy under `within` (a folder the sandbox shows), removed afterwards.
    """
    with tempfile.TemporaryDirectory(prefix=".warroom-explain-", dir=within) as folder:
        for module in EXPLAIN.glob("*.py"):
            shutil.copy(module, folder)
        yield {
            "PYTHONPATH": os.pathsep.join([folder, *([pythonpath] if pythonpath else [])]),
            **({"WARROOM_EXPLAIN_ALL": "1"} if rest else {}),
            **({"WARROOM_EXPLAIN_HANG": f"{hang_s:g}"} if hang_s else {}),
        }


def _tidy(output: str) -> str:
    lines = [line.rstrip()[:2000] for line in output.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _chosen(body: str, room: int) -> str:
    """The lines that weigh most, in their order, with marks where lines were left out."""
    lines = body.split("\n")
    weights = _weigh(lines)
    last = len(lines) - 1
    order = sorted(range(len(lines)), key=lambda at: (-weights[at], at if weights[at] else last - at))
    kept: set[int] = set()
    seen: set[str] = set()
    used = 0
    for at in order:
        line = lines[at][:400]
        cost = len(line) + 3  # a gap mark may follow
        if used + cost > room:
            if weights[at] < 70:
                break
            continue
        if weights[at] and line in seen:
            continue
        seen.add(line)
        kept.add(at)
        used += cost
    if not kept:
        return trim_output(body, room)
    shown: list[str] = []
    for at in sorted(kept):
        if shown and at - 1 not in kept and shown[-1] != "…":
            shown.append("…")
        shown.append(lines[at][:400])
    return "\n".join(shown)


def _weigh(lines: list[str]) -> list[int]:
    weights = [max((weight for pattern, weight in _WEIGHTS if pattern.search(line[:400])), default=0) for line in lines]
    for at, line in enumerate(lines):
        if _FOREIGN_FRAME.search(line[:400]):
            weights[at] = 5
        elif _PROJECT_FRAME.match(line[:400]):
            weights[at] = max(weights[at], 65)
            if at + 1 < len(lines) and not _PROJECT_FRAME.match(lines[at + 1][:400]):
                weights[at + 1] = max(weights[at + 1], 64)
    # The lines around what matters most explain it.
    strong = [at for at, weight in enumerate(weights) if weight >= 84][:40]
    for at in strong:
        for near in (at - 2, at - 1, at + 1):
            if 0 <= near < len(lines) and lines[near].strip():
                weights[near] = max(weights[near], 20)
    return weights
