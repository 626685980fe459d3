"""kill -9 at random moments of a running `warroom batch`, restarted each time: `python -m tests.bench.kills`.

Real processes, real git, real SQLite, real sandbox, two model servers on loopback. Every second kill takes everything
with it that the batch had started, as an end of the machine does; the others leave that to die by itself.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.bench.books import MODEL
from tests.bench.descendants import adopt_orphans, descendants, described, kill_tree, outlived
from tests.bench.reckoning import Reckoning, reckon
from tests.fakes.paid_and_free import Kind, PaidAndFree, check_of, title_of

WARROOM = Path(__file__).parents[2] / "warroom.py"
MIX: tuple[Kind, ...] = ("easy", "second", "paid", "climbs", "easy", "hopeless", "second", "paid")
PATIENCE_S = 300.0
"""For one life of the batch."""
LEAK_S = 10.0
"""How long what a killed batch had started may take to end by itself."""
CONFIG = f"""
[tiers.local]
model = "m:1b"
slots = 2
[tiers.haiku]
model = "{MODEL}"
slots = 2
[tiers.sonnet]
enabled = false
[tiers.opus]
enabled = false
[cooldown]
rest_s = 0.05
reset_every = 3
[routing]
samples = 0
[budget]
daily_usd = 100
task_usd = 50
"""


@dataclass(frozen=True)
class Moment:
    """When a life ends: so many new events of missions were told, and so many seconds later."""

    events: int
    then_s: float
    everything: bool
    """Whatever it had started is killed in the same moment."""


def moments(count: int, *, seed: int, events: int, start_s: float = 1.5) -> list[Moment]:
    """`count` of them: one in four while War Room starts and recovers, the others while it works."""
    chance = Random(seed)
    found = []
    for number in range(count):
        early = chance.random() < 0.25
        after = 0 if early else chance.randint(1, events)
        later = chance.uniform(0, start_s) if early else chance.uniform(0, 0.2)
        found.append(Moment(after, later, number % 2 == 1))
    return found


class Battlefield:
    """One repository, one home, one batch."""

    def __init__(self, folder: Path, servers: PaidAndFree) -> None:
        self.home, self.repo, self.file = folder / "home", folder / "shop", folder / "tasks.jsonl"
        self.servers = servers
        self.faults: list[str] = []
        self._seen = 0
        self._said = folder / "stderr.txt"
        foreign = ("WARROOM_", "ANTHROPIC_", "OLLAMA_", "GIT_")
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | {
            "WARROOM_HOME": str(self.home),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "TMPDIR": str(folder / "tmp"),
            **servers.environ(),
        }

    def prepare(self) -> None:
        """Make the repository, the configuration and the file of tasks."""
        for name in ("shop", "tmp", "config/warroom"):
            (self.file.parent / name).mkdir(parents=True)
        (self.file.parent / "config/warroom/config.toml").write_text(CONFIG)
        (self.repo / "README.md").write_text("# shop\n")
        who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
        for args in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "first")):
            subprocess.run(["git", *who, *args], cwd=self.repo, check=True)
        with self.file.open("w") as file:
            for number, kind in self.servers.kinds.items():
                row: dict[str, Any] = {"id": f"task-{number}", "title": title_of(number), "check": check_of(number)}
                if kind in {"paid", "hopeless"}:
                    row["tier"] = "haiku" if kind == "paid" else "local"
                if number % 5 == 0:
                    before = number - 1 if self.servers.kinds[number - 1] != "hopeless" else number - 2
                    row["depends_on"] = [f"task-{before}"]
                file.write(json.dumps(row) + "\n")

    async def live(self, moment: Moment | None) -> int:
        """Run the batch until `moment`, or to its end; its exit code, below 0 when it was killed."""
        with self._said.open("ab") as said:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, str(WARROOM), "batch", str(self.file), "--json"),
                cwd=self.repo,
                env=self._environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=said,
                start_new_session=True,
            )
        assert process.stdout is not None
        reached = asyncio.Event()
        reading = asyncio.create_task(self._read(process.stdout, moment, reached))
        ended = asyncio.create_task(process.wait())
        due = asyncio.create_task(_due(moment, reached))
        try:
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.wait({ended, due}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            kill_tree(process.pid)
            raise RuntimeError(f"the batch did not end within {PATIENCE_S:g} s") from None
        started = descendants(process.pid)
        if not ended.done():
            kill_tree(process.pid) if moment and moment.everything else os.kill(process.pid, signal.SIGKILL)
        code = await ended
        due.cancel()
        await asyncio.gather(reading, due, return_exceptions=True)
        for pid in await outlived({*started, *descendants(os.getpid())}, LEAK_S):
            self.faults.append(f"a process outlived the batch by {LEAK_S:g} s: {described(pid)}")
            os.kill(pid, signal.SIGKILL)
        return code

    async def _read(self, lines: asyncio.StreamReader, moment: Moment | None, reached: asyncio.Event) -> None:
        new = 0
        async for line in lines:
            if not line.endswith(b"\n"):  # cut by the kill
                break
            event = json.loads(line)
            new += event["seq"] > self._seen and not event["type"].startswith("task.")
            self._seen = max(event["seq"], self._seen)
            if moment is not None and new >= moment.events > 0:
                reached.set()

    async def reckoned(self) -> Reckoning:
        """All that is wrong now that the batch is at its end, and the figures."""
        found = await reckon(self.home, self.repo, self.servers)
        said = self._said.read_text(errors="replace")
        found.faults += self.faults
        found.faults += [line for line in said.splitlines() if "Traceback" in line or "an error in War Room" in line]
        found.faults += [f"a fault's log: {log.name}" for log in (self.home / "logs").glob("*fault*")]
        found.figures["left in the folder for temporary files"] = len(list((self.file.parent / "tmp").iterdir()))
        return found


async def _due(moment: Moment | None, reached: asyncio.Event) -> None:
    if moment is None:
        await asyncio.Event().wait()
    else:
        if moment.events:
            await reached.wait()
        await asyncio.sleep(moment.then_s)


async def massacre(kills: int, tasks: int, *, seed: int, events: int, pause_s: float, keep: Path | None = None) -> int:
    """Kill as often as asked, let what is left come to its end, print what was found; 0 when all adds up.

    A batch that is at its end before the last kill is followed by another one, on a fresh repository and home.
    """
    adopt_orphans()
    left = moments(kills, seed=seed, events=events)
    rounds, faults, began = 0, list[str](), time.monotonic()
    while left or not rounds:
        rounds += 1
        with tempfile.TemporaryDirectory(prefix="warroom-kills-") as temporary:
            done = 0
            folder = keep / f"batch-{rounds}" if keep else Path(temporary)
            kinds: dict[int, Kind] = {number: MIX[(number - 1) % len(MIX)] for number in range(1, tasks + 1)}
            async with PaidAndFree(kinds, pause_s=pause_s) as servers:
                field = Battlefield(folder, servers)
                field.prepare()
                code = -1
                while code < 0:
                    moment = left.pop(0) if left else None
                    code = await field.live(moment)
                    done += code < 0
                found = await field.reckoned()
                again = await field.live(None)
                asked = len(servers.served)
                found.faults += [] if again == code == 1 else [f"the batch ended with {code}, run again with {again}"]
                found.faults += [] if len(servers.served) == asked else ["run again it did something again"]
        print(f"batch {rounds}: killed {done} times, then exit code {code}, seed {seed}")
        for name, figure in found.figures.items():
            print(f"    {figure:>12} {name}")
        for fault in found.faults:
            print(f"  ! {fault}")
        faults += found.faults
    print(f"{kills} kills, {rounds} batches of {tasks} tasks, {time.monotonic() - began:.0f} s, {len(faults)} faults")
    return 1 if faults else 0


def main() -> int:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--tasks", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=24, help="a life tells at most so many new events")
    parser.add_argument("--pause", type=float, default=0.1, help="seconds between two pieces of a reply")
    parser.add_argument("--keep", type=Path, help="leave what is there at the end in this folder")
    asked = parser.parse_args()
    return asyncio.run(
        massacre(asked.kills, asked.tasks, seed=asked.seed, events=asked.events, pause_s=asked.pause, keep=asked.keep)
    )


if __name__ == "__main__":
    sys.exit(main())
