"""`warroom` itself: finds the command by name and imports only that one."""

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from app.commands.console import discard
from app.commands.failures import INTERRUPTED, told
from app.commands.local_only import LOCAL_ONLY

COMMANDS = {
    "run": "One task to its end, without the screen.",
    "batch": "Many tasks from a file, side by side; interrupted, it continues.",
    "board": "The tasks of this repository.",
    "show": "One task: plan, missions, check, cost.",
    "diff": "The result of a task as a unified diff.",
    "accept": "Merge a result onto your branch.",
    "reject": "Throw a result away; the task is open again.",
    "retry": "Do a task once more, with a comment.",
    "review": "A stronger model reads a result's diff.",
    "split": "A planner divides a task that is too large.",
    "approve": "Send out the parts of a split task.",
    "approvals": "What agents ask you, and what you allowed for good.",
    "answer": "Allow or deny what an agent asks.",
    "cancel": "Stop a task now.",
    "pause": "Hold a task before its next step.",
    "resume": "Let a paused task go on.",
    "edit": "Change a task before it runs, or once it came back.",
    "abort": "Cancel everything that is under way here.",
    "costs": "What was spent, reserved and saved.",
    "budget": "The caps, and raising them.",
    "export": "What happened, as JSON lines or CSV.",
    "route": "How hard a task looks and how it would be tried.",
    "skills": "The conventions found here, and which a task would get.",
    "prove": "Measure a tier on graded tasks with hidden checks.",
    "backtest": "Replay routing policies over recorded outcomes.",
    "replay": "Play a task's events on the screen again.",
    "demo": "The simulation: real engine, simulated models.",
    "mcp": "A server for other agents that call War Room in.",
    "models": "Local models: list, pull, probe.",
    "sounds": "Sound packs: list, test, use, add.",
    "doctor": "What works here and what does not, with the fix.",
    "trust": "Vouch for a folder: obey its warroom.toml, run it without a wall.",
    "config": "The merged configuration and where it came from.",
}
"""Every command with its line of help; `app.commands.NAME` holds it as `command`."""


class LazyGroup(click.Group):
    """Knows its commands by a table and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table: by use, not by alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called `cmd_name`, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"app.commands.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest command for a slip of the pen."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = get_close_matches(args[0], COMMANDS, n=1, cutoff=0.5)
            hint = f" Did you mean {close[0]}?" if close else " `warroom --help` lists them."
            ctx.fail(f"there is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table, so that help imports nothing."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--version", is_flag=True, help="Print the version.")
@LOCAL_ONLY
@click.option(
    "--no-mouse", is_flag=True, help="The command center without the mouse, so that the terminal selects text."
)
@click.option("--ascii", "ascii_only", is_flag=True, help="The command center drawn with ASCII only.")
@click.option("--plain-speech", is_flag=True, help="The command center in sober words.")
@click.pass_context
def root(context: click.Context, *, version: bool, no_mouse: bool, ascii_only: bool, plain_speech: bool) -> int | None:
    """Command a squad of coding agents on your own repository.

    Without a command it opens the command center on the repository of this folder.
    """
    if version:
        from warroom import __version__

        click.echo(f"warroom {__version__}")
        context.exit(0)
    if context.invoked_subcommand is None:
        from app.commands.open import open_here

        return open_here(mouse=not no_mouse, ascii_only=ascii_only, plain_speech=plain_speech)
    return None


def invoke(arguments: Sequence[str]) -> int:
    """Run the command in `arguments`; its exit code."""
    try:
        result: Any = root.main(list(arguments), prog_name="warroom", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        discard(sys.stdout)
        return 1
    except Exception as error:
        return told(error)
