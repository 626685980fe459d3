"""The worker process: real ones with miniaudio's null device, ones that die, hang, or talk nonsense."""

import asyncio
import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sounds.calls import Call
from sounds.cesp.finding import script_of
from sounds.cues import Cue
from sounds.sinks.worker_sink import ANSWER_S, WorkerSink, command, environment

ROOT = Path(__file__).parents[2]
with_miniaudio = pytest.mark.skipif(importlib.util.find_spec("miniaudio") is None, reason="miniaudio has no wheel here")
NO_DEVICE = {"PULSE_SERVER": "unix:/nowhere", "ALSA_CONFIG_PATH": "/dev/null"}
WAIT_S = 30


class Watched:
    """A worker sink, and what it told."""

    def __init__(
        self, names: Sequence[str] = ("null",), begin: Sequence[str] | None = None, answer_s: float = 20
    ) -> None:
        self.ready, self.over = asyncio.Event(), asyncio.Event()
        self.starts = 0
        self.ended: list[int] = []
        self.reason = ""
        self.library = False
        self.sink = WorkerSink(
            names,
            {**os.environ, **NO_DEVICE},
            ready=self._ready,
            unavailable=self._unavailable,
            ended=self._ended,
            begin=begin,
            answer_s=answer_s,
        )

    def _ready(self) -> None:
        self.starts += 1
        self.ready.set()

    def _unavailable(self, reason: str, library: bool) -> None:
        self.reason, self.library = reason, library
        self.over.set()

    def _ended(self, call: int) -> None:
        self.ended.append(call)
        self.over.set()

    def kill(self) -> None:
        assert self.sink.process_id is not None
        self.ready.clear()
        os.kill(self.sink.process_id, signal.SIGKILL)


@asynccontextmanager
async def running(one: Watched) -> AsyncIterator[Watched]:
    task = asyncio.create_task(one.sink.run())
    try:
        async with asyncio.timeout(WAIT_S):
            yield one
    finally:
        pid = one.sink.process_id
        await one.sink.close()
        await task
        if pid is not None:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)


def call(event: str = "agent.selected", number: int = 7) -> Call:
    """A short one: an effect, then a line."""
    script, _ = script_of("vesper", ())
    return Call(number, Cue(event), "", script.effect("click"), script.lines(event)[0])


def child(text: str) -> list[str]:
    return [sys.executable, "-c", text]


@with_miniaudio
async def test_a_call_is_played_on_the_null_device_and_its_end_is_told() -> None:
    one = Watched()
    one.sink.play(call())
    async with running(one):
        await one.ready.wait()
        assert one.sink.name == "Null"
        assert os.readlink(f"/proc/{one.sink.process_id}/fd/2") == "/dev/null"
        one.sink.volume(0.5)
        one.sink.play(call())
        await one.over.wait()
    assert one.ended == [7], "once, and not the one from before it was ready"
    assert "miniaudio" not in sys.modules, "only the worker loads it"


@with_miniaudio
async def test_hush_ends_what_plays() -> None:
    async with running(Watched()) as one:
        await one.ready.wait()
        one.sink.play(call("app.ready"))
        one.sink.hush()
        await one.over.wait()
    assert one.ended == [7]


@with_miniaudio
async def test_with_no_sound_card_it_says_so_and_is_not_tried_again() -> None:
    async with running(Watched(("miniaudio",))) as one:
        await one.over.wait()
    assert "no sound device was found" in one.reason
    assert (one.starts, one.library) == (0, False)


@pytest.mark.skipif(importlib.util.find_spec("simpleaudio") is not None, reason="simpleaudio is installed")
async def test_a_library_that_is_not_there_is_told_apart() -> None:
    async with running(Watched(("simpleaudio",))) as one:
        await one.over.wait()
    assert "simpleaudio" in one.reason
    assert one.library


@with_miniaudio
async def test_killed_while_it_plays_it_is_started_again_once_and_then_given_up() -> None:
    async with running(Watched()) as one:
        await one.ready.wait()
        one.sink.play(call("app.ready"))
        one.kill()
        await one.ready.wait()
        one.sink.play(call())
        await one.over.wait()
        assert one.ended == [7]
        one.over.clear()
        one.kill()
        await one.over.wait()
    assert (one.starts, one.reason) == (2, "the sound process ended")


