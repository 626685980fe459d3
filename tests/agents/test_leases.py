"""Who is taken for dead, and when: the process is gone, or its heartbeat stood still while we watched."""

import asyncio
import socket
from datetime import UTC, datetime
from pathlib import Path

from agents.dispatch.leases import Leases
from agents.dispatch.owner import is_alive, new_owner
from agents.store import Store


class StillClock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(1_800_000_000 + self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


async def test_a_war_room_elsewhere_is_dead_only_when_its_heartbeat_stood_still_as_we_watched(
    tmp_path: Path,
) -> None:
    clock = StillClock()
    async with await Store.open(tmp_path / "warroom.db", clock) as store:
        far = "elsewhere:17:1.1"
        theirs, ours = Leases(store, clock, far, 30), Leases(store, clock, new_owner(), 30)
        assert await theirs.keep()
        clock.seconds = 1000  # nobody looked meanwhile: that proves nothing
        assert await ours.dead({far}) == frozenset()
        for _ in range(29):
            clock.seconds += 1
            assert await ours.dead({far}) == frozenset()
        assert await theirs.keep()
        for _ in range(30):
            clock.seconds += 1
            assert await ours.dead({far}) == frozenset()
        clock.seconds += 1
        assert await ours.dead({far}) == {far}


async def test_one_that_had_nothing_to_do_while_nobody_looked_is_not_dead(tmp_path: Path) -> None:
    clock = StillClock()
    async with await Store.open(tmp_path / "warroom.db", clock) as store:
        far = "elsewhere:17:1.1"
        ours = Leases(store, clock, new_owner(), 30)
        await store.beat(far)
        assert await ours.dead({far}) == frozenset()
        clock.seconds += 3600  # it was idle, and we had no reason to look; now it begins something
        assert await ours.dead({far}) == frozenset()


async def test_a_beat_is_written_only_when_a_third_of_the_lease_is_over(tmp_path: Path) -> None:
    clock = StillClock()
    async with await Store.open(tmp_path / "warroom.db", clock) as store:
        leases = Leases(store, clock, new_owner(), 30)
        kept = []
        for _ in range(30):
            kept.append(await leases.keep())
            clock.seconds += 1
        assert kept.count(True) == 3
        await leases.release()
        assert await store.beats() == {}


async def test_a_process_that_ended_is_dead_at_once_even_when_nobody_reaped_it() -> None:
    child = await asyncio.create_subprocess_exec("sleep", "60")
    stat = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    owner = f"{socket.gethostname()}:{child.pid}:{stat[19]}.1"
    assert is_alive(owner)
    assert not is_alive(owner.replace(f":{stat[19]}.", ":1.")), "another process with its number"
    child.kill()
    await child.wait()
    assert not is_alive(owner)
    assert not is_alive("")


async def test_two_headquarters_of_one_process_are_two_owners() -> None:
    one, other = new_owner(), new_owner()
    assert one != other
    assert is_alive(one)
    assert is_alive(other)
