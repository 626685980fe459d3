"""What every process that War Room starts is kept from, whoever asked for it."""

import os
from collections.abc import Mapping


def for_children(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """`environ` (None: this process's own) without Anthropic's keys and addresses: only War Room itself bills anybody.

    An agent's commands get much less: agents.tools.environment.
    """
    given = os.environ if environ is None else environ
    return {name: value for name, value in given.items() if not name.upper().startswith("ANTHROPIC_")}
