"""Opening a home: fresh, old, newer, damaged, another program's, locked; always private, never deleted."""

import asyncio
import os
import sqlite3
import stat
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from agents.clock import SystemClock
from agents.store import CorruptDatabase, NewerSchema, Store, StoreError, StoreLocked, UnreadableRow, move_aside
from agents.store.schema import SCHEMA, STEPS, migrate
from agents.tasks import NewTask, Task, TaskKind

CLOCK = SystemClock()


async def post(store: Store, title: str) -> Task:
    return await store.insert_task(
        NewTask(title=title, brief="x" * 2000),
        repo="/r",
        complexity=1,
        kind=TaskKind.DOCS,
        simulated=False,
        events=lambda task: (),
    )


async def fill(path: Path, tasks: int) -> None:
    async with await Store.open(path, CLOCK) as store:
        for number in range(tasks):
            await post(store, f"task {number}")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_fresh_home_is_made_private_and_in_wal(tmp_path: Path) -> None:
    path = tmp_path / "data" / "home" / "warroom.db"
    old = os.umask(0)
    try:
        async with await Store.open(path, CLOCK) as store:
            await post(store, "x")
            assert mode(path.parent) == 0o700
            assert {part.name: mode(part) for part in path.parent.iterdir()} == {
                "warroom.db": 0o600,
                "warroom.db-wal": 0o600,
                "warroom.db-shm": 0o600,
            }
            assert await store.integrity() == []
    finally:
        os.umask(old)
    with closing(sqlite3.connect(path)) as sql:
        assert sql.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert sql.execute("PRAGMA user_version").fetchone() == (SCHEMA,)


async def test_a_database_others_could_read_is_made_private_but_the_persons_folder_is_left_alone(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o755)
    path = tmp_path / "warroom.db"
    await fill(path, 1)
    path.chmod(0o644)
    await fill(path, 0)
    assert (mode(path), mode(tmp_path)) == (0o600, 0o755)


async def test_odd_names_and_an_empty_file_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "a home with spaces, ünïcode? #1%20" / "war'room.db"
    path.parent.mkdir()
    path.touch()
    await fill(path, 1)
    async with await Store.open(path, CLOCK) as store:
        assert len(await store.tasks()) == 1


async def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "warroom.db"
    await fill(path, 1)
    with closing(sqlite3.connect(path)) as sql:
        sql.execute(f"PRAGMA user_version = {SCHEMA + 4}")
        sql.commit()
    before = path.read_bytes()
    with pytest.raises(NewerSchema) as refused:
        await Store.open(path, CLOCK)
    assert str(refused.value) == (
        f"this home was written by a newer War Room (schema {SCHEMA + 4}, this one knows {SCHEMA}): "
        "upgrade, or set WARROOM_HOME to another folder"
    )
    assert path.read_bytes() == before


async def test_a_schema_that_gets_newer_under_us_stops_our_writing(tmp_path: Path) -> None:
    path = tmp_path / "warroom.db"
    async with await Store.open(path, CLOCK) as store:
        await post(store, "before")
        with closing(sqlite3.connect(path)) as sql:
            sql.execute(f"PRAGMA user_version = {SCHEMA + 1}")
            sql.commit()
        with pytest.raises(NewerSchema):
            await post(store, "after")
        assert [task.title for task in await store.tasks()] == ["before"]


async def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "warroom.db"
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("CREATE TABLE bookmarks (url TEXT)")
        sql.execute("PRAGMA user_version = 40")
        sql.commit()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="belongs to another program"):
        await Store.open(path, CLOCK)
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("warroom.db-*"))


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database at all, it is a letter to a friend\n" * 100)


