"""Which tests failed, read from what a test run printed: by name, so that a changed set shows that work gets on."""

import re

_LONGEST_LINE = 400
_FAILED = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:FAILED|ERROR) (\S*(?:\.py|::).*?)(?: - .*)?$",  # pytest, its summary
        r"(\S+::.+?) (?:FAILED|ERROR)\b",  # pytest -v
        r"(?:FAIL|ERROR): (\w+ \([\w.]+\).*)$",  # unittest
        r"\s*--- FAIL: (\S+)",  # go
        r"FAIL\t(\S+)",  # go, a package that does not build
        r"test (\S+) \.\.\. FAILED",  # cargo
        r"\s*not ok \d+(?: -)? ([^#]+)",  # TAP: node --test, bats, prove
        r"\s*[✕✖×] (.+?)(?: \(?\d[\d.]* ?m?s\)?)?$",  # jest, vitest, mocha
        r"\s*FAIL +(\S+)",  # jest, vitest: a whole file
        r"rspec (\S+)",
    )
)
_GREEN = re.compile(
    r"(?:=+ )?\d+ passed\b|OK(?: \(.*\))?$|ok\s+\S+\s+(?:[\d.]+s|\(cached\))|test result: ok|[#ℹ] fail 0$"
    r"|\s*ok \d+\b|\s*Tests:? .*\bpassed\b|\d+ examples?, 0 failures"
)


def failing_tests(output: str) -> frozenset[str] | None:
    """The names of the tests that failed; empty when all passed, None when this is no test run that we can read."""
    lines = [line[:_LONGEST_LINE] for line in output.split("\n")]
    names = {match.group(1).strip() for line in lines for pattern in _FAILED if (match := pattern.match(line))}
    if names:
        return frozenset(names)
    return frozenset() if any(_GREEN.match(line) for line in lines) else None
