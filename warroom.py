"""The front door. Opens app.cli with PYTHONPATH and the current folder off our own sys.path (an agent's keeps them)."""

import os
import sys

__version__ = "0.1.0"


def main() -> None:
    """Console entry: many repositories hold an `app` or `agents` package of their own; none may shadow ours."""
    try:
        os.getcwd()
    except OSError:
        sys.stderr.write("warroom: the current folder is gone. Change to one that exists.\n")
        sys.exit(2)
    home = os.path.dirname(os.path.abspath(__file__))
    foreign = {os.path.abspath(entry) for entry in [os.curdir, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]}
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) not in foreign] + [home]
    from app.cli import run

    sys.exit(run())


if __name__ == "__main__":
    main()
