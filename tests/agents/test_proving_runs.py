"""Which run goes on, which begins anew, and that nobody shares one."""

from pathlib import Path

import pytest

from agents.proving.graded import GradedTask
from agents.proving.runs import Run, content_of, end, taken
from agents.refusals import NotPossible
from agents.settings import Settings, TierSettings
from agents.tasks import TaskKind

RUN = Run(tier="local", model="m:1b", suite="mine", tasks=("one",), content="a")
TASK = GradedTask(
    id="one",
    title="Create one.py",
    kind=TaskKind.FUNCTION,
    complexity=1,
    check="true",
    solution={"one.py": ""},
    wrong=({"two.py": ""},),
)


def folder_of(home: Path, run: Run) -> Path:
    with taken(home, run) as folder:
        return folder


def test_one_that_was_broken_off_goes_on_and_one_that_ended_does_not(tmp_path: Path) -> None:
    first = folder_of(tmp_path, RUN)
    assert folder_of(tmp_path, RUN) == first
    end(first)
    assert folder_of(tmp_path, RUN) != first


def test_another_content_is_another_run(tmp_path: Path) -> None:
    assert folder_of(tmp_path, RUN) != folder_of(tmp_path, RUN.model_copy(update={"content": "b"}))


def test_two_at_once_do_not_share_one(tmp_path: Path) -> None:
    with taken(tmp_path, RUN):
        with pytest.raises(NotPossible, match="Another `warroom prove` measures local"), taken(tmp_path, RUN):
            pass
        other = RUN.model_copy(update={"tier": "haiku"})
        assert folder_of(tmp_path, other).name == "2"
    assert folder_of(tmp_path, RUN).name == "1"


def test_the_content_follows_the_tasks_and_how_the_tier_is_set() -> None:
    def content(task: GradedTask = TASK, **tier: object) -> str:
        local = TierSettings.model_validate({"provider": "ollama", "model": "m:1b", **tier})
        return content_of([task], Settings(tiers={"local": local}), "local")

    assert content() == content(endpoints=[{"url": "http://127.0.0.1:1"}])  # the same model, wherever it is served
    different = {content(), content(TASK.model_copy(update={"check": "false"})), content(temperature=0.7)}
    assert len(different) == 3