def _header(path: Path) -> None:
    path.write_bytes(b"\x00" * 200 + path.read_bytes()[200:])


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize("damage", [_garbage, _header, _truncated])
async def test_a_damaged_database_is_reported_left_alone_and_moved_only_on_request(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = tmp_path / "warroom.db"
    await fill(path, 40)
    damage(path)
    before = path.read_bytes()
    with pytest.raises(CorruptDatabase, match=r"is damaged .* --move-aside"):
        await Store.open(path, CLOCK)
    assert path.read_bytes() == before
    aside = await move_aside(path)
    assert aside.parent == tmp_path
    assert aside.read_bytes() == before
    assert not path.exists()
    await fill(path, 1)
    damage(path)
    assert await move_aside(path) not in (aside, path)
    assert aside.read_bytes() == before


async def test_damage_inside_is_reported_when_it_is_met(tmp_path: Path) -> None:
    path = tmp_path / "warroom.db"
    await fill(path, 200)
    content = bytearray(path.read_bytes())
    for page in range(0, len(content), 4096):
        if b"x" * 500 in content[page : page + 4096]:  # a page of tasks, which opening does not read
            content[page : page + 64] = b"\xff" * 64
    path.write_bytes(content)
    async with await Store.open(path, CLOCK) as store:
        with pytest.raises(CorruptDatabase):
            await store.tasks()
        assert await store.integrity() != []


async def test_move_aside_takes_what_is_in_the_wal_along(tmp_path: Path) -> None:
    path = tmp_path / "warroom.db"
    await fill(path, 1)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").write_bytes(suffix.encode())
    aside = await move_aside(path)
    assert Path(f"{aside}-wal").read_bytes() == b"-wal"
    assert Path(f"{aside}-shm").read_bytes() == b"-shm"
    assert len(list(tmp_path.iterdir())) == 3
    with pytest.raises(StoreError, match="cannot be moved aside"):
        await move_aside(path)


async def test_a_row_changed_by_hand_is_named(tmp_path: Path) -> None:
    path = tmp_path / "warroom.db"
    await fill(path, 2)
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("UPDATE tasks SET data = json_set(data, '$.complexity', 'hard') WHERE id = 2")
        sql.execute("UPDATE events SET data = '{}' WHERE seq = 1")
        sql.commit()
    async with await Store.open(path, CLOCK) as store:
        with pytest.raises(UnreadableRow, match=r"task T2 .*complexity"):
            await store.tasks()
        with pytest.raises(UnreadableRow, match="event 1 "):
            await store.events_after(0)
        assert (await store.task(1)) is not None


async def test_a_home_that_cannot_be_one_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="its folder is a file"):
        await Store.open(tmp_path / "file" / "warroom.db", CLOCK)
    (tmp_path / "warroom.db").mkdir()
    with pytest.raises(StoreError, match="Is a directory"):
        await Store.open(tmp_path / "warroom.db", CLOCK)


async def test_a_database_locked_for_too_long_is_said_and_works_again_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "warroom.db"
    async with await Store.open(path, CLOCK, busy_s=0.05) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreLocked, match="another process keeps"):
                await post(store, "x")
            assert await store.tasks() == []
            other.execute("ROLLBACK")
        assert (await post(store, "x")).id == 1


async def test_a_fresh_file_locked_by_another_is_said(tmp_path: Path) -> None:
    path = tmp_path / "warroom.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreLocked):
            await Store.open(path, CLOCK, busy_s=0.05)
        other.execute("ROLLBACK")
    await fill(path, 1)


def test_steps_are_taken_one_by_one_and_a_step_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    second = ("CREATE TABLE medals (task INTEGER)",)
    broken = ("CREATE TABLE stars (task INTEGER)", "CREATE TABLE medals (task INTEGER)")
    with closing(sqlite3.connect(tmp_path / "warroom.db", isolation_level=None)) as sql:
        migrate(sql)
        assert sql.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
        with pytest.raises(sqlite3.OperationalError, match="medals already exists"):
            migrate(sql, (*STEPS, second, broken))
        assert sql.execute("PRAGMA user_version").fetchone() == (len(STEPS) + 1,)
        tables = {name for (name,) in sql.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert "medals" in tables
        assert "stars" not in tables
        assert not sql.in_transaction
        with pytest.raises(NewerSchema):
            migrate(sql)


OPENER = """
import asyncio, sys
from pathlib import Path
from agents.clock import SystemClock
from agents.store import Store
from agents.tasks import NewTask, TaskKind

async def main() -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    async with await Store.open(Path(sys.argv[1]), SystemClock()) as store:
        await store.insert_task(NewTask(title="x"), repo="/r", complexity=1, kind=TaskKind.DOCS, simulated=False,
                                events=lambda task: ())

asyncio.run(main())
"""


async def test_processes_that_open_a_fresh_home_at_the_same_instant_all_work(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    for attempt in range(2):
        path = tmp_path / str(attempt) / "warroom.db"
        pipe = asyncio.subprocess.PIPE
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", OPENER, str(path), stdin=pipe, stdout=pipe, stderr=pipe, cwd=root
            )
            for _ in range(3)
        ]
        for process in processes:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"ready\n"
        answers = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
        assert [(process.returncode, error) for process, (_, error) in zip(processes, answers, strict=True)] == [
            (0, b"")
        ] * 3
        async with await Store.open(path, CLOCK) as store:
            assert [task.id for task in await store.tasks()] == [1, 2, 3]


async def test_stores_that_open_a_fresh_home_at_the_same_instant_all_work(tmp_path: Path) -> None:
    for attempt in range(10):
        path = tmp_path / f"home-{attempt}" / "warroom.db"
        stores = await asyncio.gather(*(Store.open(path, CLOCK) for _ in range(4)))
        await asyncio.gather(*(post(store, "x") for store in stores))
        assert [task.id for task in await stores[0].tasks()] == [1, 2, 3, 4]
        await asyncio.gather(*(store.close() for store in stores))
