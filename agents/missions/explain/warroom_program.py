"""Which program this interpreter was started with, and its traceback."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType


def program() -> tuple[str, str] | None:
    """("-c", its code) or ("script", its path) of this interpreter; None for anything else."""
    arguments = list(getattr(sys, "orig_argv", ())) or _command_line()
    at = 1
    while at < len(arguments):
        argument = arguments[at]
        if not argument.startswith("-") or argument == "-":
            return ("script", argument) if argument.endswith(".py") else None
        for index, letter in enumerate(argument[1:] if not argument.startswith("--") else "", start=2):
            if letter in "cmWX":
                value = argument[index:] or (arguments[at + 1] if at + 1 < len(arguments) else "")
                if letter == "c":
                    return "-c", value
                if letter == "m":
                    return None
                at += 0 if argument[index:] else 1
                break
        at += 2 if argument == "--check-hash-based-pycs" else 1
    return None


def _command_line() -> list[str]:
    try:
        with open("/proc/self/cmdline", "rb") as file:
            return [os.fsdecode(argument) for argument in file.read().split(b"\0")[:-1]]
    except OSError:
        return []


def show(
    previous: Any, kind: type[BaseException], error: BaseException, traceback: TracebackType | None, code: str | None
) -> None:
    """The traceback as ever; with the lines of `-c` code, which older Pythons leave out."""
    if previous is not sys.__excepthook__ or code is None:
        previous(kind, error, traceback)
        return
    import linecache
    import traceback as printing

    linecache.cache["<string>"] = (len(code), None, code.splitlines(keepends=True), "<string>")
    printing.print_exception(kind, error, traceback)
