from datetime import UTC, datetime

import pytest

from agents.models.allowance import LONGEST_REFILL_S, Allowance
from agents.models.limits import Reading, readings, retry_after_s

NOW = datetime(2026, 10, 21, 12, 0, 0, tzinfo=UTC)
DATE = "Wed, 21 Oct 2026 09:00:00 GMT"
"""The provider's clock is three hours slow."""


def headers(**limits: str) -> dict[str, str]:
    return {f"anthropic-ratelimit-{name.replace('_', '-')}": value for name, value in limits.items()}


def test_every_limit_is_read_and_the_time_is_the_providers_own() -> None:
    said = readings(
        {
            "date": DATE,
            **headers(requests_limit="50", requests_remaining="49", requests_reset="2026-10-21T09:00:02Z"),
            **headers(
                input_tokens_limit="30000", input_tokens_remaining="0", input_tokens_reset="2026-10-21T09:01:00Z"
            ),
            **headers(output_tokens_limit="8000", output_tokens_remaining="8000", output_tokens_reset="soon"),
        },
        NOW,
    )
    assert said == {
        "requests": Reading(50, 49, 2.0),
        "input-tokens": Reading(30_000, 0, 60.0),
        "output-tokens": Reading(8000, 8000, None),
    }


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [
        ("2026-10-21T12:00:30Z", 30.0),
        ("2026-10-21T14:00:30+02:00", 30.0),
        ("2026-10-21T12:00:30", None),
        ("2026-10-21T11:59:59Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("", None),
        ("60", None),
    ],
)
def test_without_a_date_our_own_clock_has_to_do(reset: str, seconds: float | None) -> None:
    said = readings(headers(requests_limit="5", requests_remaining="2", requests_reset=reset), NOW)
    assert said == {"requests": Reading(5, 2, seconds)}


@pytest.mark.parametrize(
    ("limit", "remaining"), [("0", "0"), ("-5", "1"), ("5", "-1"), ("5", ""), ("nan", "1"), ("٥", "1"), ("9" * 99, "1")]
)
def test_nonsense_is_not_believed(limit: str, remaining: str) -> None:
    assert readings(headers(requests_limit=limit, requests_remaining=remaining), NOW) == {}


def test_more_than_all_is_all() -> None:
    assert readings(headers(tokens_limit="5", tokens_remaining="9"), NOW) == {"tokens": Reading(5, 5, None)}


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "7.5"}, 7.5),
        ({"retry-after": "7", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "7", "retry-after-ms": "x"}, 7.0),
        ({"retry-after": "Wed, 21 Oct 2026 12:00:09 GMT"}, 9.0),
        ({"retry-after": "Wed, 21 Oct 2026 09:00:09 GMT", "date": DATE}, 9.0),
        ({"retry-after": "Sat, 01 Jan 2000 00:00:00 GMT"}, 0.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait(sent: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(sent, NOW) == seconds


def test_what_is_used_comes_back_until_the_reset_and_a_minutes_worth_a_minute_after_that() -> None:
    left = Allowance(Reading(limit=60, remaining=0, reset_s=60), pending=0, now=100)
    assert left.wait_s(1, 100) == pytest.approx(1)
    assert left.left(130) == pytest.approx(30)
    assert left.left(1000) == 60
    left.take(60, 1000)
    assert left.wait_s(30, 1000) == pytest.approx(30)


def test_what_is_on_its_way_is_taken_off_the_providers_count() -> None:
    left = Allowance(Reading(limit=10, remaining=4, reset_s=36), pending=3, now=0)
    assert left.left(0) == 1
    assert left.wait_s(1, 0) == 0
    assert left.wait_s(2, 0) == pytest.approx(6)
    left.read(Reading(limit=10, remaining=10, reset_s=None), pending=0, now=1)
    assert left.left(1) == 10


def test_nothing_needs_more_than_there_can_be_and_no_reset_is_further_than_a_limit() -> None:
    left = Allowance(Reading(limit=1000, remaining=0, reset_s=86_400), pending=0, now=0)
    assert left.wait_s(50_000, 0) == pytest.approx(LONGEST_REFILL_S)
    left.take(1e12, 0)
    assert left.wait_s(50_000, 0) == pytest.approx(2 * LONGEST_REFILL_S)


def test_after_exactly_the_time_it_asked_for_the_wait_is_over() -> None:
    for limit in (7, 49, 1_999_999):
        left = Allowance(Reading(limit=limit, remaining=0, reset_s=59.9), pending=limit / 3, now=1e6)
        wait = left.wait_s(limit // 2, 1e6)
        assert wait > 0
        assert left.wait_s(limit // 2, 1e6 + wait) == 0
