from random import Random

import pytest

from agents.models.limits import Reading
from agents.models.retry import LONGEST_OBEYED_S
from agents.models.throttle import CAREFUL_GAP_S, MOST_AT_ONCE, START_GAP_S, Permit, Throttle, Wish

HAIKU = Wish("haiku", 100)
OPUS = Wish("opus", 100)


def start(throttle: Throttle, number: int, now: float = 0.0, wish: Wish = HAIKU) -> list[Permit]:
    return [throttle.start(wish, now) for _ in range(number)]


def refuse(throttle: Throttle, permits: list[Permit], now: float = 0.0, retry_after: float | None = None) -> None:
    for permit in permits:
        throttle.refused(permit, now, reason="rate limit", retry_after=retry_after)


def test_calls_that_complain_together_halve_the_limit_once() -> None:
    throttle = Throttle(Random(1))
    permits = start(throttle, 16)
    refuse(throttle, permits)
    assert throttle.limit == 8, "half of what was too much, not of what was never tried"
    assert throttle.in_flight == 0
    refuse(throttle, start(throttle, 8, now=100.0), now=101.0)
    assert throttle.limit == 4


def test_a_late_complaint_about_the_same_burst_may_only_prolong_the_pause() -> None:
    throttle = Throttle(Random(1))
    first, second, third = start(throttle, 3)
    throttle.refused(first, 0.0, reason="rate limit", retry_after=10.0)
    throttle.refused(second, 1.0, reason="overloaded")
    early = throttle.blocked(HAIKU, 1.0)
    assert early is not None
    assert early.seconds == pytest.approx(10, abs=1.1)
    throttle.refused(third, 5.0, reason="rate limit", retry_after=60.0)
    late = throttle.blocked(HAIKU, 5.0)
    assert late is not None
    assert 60 <= (late.seconds or 0) <= 66
    assert throttle.limit == 1


def test_it_grows_by_one_for_as_many_successes_as_fit_it_and_never_beyond_the_most() -> None:
    throttle = Throttle(Random(1), most=4)
    refuse(throttle, start(throttle, 2))
    limits = []
    for _ in range(12):
        throttle.succeeded(throttle.start(HAIKU, 0.0), 0.0)
        limits.append(throttle.limit)
    assert limits == [2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4]


def test_one_is_the_least() -> None:
    throttle = Throttle(Random(1))
    for now in range(10):
        refuse(throttle, start(throttle, 1, now=now), now=now)
        assert throttle.limit == 1
    assert Throttle(Random(1), most=0).limit == 1


def test_a_success_of_a_call_that_set_out_before_the_burst_proves_nothing() -> None:
    throttle = Throttle(Random(1))
    bad, *good = start(throttle, 8)
    throttle.refused(bad, 0.0, reason="overloaded")
    for permit in good:
        throttle.succeeded(permit, 1.0)
    assert throttle.limit == 4


def test_without_a_wish_of_the_provider_the_pause_doubles_with_every_burst_until_one_succeeds() -> None:
    throttle = Throttle(Random(1))
    now, pauses = 0.0, []
    for _ in range(9):
        refuse(throttle, start(throttle, 1, now=now), now=now)
        blocked = throttle.blocked(HAIKU, now)
        assert blocked is not None
        assert blocked.seconds is not None
        pauses.append(blocked.seconds)
        now += blocked.seconds
    for pause, ceiling in zip(pauses, (0.5, 1, 2, 4, 8, 16, 30, 30, 30), strict=True):
        assert ceiling / 2 <= pause <= ceiling
    throttle.succeeded(throttle.start(HAIKU, now), now)
    refuse(throttle, start(throttle, 1, now=now), now=now)
    blocked = throttle.blocked(HAIKU, now)
    assert blocked is not None
    assert (blocked.seconds or 9) <= 0.5


def test_a_pause_is_for_everybody_and_no_longer_than_we_obey() -> None:
    throttle = Throttle(Random(1))
    refuse(throttle, start(throttle, 1), retry_after=3600.0)
    for wish in (HAIKU, OPUS):
        blocked = throttle.blocked(wish, 0.0)
        assert blocked is not None
        assert (blocked.reason, blocked.seconds, blocked.model_only) == ("rate limit", LONGEST_OBEYED_S, False)
    assert throttle.blocked(OPUS, LONGEST_OBEYED_S) is None


