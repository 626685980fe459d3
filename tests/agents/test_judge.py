"""The outcome follows from exit codes, and from nothing else."""

import pytest

from agents.missions.proof import judge
from agents.tasks import CheckResult, Outcome


def ran(exit_code: int | None) -> CheckResult:
    return CheckResult(command="check", commit="0" * 40, exit_code=exit_code)


@pytest.mark.parametrize(
    ("own", "base", "result", "outcome"),
    [
        (True, 1, 0, Outcome.PROVEN),
        (True, 0, 0, Outcome.VERIFIED),
        (True, None, 0, Outcome.VERIFIED),
        (True, 1, 1, Outcome.FAILED),
        (True, 0, 1, Outcome.FAILED),
        (True, 1, None, Outcome.FAILED),
        (False, 0, 0, Outcome.VERIFIED),
        (False, 1, 0, Outcome.VERIFIED),
        (False, 1, 1, Outcome.FAILED),
    ],
)
def test_exit_codes_decide(own: bool, base: int | None, result: int | None, outcome: Outcome) -> None:
    assert judge(own=own, base=ran(base), result=ran(result)).outcome is outcome


def test_without_a_check_it_is_unverified_or_does_not_parse() -> None:
    assert judge(own=False, base=None, result=None).outcome is Outcome.UNVERIFIED
    broken = judge(own=False, base=None, result=None, broken=("a.py: invalid syntax",))
    assert (broken.outcome, "a.py" in broken.reason) == (Outcome.FAILED, True)
