"""A real terminal on a machine without a sound card: what the sound library writes never gets there."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pty_terminal import terminal

from sounds.sinks.worker_sink import command

pytestmark = pytest.mark.timeout(180)
NO_CARD = {"ALSA_CONFIG_PATH": "/dev/null", "PULSE_SERVER": "unix:/nowhere", "JACK_NO_START_SERVER": "1"}


def warroom(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).parent / "warroom"), *arguments]


@pytest.mark.skipif(importlib.util.find_spec("miniaudio") is None, reason="miniaudio has no wheel here")
def test_asked_for_sound_without_a_card_no_byte_of_the_library_reaches_the_screen(tmp_path: Path) -> None:
    bare = subprocess.run(
        command(("miniaudio",)), input="", env={**os.environ, **NO_CARD}, capture_output=True, text=True, timeout=60
    )
    assert '"state": "unavailable"' in bare.stdout
    environ = {**NO_CARD, "WARROOM_SOUND__ENABLED": "ask", "XDG_CONFIG_HOME": str(tmp_path)}
    with terminal(tmp_path / "notes", *warroom("demo", "--tasks", "0"), environ=environ) as one:
        one.read_until(b"Sound on?")
        os.write(one.master, b"y")
        one.read_until(b"snd bell only")
        os.write(one.master, b"q")
        assert one.read_to_end() == 0
    assert (tmp_path / "warroom" / "config.toml").read_text() == "[sound]\nenabled = true\n"
    written = [line for line in bare.stderr.splitlines() if line.strip()]
    assert "ALSA lib" in bare.stderr or not written, "where ALSA is, it writes"
    assert b"ALSA" not in one.output
    assert not any(line.encode() in one.output for line in written)
