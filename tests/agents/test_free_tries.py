"""How a small local model is tried again: what it is told, what is put right, when it is enough."""

from collections.abc import Callable
from pathlib import Path

from agents.events import ToolFinished
from agents.headquarters import Headquarters
from agents.settings import Settings
from agents.tasks import NewTask, Outcome, Variant
from tests.agents.conftest import run_git
from tests.fakes.ollama_server import FakeOllama, Script, Stall, chunk, text

MakeSettings = Callable[..., Settings]
CHECK = """python3 -c "
from mean import mean
assert mean([1, 2, 3]) == 2
assert mean([4]) == 4
assert mean([]) is None
" """
NEW = NewTask(title="Write mean(values) in mean.py, None for no values", check=CHECK)
WORSE = "def mean(values):\n    return 0\n"
BETTER = "def mean(values):\n    return sum(values) / len(values)\n"
GOOD = "def mean(values):\n    return statistics.mean(values) if values else None\n"


def fenced(code: str, before: str = "") -> Script:
    return text(f"{before}```python\n{code}```")


def patient(settings: Settings, **routing: float) -> Settings:
    return settings.model_copy(update={"routing": settings.routing.model_copy(update=routing)})


def commit(repo: Path, code: str) -> None:
    (repo / "mean.py").write_text(code)
    run_git(repo, "add", "--all")
    run_git(repo, "commit", "--quiet", "--message", "mean")


def asked(ollama: FakeOllama) -> list[str]:
    return [chat.body["messages"][-1]["content"] for chat in ollama.chats]


async def test_a_forgotten_import_is_added_and_said(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(fenced(GOOD))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            await hq.dispatch(task.id)
            task = await hq.wait(task.id)
            events = [one for one in await hq.history(200) if isinstance(one, ToolFinished)]
    assert (task.outcome, task.missions) == (Outcome.PROVEN, 1)
    assert events[-1].summary == "mean.py written; mean.py: added: import statistics"


async def test_a_retry_sees_all_that_is_wrong_and_goes_on_from_the_attempt_that_came_furthest(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(*(fenced(code) for code in (BETTER, WORSE, WORSE, GOOD)))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            await hq.dispatch(task.id)
            task = await hq.wait(task.id)
            missions = await hq.missions(task.id)
    assert (task.outcome, task.missions) == (Outcome.PROVEN, 4)
    assert [one.variant for one in missions] == [Variant.ONCE, Variant.RETRY, Variant.SAMPLE, Variant.RETRY]
    first, retry, _, last = asked(ollama)
    assert "no explanation" in first
    assert "ZeroDivisionError" in retry
    assert 'File "mean.py", line 2, in mean' in retry, "no path of a checkout"
    assert "First say in at most three short sentences what is wrong in the code above" in retry
    assert "return sum(values) / len(values)" in last, "two of three checks held there, none in what came later"
    check = missions[1].check
    assert check is not None
    assert "mean([4]) == 4, but mean([4]) is 0" in check.output


async def test_samples_differ_in_words_and_temperature(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: fenced(WORSE)
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            await hq.dispatch(task.id)
            task = await hq.wait(task.id)
            missions = await hq.missions(task.id)
    assert task.outcome is Outcome.FAILED
    samples = [one.number for one in missions if one.variant is Variant.SAMPLE]
    assert len(samples) == 6
    options = [chat.body["options"] for chat in ollama.chats]
    assert options[0]["temperature"] == 0
    assert len({one["temperature"] for one in options}) >= 4
    wordings = {asked_for.rpartition("\n\n")[2] for asked_for in asked(ollama)}
    assert len(wordings) >= 3
    assert any("hardest of the demands" in words for words in wordings)


async def test_when_patience_is_used_up_there_are_no_more_free_tries(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: fenced(WORSE)
        settings = patient(local_settings(ollama.url), free_s=0)
        async with Headquarters(settings, home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            await hq.dispatch(task.id)
            task = await hq.wait(task.id)
    assert (task.outcome, task.missions) == (Outcome.FAILED, 1)


async def test_an_unchanged_file_is_asked_for_in_other_words(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    commit(repo, BETTER)
    async with FakeOllama() as ollama:
        ollama.reply(fenced(BETTER), fenced(GOOD, "The empty list is not looked at.\n\n"))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW.model_copy(update={"title": "mean(values) in mean.py fails for no values"}))
            await hq.dispatch(task.id)
            task = await hq.wait(task.id)
    assert (task.outcome, task.missions) == (Outcome.PROVEN, 1)
    first, second = asked(ollama)
    assert "no explanation" in first
    assert "no explanation" not in second
    assert "First say in at most three short sentences what is wrong" in second
    assert "mean.py came back exactly as it was" in second


async def test_a_reply_that_runs_in_circles_is_broken_off_and_asked_for_again(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    circle = "    # Check if the field is a month\n    if field in ['1', '2', '3', '4', '5', '6']:\n        continue\n"
    async with FakeOllama() as ollama:
        ollama.reply((chunk("```python\ndef mean(values):\n"), *[chunk(circle)] * 40, Stall()), fenced(GOOD))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            await hq.dispatch(task.id)
            task = await hq.wait(task.id)
    assert (task.outcome, task.missions, task.cost_nano) == (Outcome.PROVEN, 1, 0)
    assert "said the same lines over and over" in asked(ollama)[1]


async def test_a_retry_begins_again_where_the_attempts_only_made_it_worse(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    commit(repo, BETTER)
    async with FakeOllama() as ollama:
        ollama.reply(fenced(WORSE), fenced(GOOD))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW.model_copy(update={"title": "mean(values) in mean.py fails for no values"}))
            await hq.dispatch(task.id)
            task = await hq.wait(task.id)
            first, retry = await hq.missions(task.id)
    assert (task.outcome, task.missions) == (Outcome.PROVEN, 2)
    assert retry.start_commit == first.start_commit == task.base_commit
    assert "return sum(values) / len(values)" in asked(ollama)[1]
    assert "return 0" not in asked(ollama)[1]
    assert "ZeroDivisionError" in asked(ollama)[1]
