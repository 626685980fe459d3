"""What the rest of a red check says, after its first failure; and where a check hangs that does not end.

Beside sitecustomize.py in the checked program's own interpreter: Python 3.8 and later, standard library only. A small
model that sees one failing assert mends that one and breaks the next; all of them at once are the specification.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

SECONDS = 3.0
"""For one further statement, and for all of them twice that."""
MOST = 5
"""Further failures that are told; all are counted."""


class _TooLong(BaseException):
    """A statement used up its time."""


def going_on(
    source: str, tree: ast.Module, traceback: TracebackType, explain: Callable[[TracebackType], list[str]]
) -> str:
    """Run the statements after the one `traceback` (of the program's own module) stopped at; what else is wrong.

    `explain` gives the lines for a failed assert. Nothing when the program could not even import or bind what it
    checks.
    """
    # Several statements may share the line (`python -c "…; assert a; assert b"`): the position tells them apart.
    at = _at_position(tree, traceback)
    if at is None:
        at = next((at for at, one in enumerate(tree.body) if _end(one) >= traceback.tb_lineno), len(tree.body))
    checks = [index for index, one in enumerate(tree.body) if _decides(one)]
    if at == len(tree.body) or not (at in checks or isinstance(tree.body[at], ast.Expr)):
        return ""
    failed = int(at in checks)
    told: list[str] = []
    end = time.monotonic() + SECONDS * 2
    for one in tree.body[at + 1 :]:
        # What there is no time for does not count as holding.
        lines = _run(one, source, traceback.tb_frame, explain) if time.monotonic() < end else []
        failed += _decides(one) and (bool(lines) or time.monotonic() >= end)
        if lines and len(told) < MOST:
            told.append("  also: " + " ".join(lines))
    said = ["Wrong as well:", *told] if told else []
    return "\n".join([*said, f"Of {len(checks)} checks {len(checks) - failed} hold.", ""])


def short(explainer: Any, node: ast.Assert) -> list[str]:
    """A failed assert on one line: the claim that is false, and what it is instead."""
    claim = node.test
    while isinstance(claim, ast.BoolOp) and isinstance(claim.op, ast.And):
        claim = next((part for part in claim.values if not explainer.truth(part)), claim.values[-1])
    if isinstance(claim, ast.Compare) and len(claim.ops) == 1:
        return [f"{explainer.text(claim)}, but {explainer.text(claim.left)} is {explainer.shown(claim.left)}"]
    return [f"{explainer.text(claim)} does not hold"]


def _run(one: ast.stmt, source: str, frame: FrameType, explain: Callable[[TracebackType], list[str]]) -> list[str]:
    """What is wrong with one statement, in short pieces; empty when it runs."""
    code = compile(ast.Module(body=[one], type_ignores=[]), frame.f_code.co_filename, "exec")
    try:
        with _limited(SECONDS), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            exec(code, frame.f_globals)
    except _TooLong:
        return [_text(source, one), "does not end"]
    except AssertionError as error:
        first = error.__traceback__
        lines = explain(first.tb_next) if first is not None and first.tb_next is not None else []
        return lines or [f"AssertionError: {error}"]
    except BaseException as error:  # even SystemExit must not change how the check ends
        return [_text(source, one), f"raises {type(error).__name__}: {error}"]
    return []


@contextlib.contextmanager
def _limited(seconds: float) -> Any:
    def ring(number: int, frame: Any) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # again each second: a bare `except:` may swallow the first
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def watch_hang(seconds: float, program: str, show: Callable[[object], str]) -> None:
    """After `seconds` say where the program is, and end it. `program`: the file name of its own module."""

    def ring(number: int, frame: FrameType | None) -> None:
        sys.setprofile(None)
        sys.stderr.write(_where(frame, program, show, seconds))
        sys.stderr.flush()
        os._exit(1)

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _where(frame: FrameType | None, program: str, show: Callable[[object], str], seconds: float) -> str:
    import linecache

    lines = [f"It does not end. After {seconds:g} s it was here:"]
    here = os.getcwd()
    inner = False
    while frame is not None:
        name = frame.f_code.co_filename
        own = name == program or os.path.abspath(name).startswith(here + os.sep)
        if own and (not inner or name == program):
            text = linecache.getline(name, frame.f_lineno).strip()
            shown = os.path.basename(name) if name != "<string>" else "the check"
            lines.append(f"  {shown}, line {frame.f_lineno}, in {frame.f_code.co_name}: {text}")
            if name != program:
                inner = True
                known = [f"{key} = {show(value)[:80]}" for key, value in list(frame.f_locals.items())[:8]]
                lines.append(f"  with {', '.join(known)}")
        frame = frame.f_back
    return "\n".join(lines) + "\n"


def _decides(one: ast.stmt) -> bool:
    """Is this statement one of the checks?"""
    if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return False
    return any(isinstance(node, (ast.Assert, ast.Raise)) for node in ast.walk(one))


def _at_position(tree: ast.Module, traceback: TracebackType) -> int | None:
    positions = getattr(traceback.tb_frame.f_code, "co_positions", None)
    if positions is None or traceback.tb_lasti < 0:
        return None
    line, _, column, _ = list(positions())[traceback.tb_lasti // 2]
    if line is None or column is None:
        return None
    found = [
        at
        for at, one in enumerate(tree.body)
        if (one.lineno, one.col_offset) <= (line, column) <= (_end(one), one.end_col_offset or 0)
    ]
    return found[-1] if found else None


def _end(one: ast.stmt) -> int:
    return one.end_lineno or one.lineno


def _text(source: str, node: ast.stmt) -> str:
    text = " ".join((ast.get_source_segment(source, node) or "").split())
    return text if len(text) <= 200 else text[:200] + "…"
