"""The command line's beginning: nothing is imported before it is known to be needed."""

import sys
from collections.abc import Sequence


def run(arguments: Sequence[str] | None = None) -> int:
    """Run `warroom` with `arguments` (default: those of the process); the exit code of CONTRACT. Never a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:
        # Scripts ask this often; click alone would triple its time.
        from warroom import __version__

        sys.stdout.write(f"warroom {__version__}\n")
        return 0
    try:
        from app.commands.root import invoke

        return invoke(given)
    except KeyboardInterrupt:
        return 130
