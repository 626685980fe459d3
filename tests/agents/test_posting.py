"""Posting a file of tasks: one look at the repository, each task once, what a task needs before it."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.dispatch.posting_all import in_order
from agents.headquarters import Headquarters, NotPossible
from agents.settings import Settings
from agents.tasks import NewTask
from agents.workspace import Base, Repository

MakeSettings = Callable[..., Settings]


def new(name: str, **fields: object) -> NewTask:
    return NewTask.model_validate({"title": f"Create {name}.py", "external_id": name, **fields})


@pytest.fixture
def settings(local_settings: MakeSettings) -> Settings:
    return local_settings("http://127.0.0.1:9")


async def test_many_tasks_after_one_look_at_the_repository(
    settings: Settings, home: Path, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[None] = []
    real = Repository.base

    async def counted(repository: Repository) -> Base:
        looks.append(None)
        return await real(repository)

    monkeypatch.setattr(Repository, "base", counted)
    news = [new(f"m{number}") for number in range(200)]
    async with Headquarters(settings, home=home, folder=repo) as hq:
        first = await hq.post_all(news, {})
        again = await hq.post_all(news, {})
        assert [task.external_id for task in await hq.tasks()] == [one.external_id for one in news]
    assert len(looks) == 1
    assert all(one.fresh for one in first)
    assert [(one.task, one.fresh, one.changed) for one in again] == [(one.task, False, ()) for one in first]


async def test_what_is_needed_gets_its_number_first_and_what_changed_is_named(
    settings: Settings, home: Path, repo: Path
) -> None:
    async with Headquarters(settings, home=home, folder=repo) as hq:
        posted = await hq.post_all([new("b"), new("a"), new("c")], {"b": ["a", "c"]})
        b, a, c = (one.task for one in posted)
        assert b.depends_on == (a.id, c.id)
        assert b.id > max(a.id, c.id)
        other = await hq.post_all([new("a", title="Create \x1b[31ma.py"), new("b", priority=9), new("c")], {"b": ["a"]})
        assert [one.changed for one in other] == [(), ("priority", "depends_on"), ()]
        assert await hq.task(b.id) == b


@pytest.mark.parametrize(
    ("needs", "says"), [({"a": ["x"]}, "'x', which is not among the tasks"), ({"a": ["b"], "b": ["a"]}, "in a circle")]
)
async def test_what_can_never_start_is_refused_whole(
    needs: dict[str, list[str]], says: str, settings: Settings, home: Path, repo: Path
) -> None:
    async with Headquarters(settings, home=home, folder=repo) as hq:
        with pytest.raises(NotPossible, match=says):
            await hq.post_all([new("a"), new("b")], needs)
        with pytest.raises(NotPossible, match="no tier 'huge'"):
            await hq.post_all([new("a"), new("b", tier="huge")], {})
        assert await hq.tasks() == []


async def test_two_war_rooms_with_the_same_file_post_each_task_once(settings: Settings, home: Path, repo: Path) -> None:
    script = f"""
import asyncio, sys
from pathlib import Path
from agents.headquarters import Headquarters
from agents.settings import Settings
from agents.tasks import NewTask
settings = Settings.model_validate_json({settings.model_dump_json()!r})
news = [NewTask(title=f"Create m{{n}}.py", external_id=f"m{{n}}") for n in range(40)]
async def main():
    async with Headquarters(settings, home=Path({str(home)!r}), folder=Path({str(repo)!r})) as hq:
        sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
        print(sum(one.fresh for one in await hq.post_all(news, {{"m0": ["m39"]}})))
asyncio.run(main())
"""
    pipe = asyncio.subprocess.PIPE
    both = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdin=pipe, stdout=pipe) for _ in range(2)
    ]
    for one in both:
        assert one.stdout is not None
        assert await one.stdout.readline() == b"ready\n"
    said = await asyncio.gather(*(one.communicate(b"go\n") for one in both))
    fresh = [int(out) for out, _ in said]
    assert sum(fresh) == 40
    async with Headquarters(settings, home=home, folder=repo) as hq:
        tasks = await hq.tasks()
    assert sorted(task.external_id or "" for task in tasks) == sorted(f"m{number}" for number in range(40))


@given(st.permutations(range(6)), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8))
def test_the_order_is_the_given_one_where_it_can_be(places: list[int], edges: list[tuple[int, int]]) -> None:
    needs: dict[str, list[str]] = {}
    for low, high in edges:
        if low < high:  # no circles
            needs.setdefault(str(high), []).append(str(low))
    news = [new(str(place)) for place in places]
    ordered = [one.external_id or "" for one in in_order(news, needs)]
    assert sorted(ordered) == sorted(str(place) for place in places)
    given_order = [str(place) for place in places]
    met = all(given_order.index(need) < given_order.index(name) for name in needs for need in needs[name])
    assert all(ordered.index(need) < ordered.index(name) for name in needs for need in needs[name])
    assert not met or ordered == given_order
