"""Stored trials, made up."""

from datetime import UTC, datetime, timedelta

from agents.store.records import Trial

START = datetime(2026, 11, 1, tzinfo=UTC)


def a_trial(number: int = 0, **changes: object) -> Trial:
    """A local model's first try at a function in Python; later by a minute for each `number`."""
    known: dict[str, object] = {
        "mission": number + 1,
        "task": number + 1,
        "at": START + timedelta(minutes=number),
        "tier": "local",
        "model": "qwen2.5-coder:7b",
        "way": "direct",
        "variant": "once",
        "kind": "function",
        "complexity": 5,
        "language": "python",
        "success": True,
        "seconds": 20.0,
    }
    return Trial.model_validate(known | changes)


def tried(wins: int, losses: int, **changes: object) -> list[Trial]:
    """So many trials, won and lost evenly spread over time."""
    number = wins + losses
    won = [(at + 1) * wins // number > at * wins // number for at in range(number)] if number else []
    return [a_trial(at, success=success, **changes) for at, success in enumerate(won)]