def test_two_who_share_a_key_do_not_come_back_at_the_same_time() -> None:
    ends = set()
    for seed in range(20):
        throttle = Throttle(Random(seed))
        refuse(throttle, start(throttle, 1), retry_after=30.0)
        blocked = throttle.blocked(HAIKU, 0.0)
        assert blocked is not None
        ends.add(blocked.seconds)
        assert 30 <= (blocked.seconds or 0) <= 33
    assert len(ends) == 20


def test_one_after_the_other_needs_no_gap() -> None:
    throttle = Throttle(Random(1))
    throttle.succeeded(throttle.start(HAIKU, 0.0), 0.0)
    assert throttle.blocked(HAIKU, 0.0) is None


def test_calls_side_by_side_start_a_little_apart_and_further_apart_after_a_complaint() -> None:
    throttle = Throttle(Random(1))

    def gaps() -> list[float]:
        found = []
        for _ in range(200):
            permit = throttle.start(HAIKU, 1000.0)
            blocked = throttle.blocked(HAIKU, 1000.0)
            found.append((blocked.seconds if blocked else 0) or 0.0)
            throttle.dropped(permit, 1000.0)
        return found

    assert START_GAP_S * 0.9 < max(gaps()) <= START_GAP_S
    refuse(throttle, start(throttle, 4))
    careful = gaps()
    assert CAREFUL_GAP_S * 0.9 < max(careful) <= CAREFUL_GAP_S
    throttle.succeeded(throttle.start(HAIKU, 1000.0), 1000.0)
    assert max(gaps()) <= START_GAP_S


def test_what_is_left_is_known_by_model_and_what_is_on_its_way_counts() -> None:
    throttle = Throttle(Random(1))
    first, second = start(throttle, 2)
    throttle.learn(first, {"requests": Reading(10, 1, 54.0)}, 1.0)
    blocked = throttle.blocked(HAIKU, 1.0)
    assert blocked is not None, "the second may not be in the count yet"
    assert blocked.model_only
    assert blocked.seconds == pytest.approx(6.0)
    assert throttle.blocked(OPUS, 1.0) is None
    throttle.learn(second, {"requests": Reading(10, 1, 54.0)}, 1.0)
    assert throttle.blocked(HAIKU, 1.0) is None


def test_input_is_asked_for_by_the_prompt_and_output_is_taken_when_it_has_come() -> None:
    throttle = Throttle(Random(1))
    (permit,) = start(throttle, 1)
    said = {"input-tokens": Reading(1000, 99, None), "output-tokens": Reading(600, 600, None)}
    throttle.learn(permit, said, 1.0)
    assert throttle.blocked(HAIKU, 1.0) is not None
    assert throttle.blocked(Wish("haiku", 99), 1.0) is None
    throttle.succeeded(permit, 1.0, output_tokens=603)
    blocked = throttle.blocked(Wish("haiku", 1), 1.0)
    assert blocked is not None
    assert blocked.seconds == pytest.approx(0.3)


def test_what_was_refused_or_never_sent_took_nothing() -> None:
    throttle = Throttle(Random(1))
    (permit,) = start(throttle, 1)
    throttle.learn(permit, {"requests": Reading(10, 2, None)}, 0.0)
    throttle.succeeded(permit, 0.0)
    refused, unsent = start(throttle, 2)
    assert throttle.blocked(HAIKU, 1.0) is not None
    throttle.dropped(unsent, 1.0, sent=False)
    assert throttle.blocked(HAIKU, 1.0) is None
    throttle.refused(refused, 1.0, reason="rate limit")
    assert throttle.blocked(HAIKU, 2.0) is None


def test_a_call_ends_once() -> None:
    throttle = Throttle(Random(1))
    (permit,) = start(throttle, 1)
    throttle.succeeded(permit, 0.0)
    refuse(throttle, [permit])
    throttle.dropped(permit, 0.0)
    assert (throttle.in_flight, throttle.limit) == (0, MOST_AT_ONCE)
