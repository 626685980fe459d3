"""What sort of work a task is, and where the table of the configuration sends it."""

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from agents.routing.assessment import assess
from agents.routing.odds import Odds
from agents.settings import WORK_GOES, Goes, Routing
from agents.tasks import TaskKind, Variant, Way

LOCAL = "qwen2.5-coder:7b"


@pytest.mark.parametrize(
    ("text", "goes", "said"),
    [
        ("Create the boilerplate of a service for projects", "local", "boilerplate from a template"),
        ("Add tests for parse_duration in durations.py", "local", "tests after a pattern"),
        ("Create a button component for the toolbar", "local", "a component"),
        ("Write a database migration that adds orders.paid_at", "local", "a migration"),
        ("Add client functions for /orders to api.py", "local", "a function of an API client"),
        ("Create type definitions for the events", "local", "type definitions"),
        ("Redesign the billing module", "cloud", "architecture"),
        ("Fix the intermittent deadlock in worker.py", "cloud", "hard debugging"),
        ("Review the parser for mistakes", "cloud", "a review"),
        ("Rename the config option across the code base", "cloud", "a refactor across files"),
        ("Add slugify(text) to slug.py", "either", ""),
        ("Fix the preview of the capital template_name", "either", ""),
    ],
)
def test_sorts_of_work(text: str, goes: Goes, said: str) -> None:
    found = assess(text)
    assert found.goes == goes
    assert found.features().goes == goes
    assert any(said in line and ("local model" in line or "stronger" in line) for line in found.evidence) == bool(said)


def test_the_table_is_the_persons() -> None:
    text = "Fix the intermittent deadlock in worker.py"
    assert assess(text, goes=Routing(goes={"debugging": "local"}).goes).goes == "local"
    silent = assess(text, goes=Routing(goes={"debugging": "either"}).goes)
    assert (silent.goes, any("debugging" in line for line in silent.evidence)) == ("either", False)
    assert Routing(goes={"types": "cloud"}).goes == {**WORK_GOES, "types": "cloud"}
    with pytest.raises(ValidationError, match="'poetry' is no sort of work: they are boilerplate"):
        Routing.model_validate({"goes": {"poetry": "local"}})


def test_it_moves_the_odds_of_local_models_and_of_no_others() -> None:
    def p(model: str, way: Way, goes: Goes) -> float:
        features = assess("Add slugify(text) to slug.py").features().model_copy(update={"goes": goes})
        return Odds().of(features).p(model, way, Variant.ONCE, ())

    cloud, either, local = (p(LOCAL, Way.DIRECT, goes) for goes in ("cloud", "either", "local"))
    assert cloud < either < local
    paid = {p("claude-haiku-5-5", Way.LOOP, goes) for goes in ("cloud", "either", "local")}
    assert len(paid) == 1


def test_every_sort_has_a_place_and_every_place_a_sort() -> None:
    named = set(tomllib.loads(Path("agents/routing/work.toml").read_text())) | {"tests"}
    assert named == set(WORK_GOES)


def test_a_long_or_hostile_text_is_no_trouble() -> None:
    assert assess("boilerplate " * 5000).goes == "local"
    assert assess("\x00\u202e" * 3000).kind in TaskKind
