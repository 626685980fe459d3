"""`warroom replay`: a past task's events, on the screen again or told line by line."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.commands.console import paint, put_json, put_painted, say
from app.commands.failures import USAGE
from app.commands.opening import TASK_ID, configuration, known_task, notebook, repository_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.events import Event


@click.command()
@click.argument("recording", metavar="ID|FILE")
@click.option(
    "--speed", type=click.FloatRange(min=1, max=100), default=4.0, show_default=True, help="How fast, 1 to 100."
)
@click.option("--no-mouse", is_flag=True, help="Without the mouse, so that the terminal selects text.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with ASCII only.")
@click.option("--json", "as_json", is_flag=True, help="Every event as a line of JSON on stdout; no screen.")
def command(*, recording: str, speed: float, no_mouse: bool, ascii_only: bool, as_json: bool) -> int | None:
    """Play a task's events again: T12 of this home, of whichever repository, or a FILE of `warroom export`.

    Long pauses are shortened. Without a terminal the events are told at once, line by line. What models said word by
    word and the output of commands while they ran are not recorded.
    """
    name, events = _recorded(recording)
    if as_json:
        for event in events:
            put_json(event.row())
        return None
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        _tell(events)
        return None
    from app.commands.open import unable

    if unable():
        return USAGE
    from app.screen.replay import launch_replay
    from app.screen.replay_tape import record

    folder = repository_of(Path.cwd())
    settings = configuration(folder).settings
    tape = record(name, events)
    return launch_replay(tape, settings, folder, speed=speed, mouse=not no_mouse, ascii_only=ascii_only)


def _recorded(recording: str) -> "tuple[str, Sequence[Event]]":
    """What it is called, and its events."""
    from agents.sanitize import one_line

    path = Path(recording)
    digits = recording[1:] if recording[:1] in {"T", "t"} else recording
    if digits.isascii() and digits.isdigit() and not path.is_file():
        number = TASK_ID.convert(recording, None, None)
        return asyncio.run(_of_task(number))
    if not path.is_file():
        raise click.UsageError(f"{one_line(recording, 200)!r} is neither a task (T12 or 12) nor a file of events")
    from app.screen.replay_file import UnreadableRecording, read_recording

    try:
        with path.open("rb") as file:
            return one_line(path.name, 40), read_recording(file, one_line(recording, 200))
    except UnreadableRecording as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.UsageError(f"cannot read {one_line(recording, 200)}: {error.strerror}") from error


async def _of_task(number: int) -> "tuple[str, Sequence[Event]]":
    from agents.store.paging import each
    from agents.tasks import TaskStatus

    async with notebook(Path.cwd()) as (store, _):
        task = await known_task(store, number)
        found = [
            event
            async for event in each(
                lambda after, limit: store.events_after(after, limit, task=number), lambda event: event.seq
            )
        ]
    if not found:
        raise click.UsageError(f"nothing is recorded of T{number}")
    if task.status in {TaskStatus.QUEUED, TaskStatus.RUNNING}:
        say(f"T{number} is not finished: this is what happened so far.", "yellow")
    return task.label, found


def _tell(events: "Sequence[Event]") -> None:
    """Every event a watcher would be told."""
    from app.commands.narration import narrate

    for event in events:
        line = narrate(event, verbose=True)
        if line is not None:
            put_painted(paint(*line))
