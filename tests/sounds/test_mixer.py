"""Mixing: levels, delays, fades, and who has ended."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from sounds.worker.mixer import FADE, RATE, Mixer

samples = st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=60).map(lambda values: array("h", values))


def test_one_clip_is_played_as_it_is_and_ends() -> None:
    mixer = Mixer()
    mixer.add(1, "voice", array("h", [100, -200, 300]), gain=1.0)
    assert list(mixer.render(2)) == [100, -200]
    assert mixer.ended() == []
    assert list(mixer.render(2)) == [300, 0]
    assert mixer.ended() == [1]
    assert mixer.ended() == []
    assert not mixer.playing


def test_gain_volume_and_the_sum_are_clipped() -> None:
    mixer = Mixer()
    mixer.volume = 0.5
    mixer.add(1, "voice", array("h", [1000] * 4), gain=0.5)
    assert list(mixer.render(1)) == [250]
    mixer.volume = 1.0
    mixer.add(2, "ui", array("h", [32_767, -32_768, 5]), gain=1.0)
    assert list(mixer.render(3)) == [32_767, -32_268, 505]


def test_a_delay_is_silence_and_what_waits_is_dropped_by_a_cut() -> None:
    mixer = Mixer()
    mixer.add(1, "voice", array("h", [7] * 3), gain=1.0, delay_s=2 / RATE)
    assert list(mixer.render(4)) == [0, 0, 7, 7]
    mixer.add(2, "voice", array("h", [9]), gain=1.0, delay_s=1.0)
    mixer.cut("ui")
    assert mixer.ended() == []
    mixer.cut("voice")
    assert mixer.ended() == [2]


def test_what_is_cut_fades_within_20_ms_without_a_click() -> None:
    mixer = Mixer()
    mixer.add(1, "voice", array("h", [10_000] * RATE), gain=1.0)
    mixer.render(100)
    mixer.cut("voice")
    faded = [*mixer.render(FADE // 2), *mixer.render(FADE)]
    assert faded[0] == 10_000
    assert all(0 <= before - after <= 10_000 / FADE + 1 for before, after in zip(faded, faded[1:], strict=False))
    assert faded[FADE - 1] <= 10_000 / FADE
    assert set(faded[FADE:]) == {0}
    assert mixer.ended() == [1]


@given(st.lists(st.tuples(samples, st.floats(0, 1), st.integers(0, 20)), max_size=5), st.integers(1, 50))
def test_every_buffer_is_full_and_every_clip_ends_once(clips: list[tuple[array[int], float, int]], size: int) -> None:
    mixer = Mixer()
    for number, (clip, gain, delay) in enumerate(clips):
        mixer.add(number, "voice", clip, gain=gain, delay_s=delay / RATE)
    ended: list[int] = []
    for _ in range(200):
        assert len(mixer.render(size)) == size
        ended += mixer.ended()
    assert sorted(ended) == list(range(len(clips)))
