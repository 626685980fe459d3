"""Whether words that should be words are code: a planner says what is to be built, and whoever builds it writes it."""

import re

from agents.missions.decompose import CODE_LINES, code_lines

STATEMENTS = 3
"""Lines of code that may follow each other in a text: a call quoted as an example is a specification, more is a
program."""
_STATEMENT = re.compile(
    r"""^\s*(?:
        (?:async\s+)?def\s+\w+\s*\(.*:\s*$ | class\s+\w+.*[:{]\s*$
        | (?:if|elif|else|for|while|try|except|with|finally)\b.*:\s*$
        | (?:return|raise|yield|import|assert|throw|await|del)\b(?:\s+[\w"'\[({].*)?$ | from\s+[\w.]+\s+import\s
        | (?:export\s+|public\s+|private\s+|static\s+)*(?:function|const|let|var|func|fn|impl|struct|interface)\s+\w
        | [\w.\[\]'"]+\s*[-+*/|]?=\s*\S.* | [\w.]+\(.*\)[;:]?\s*$ | .*[{}]\s*$ | [^-*]*[=(].*;\s*$ | @\w+(?:\(.*\))?\s*$
    )""",
    re.VERBOSE,
)


def holds_code(text: str) -> bool:
    """A fenced block of more than CODE_LINES lines, or more than STATEMENTS lines after each other that read like a
    program's."""
    if code_lines(text) > CODE_LINES:
        return True
    run = 0
    for line in text.splitlines():
        if line.strip():
            run = run + 1 if _STATEMENT.match(line) else 0
        if run > STATEMENTS:
            return True
    return False
