"""The second backend behind the same seam: on the real library where it is installed (Python 3.11), else on one that
has its functions and notes what it is asked."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from sounds.worker.output import ClipError, OutputError, Play, opened

FILE = Path(__file__).parents[2] / "sounds" / "packs" / "vesper" / "sounds" / "ack_1.wav"


class Playing:
    """What play_buffer gives."""

    def __init__(self) -> None:
        self.over = False

    def is_playing(self) -> bool:
        return not self.over

    def stop(self) -> None:
        self.over = True


class Library(ModuleType):
    """simpleaudio's functions, without a device."""

    def __init__(self) -> None:
        super().__init__("simpleaudio")
        self.played: list[tuple[bytes, int, int, int]] = []
        self.playing: list[Playing] = []
        self.broken = False

    def play_buffer(self, data: bytes, channels: int, width: int, rate: int) -> Playing:
        if self.broken:
            raise RuntimeError("Error opening PCM device")
        self.played.append((data, channels, width, rate))
        self.playing.append(Playing())
        return self.playing[-1]

    def stop_all(self) -> None:
        for one in self.playing:
            one.stop()


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    found = Library()
    monkeypatch.setitem(sys.modules, "simpleaudio", found)
    return found


on_311 = pytest.mark.skipif(sys.version_info >= (3, 12), reason="simpleaudio crashes on Python 3.12 and later")


@on_311
def test_it_plays_waits_and_stops(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    from sounds.worker.simpleaudio_output import SimpleaudioOutput

    output = SimpleaudioOutput(clock=lambda: now[0])
    probes = len(library.played)
    output.volume(0.5)
    output.play(Play(1, FILE, 1.0, "voice"))
    output.play(Play(2, FILE, 1.0, "voice", delay_s=1.0))
    data, channels, width, rate = library.played[probes]
    assert (channels, width, rate) == (1, 2, 11_025)
    whole = library.play_buffer(b"", 1, 2, 1)
    whole.stop()
    assert output.tick() == []
    assert output.busy
    now[0] = 1.1
    output.tick()
    assert len(library.played) == probes + 3, "the second has begun"
    library.playing[probes].stop()
    assert output.tick() == [1]
    output.play(Play(3, FILE, 1.0, "voice"))
    assert output.tick() == [2], "the channel was taken from it"
    output.play(Play(4, FILE, 1.0, "alert", delay_s=9))
    output.stop("alert")
    assert output.tick() == [4]
    output.close()
    assert output.tick() == [3]
    assert not output.busy
    assert max(data) > 0


@on_311
def test_no_device_and_no_wav(library: Library, tmp_path: Path) -> None:
    output = opened("simpleaudio")
    (tmp_path / "x.wav").write_bytes(b"RIFF")
    with pytest.raises(ClipError, match=r"x\.wav cannot be played"):
        output.play(Play(1, tmp_path / "x.wav", 1.0, "voice"))
    library.broken = True
    with pytest.raises(OutputError, match="no sound device") as caught:
        output.play(Play(1, FILE, 1.0, "voice"))
    assert not caught.value.library
    with pytest.raises(OutputError, match="no sound device"):
        opened("simpleaudio")


def test_it_is_not_even_loaded_where_it_would_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 12, 0))
    with pytest.raises(OutputError, match=r"crashes on Python 3\.12") as caught:
        opened("simpleaudio")
    assert caught.value.library