async def test_one_that_never_answers_is_killed_in_time(tmp_path: Path) -> None:
    assert ANSWER_S == 3
    noted = tmp_path / "started"
    begin = child(f"import time; open({str(noted)!r}, 'a').write('x'); time.sleep(600)")
    async with running(Watched(begin=begin, answer_s=2)) as one:
        await one.over.wait()
        assert one.sink.process_id is None
    assert (one.reason, noted.read_text()) == ("the sound device does not answer", "x")


async def test_one_that_hangs_when_it_should_play_is_killed() -> None:
    ready = json.dumps({"state": "ready", "backend": "Stone"})
    begin = child(f"import time; print({ready!r}, flush=True); time.sleep(600)")
    async with running(Watched(begin=begin, answer_s=0.5)) as one:
        await one.ready.wait()
        one.sink.play(call())
        await one.over.wait()
    assert (one.reason, one.starts) == ("the sound device does not answer", 1)


async def test_nonsense_from_it_does_no_harm() -> None:
    said = [
        "",
        "nonsense",
        "[]",
        "x" * 60_000,
        '{"ended": "x"}',
        '{"ended": 99}',
        '{"state": "unavailable", "reason": 7}',
    ]
    begin = child(f"for line in {said!r}: print(line, flush=True)")
    async with running(Watched(begin=begin)) as one:
        await one.over.wait()
    assert one.reason == "7"


async def test_a_command_that_is_not_there() -> None:
    async with running(Watched(begin=["/nowhere/python"])) as one:
        await one.over.wait()
    assert "cannot be started" in one.reason


async def test_closed_before_it_began_it_ends_at_once() -> None:
    one = Watched(begin=child("import sys; sys.stdin.read()"))
    await one.sink.close()
    async with asyncio.timeout(WAIT_S):
        await one.sink.run()
    assert not one.over.is_set()


@with_miniaudio
def test_it_ends_with_its_stdin_and_understands_no_nonsense() -> None:
    lines = ["x", "[]", '{"do": "dance"}', '{"do": "play", "id": 1}', '{"do": "play", "id": 2, "file": "/none.wav"}']
    lines += ['{"do": "play", "id": 3, "file": "/etc/passwd", "channel": "ui"}', '{"do": "volume", "value": "loud"}']
    done = subprocess.run(
        command(("null",)), input="\n".join([*lines, ""]), capture_output=True, text=True, timeout=WAIT_S, check=True
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["state"] for line in said[:2]] == ["opening", "ready"]
    assert all("problem" in line for line in said[2:])
    assert any(line.get("started") == 3 and "cannot be played" in line["problem"] for line in said)


@with_miniaudio
def test_the_device_is_let_go_when_idle_and_opened_again() -> None:
    script = (
        "import sys; from pathlib import Path; from sounds.worker.output import Play\n"
        "from sounds.worker.miniaudio_output import MiniaudioOutput\n"
        "now = [0.0]; output = MiniaudioOutput(null=True, clock=lambda: now[0])\n"
        "now[0] = 3.9; output.tick(); assert output.busy\n"
        "now[0] = 4.1; output.tick(); assert not output.busy\n"
        "output.play(Play(1, Path(sys.argv[1]), 1.0, 'ui')); assert output.busy\n"
        "output.tick(); now[0] = 99; output.tick(); assert output.busy, 'it plays'\n"
        "output.close(); assert not output.busy"
    )
    file = ROOT / "sounds" / "packs" / "vesper" / "sounds" / "ack_1.wav"
    subprocess.run([sys.executable, "-c", script, str(file)], cwd=ROOT, check=True, timeout=WAIT_S)


def test_no_key_and_no_folder_of_the_person_gets_into_it() -> None:
    kept = environment(
        {
            **dict.fromkeys(("ANTHROPIC_API_KEY", "PYTHONPATH", "WARROOM_HOME", "GITHUB_TOKEN", "SSH_AUTH_SOCK"), "x"),
            "PULSE_SERVER": "tcp:here",
            "XDG_RUNTIME_DIR": "/run/user/1",
            "PATH": "/bin",
        }
    )
    assert set(kept) == {"JACK_NO_START_SERVER", "PULSE_SERVER", "XDG_RUNTIME_DIR", "PATH"}
    begin = command(("null",))
    assert begin[1] == "-I"
    assert "" not in json.loads(begin[4])
