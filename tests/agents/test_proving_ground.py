"""The proving ground on a served model: rests between tasks, nobody else asked, which attempts count as odds."""

from pathlib import Path

import pytest

from agents.clock import SystemClock
from agents.proving.graded import GradedTask
from agents.proving.ground import Measured, Range, make_repository, measure
from agents.settings import Cooldown, Dispatch, Endpoint, Settings, TierSettings
from agents.store import Proving, Store
from agents.tasks import TaskKind
from tests.agents.conftest import run_git
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama, text

NAMES = ("one", "two", "three")


def graded(name: str) -> GradedTask:
    return GradedTask(
        id=name,
        title=f"Create {name}.py with value = 1",
        kind=TaskKind.FUNCTION,
        complexity=1,
        check=f'python3 -c "import {name}; assert {name}.value == 1"',
        solution={f"{name}.py": "value = 1\n"},
        wrong=({f"{name}.py": "value = 2\n"},),
    )


def settings(ollama: FakeOllama, cooldown: Cooldown, **more: object) -> Settings:
    local = TierSettings(provider="ollama", model="m:1b", endpoints=(Endpoint(url=ollama.url),))
    return Settings.model_validate({"tiers": {"local": local}, "cooldown": cooldown, **more})


async def measured(
    ollama: FakeOllama, home: Path, chosen: Settings, purpose: Proving = Proving.COUNTED
) -> list[Measured]:
    ollama.answer = lambda body: next(
        text(f"```python\n# {name}.py\nvalue = 1\n```") for name in NAMES if f"Create {name}.py" in str(body)
    )
    folder = home / "proving" / "1"
    folder.mkdir(parents=True)
    where = Range(settings=chosen, tier="local", home=home, folder=folder, purpose=purpose)
    return [one async for one in measure(where, [graded(name) for name in NAMES])]


@pytest.mark.parametrize(("every", "resets"), [(1, 2), (2, 1), (0, 0)])
async def test_the_model_is_reset_between_tasks_as_the_settings_say(home: Path, every: int, resets: int) -> None:
    async with FakeOllama() as ollama:
        results = await measured(ollama, home, settings(ollama, Cooldown(rest_s=0, reset_every=every)))
    assert [one.solved for one in results] == [True] * 3
    assert len(ollama.unloads) == resets


async def test_nobody_reviews_what_is_measured(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    none = Cooldown(rest_s=0, reset_every=0)
    async with FakeOllama() as ollama, AnthropicServer() as claude:
        plain = settings(ollama, none, dispatch=Dispatch(review_every=1, auto_accept=True))
        sonnet = TierSettings.model_validate(
            {
                "provider": "anthropic",
                "model": "claude-sonnet-5-5",
                "roles": ("review",),
                "endpoints": [{"url": claude.url}],
            }
        )
        results = await measured(ollama, home, plain.model_copy(update={"tiers": {**plain.tiers, "sonnet": sonnet}}))
    assert [(one.solved, one.cost_nano) for one in results] == [(True, 0)] * 3
    assert [request.path for request in claude.requests if request.path == "/v1/messages"] == []


@pytest.mark.parametrize(("purpose", "trials"), [(Proving.COUNTED, 3), (Proving.APART, 0)])
async def test_a_setting_that_is_not_the_persons_says_nothing_about_theirs(
    home: Path, purpose: Proving, trials: int
) -> None:
    async with FakeOllama() as ollama:
        results = await measured(ollama, home, settings(ollama, Cooldown(rest_s=0, reset_every=0)), purpose)
    assert [one.solved for one in results] == [True] * 3
    async with await Store.open(home / "warroom.db", SystemClock()) as store:
        assert len(await store.trials()) == trials


async def test_a_repository_that_was_killed_in_the_making_is_made_anew(tmp_path: Path) -> None:
    left = tmp_path / ".one.making"
    (left / ".git").mkdir(parents=True)
    (left / ".git" / "index.lock").touch()
    (left / "stray.py").touch()
    await make_repository(tmp_path / "one", graded("one"))
    assert not left.exists()
    assert run_git(tmp_path / "one", "ls-files") == ""
