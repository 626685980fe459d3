"""What each mission of orchestrated work was for, as its bill says it."""

from itertools import count

import pytest

from agents.clock import SystemClock
from agents.routing.bill import steps_of
from agents.tasks import Mission, Outcome, Role, Variant, Way

AT = SystemClock().now()
PLAN, CODE, REVIEW = Role.PLAN, Role.CODE, Role.REVIEW
ANSWERED, FAILED, CANCELLED = Outcome.UNVERIFIED, Outcome.FAILED, Outcome.CANCELLED


def steps(*missions: tuple[Role, Outcome]) -> list[str]:
    numbers = count(1)
    made = [
        Mission(
            id=number,
            task=1,
            number=number,
            agent="a",
            tier="t",
            model="m",
            way=Way.DIRECT,
            role=role,
            variant=Variant.ORCHESTRATED,
            outcome=outcome,
            started_at=AT,
        )
        for (role, outcome), number in zip(missions, numbers, strict=False)
    ]
    return list(steps_of(made).values())


@pytest.mark.parametrize(
    ("missions", "expected"),
    [
        (
            [(PLAN, ANSWERED), (PLAN, ANSWERED), (PLAN, ANSWERED), (CODE, FAILED), (PLAN, ANSWERED), (CODE, ANSWERED)],
            ["plan", "check", "check", "write", "plan", "write"],
        ),
        ([(PLAN, CANCELLED), (PLAN, ANSWERED), (PLAN, ANSWERED)], ["plan", "plan", "check"]),
        ([(PLAN, ANSWERED), (PLAN, FAILED), (PLAN, ANSWERED)], ["plan", "check", "check"]),
        (
            [(PLAN, ANSWERED), (CODE, FAILED), (PLAN, FAILED), (PLAN, ANSWERED), (PLAN, ANSWERED), (CODE, FAILED)],
            ["plan", "write", "plan", "plan", "check", "write"],
        ),
        ([(PLAN, ANSWERED), (CODE, ANSWERED), (REVIEW, ANSWERED)], ["plan", "write", "review"]),
    ],
    ids=["mended", "cancelled order", "failed check", "ordered anew", "own check"],
)
def test_what_each_mission_was_for(missions: list[tuple[Role, Outcome]], expected: list[str]) -> None:
    assert steps(*missions) == expected
