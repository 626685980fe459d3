from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.models.prices import price_date, price_of, read_price_list
from agents.tasks import NANO, Usage

COUNTS = st.integers(0, 400_000)
MODELS = ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-4-5", "claude-sonnet-4-6"]


def cost(model: str, **usage: int) -> int:
    price = price_of("anthropic", model)
    assert price is not None
    return price.cost_nano(Usage(**usage))


def test_a_million_tokens_of_each_class_cost_what_the_list_says() -> None:
    million = 1_000_000
    assert cost("claude-sonnet-5-5", input=million) == 2 * NANO
    assert cost("claude-sonnet-5-5", output=million) == 10 * NANO
    assert cost("claude-sonnet-5-5", cache_read=million) == NANO // 10
    assert cost("claude-sonnet-5-5", cache_write_5m=million) == 5 * NANO // 2
    assert cost("claude-sonnet-5-5", cache_write_1h=million) == 4 * NANO
    assert cost("claude-opus-5-5", input=million, output=million) == 24 * NANO
    assert cost("claude-sonnet-4-5", input=million, cache_read=million, cache_write_1h=million) == 9_300_000_000
    assert cost("claude-opus-4-8", input=million, cache_write_5m=million) == 11_250_000_000


def test_a_long_prompt_puts_the_whole_request_in_the_dearer_band() -> None:
    below = {"input": 60_000, "cache_read": 30_000, "cache_write_5m": 10_000, "output": 1000}
    assert cost("claude-haiku-5-5", **below) == 60_000 * 100 + 30_000 * 10 + 10_000 * 125 + 1000 * 500
    above = {**below, "cache_read": 30_001}
    assert cost("claude-haiku-5-5", **above) == 60_000 * 500 + 30_001 * 50 + 10_000 * 625 + 1000 * 2500


def test_local_and_simulated_models_are_free_whatever_they_are_called() -> None:
    for provider in ("ollama", "simulation"):
        price = price_of(provider, "claude-opus-5-5")
        assert price is not None
        assert price.cost_nano(Usage(input=10**9, output=10**9)) == 0
        assert price.worst_case_nano(10**9, 10**9) == 0


@pytest.mark.parametrize(
    "model", ["claude-haiku-6", "claude-opus-5-5x", "claude", "", "qwen2.5-coder:7b", "claude-opus-4-1", "opus-5-5"]
)
def test_an_unknown_price_is_unknown_and_never_free(model: str) -> None:
    assert price_of("anthropic", model) is None
    assert price_of("somebody", "claude-haiku-5-5") is None


def test_a_dated_snapshot_costs_what_its_model_costs() -> None:
    assert price_of("anthropic", "claude-haiku-5-5-20261007") == price_of("anthropic", "claude-haiku-5-5")
    assert price_of("anthropic", "claude-sonnet-4-20250514") == price_of("anthropic", "claude-sonnet-4")
    assert price_of("anthropic", "claude-opus-5-20260724") != price_of("anthropic", "claude-opus-5-5")


def test_the_list_is_dated() -> None:
    assert date.fromisoformat(price_date()) >= date(2026, 10, 7)


@given(st.sampled_from(MODELS), COUNTS, COUNTS, COUNTS, COUNTS)
def test_the_worst_case_covers_every_way_a_prompt_can_be_counted(
    model: str, plain: int, read: int, written: int, output: int
) -> None:
    usage = Usage(input=plain, cache_read=read, cache_write_5m=written, output=output)
    price = price_of("anthropic", model)
    assert price is not None
    actual = price.cost_nano(usage)
    assert isinstance(actual, int)
    assert actual <= price.worst_case_nano(usage.prompt, output)
    assert price.worst_case_nano(usage.prompt, output) <= price.worst_case_nano(usage.prompt + 1, output + 1)


BAND = "input = 1\noutput = 1\ncache_read = 1\ncache_write_5m = 1\ncache_write_1h = 1\n"


@pytest.mark.parametrize(
    "text",
    [
        f'date = "2026-01-01"\n[[model]]\nnames = ["a"]\n[[model.band]]\n{BAND.replace("input = 1", "input = 0.0001")}',
        f'date = "2026-01-01"\n[[model]]\nnames = ["a"]\n[[model.band]]\n{BAND.replace("input = 1", "input = -1")}',
        f'date = "2026-01-01"\n[[model]]\nnames = ["a"]\n[[model.band]]\nprompt_up_to = 5\n{BAND}',
        f'date = "2026-01-01"\n[[model]]\nnames = ["a"]\n[[model.band]]\n{BAND}[[model.band]]\n{BAND}',
        f'date = "2026-01-01"\n[[model]]\nnames = ["a", "a"]\n[[model.band]]\n{BAND}',
    ],
)
def test_a_price_list_that_cannot_be_exact_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"nano-dollars|bands|two prices"):
        read_price_list(text)
