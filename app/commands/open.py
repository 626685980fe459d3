"""The command center: on this repository, or on the simulation when there is nothing to command here."""

import os
import sys
from pathlib import Path

from app.commands.console import say
from app.commands.failures import USAGE


def open_here(*, mouse: bool = True, ascii_only: bool = False, plain_speech: bool = False) -> int:
    """`warroom` with no command. With no terminal (a pipe, CI) it plays the demo without a screen."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        from app.commands.demo import play

        return play()
    if unable():
        return USAGE
    from app.screen.launch import launch

    return launch(Path.cwd(), mouse=mouse, ascii_only=ascii_only, plain_speech=plain_speech)


def open_demo(
    *,
    seed: int,
    speed: float,
    limit: int | None,
    mouse: bool = True,
    ascii_only: bool = False,
    plain_speech: bool = False,
) -> int:
    """`warroom demo` on a terminal; without one it plays without a screen."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        from app.commands.demo import play

        return play(seed=seed, limit=limit)
    if unable():
        return USAGE
    from app.screen.launch import launch

    return launch(
        Path.cwd(),
        demo=True,
        seed=seed,
        speed=speed,
        tasks=limit,
        mouse=mouse,
        ascii_only=ascii_only,
        plain_speech=plain_speech,
    )


def unable() -> bool:
    """This terminal cannot show a screen; that is said."""
    if os.environ.get("TERM", "") not in {"", "dumb"}:
        return False
    say("This terminal (TERM) cannot show the command center. `warroom run TEXT...` and `warroom board` work here.")
    return True
