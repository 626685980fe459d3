"""Integrated loudness of a mono clip, by ITU-R BS.1770-4: K-weighting, blocks of 400 ms, both gates."""

from __future__ import annotations

import math
from collections.abc import Sequence

_HIGH_SHELF = (1_681.974450955533, 3.999843853973347, 0.7071752369554196)
_HIGH_PASS = (38.13547087602444, 0.5003270373238773)
"""Frequencies, gain and quality of the two filters whose coefficients the standard gives for 48 kHz."""


def loudness(samples: Sequence[float], rate: int) -> float:
    """LUFS of `samples`, which lie between -1 and 1; a clip shorter than a block is one block."""
    step = min(max(1, rate // 10), len(samples))
    tenths = _energies(samples, _shelf(rate), _pass(rate), step)
    blocks = max(1, len(tenths) - 3)
    powers = [sum(tenths[start : start + 4]) / (step * min(4, len(tenths))) for start in range(blocks)]
    heard = [power for power in powers if _lufs(power) > -70]
    floor = _lufs(sum(heard) / len(heard)) - 10
    gated = [power for power in heard if _lufs(power) > floor]
    return _lufs(sum(gated) / len(gated))


def _lufs(power: float) -> float:
    return -0.691 + 10 * math.log10(power) if power > 0 else -math.inf


def _shelf(rate: int) -> tuple[float, ...]:
    frequency, gain, quality = _HIGH_SHELF
    k, high = math.tan(math.pi * frequency / rate), 10 ** (gain / 20)
    band = high**0.4996667741545416
    base = 1 + k / quality + k * k
    return (
        (high + band * k / quality + k * k) / base,
        2 * (k * k - high) / base,
        (high - band * k / quality + k * k) / base,
        2 * (k * k - 1) / base,
        (1 - k / quality + k * k) / base,
    )


def _pass(rate: int) -> tuple[float, ...]:
    frequency, quality = _HIGH_PASS
    k = math.tan(math.pi * frequency / rate)
    base = 1 + k / quality + k * k
    return (1.0, -2.0, 1.0, 2 * (k * k - 1) / base, (1 - k / quality + k * k) / base)


def _energies(samples: Sequence[float], shelf: tuple[float, ...], high: tuple[float, ...], step: int) -> list[float]:
    """The energy of each whole tenth of a second, after both filters. In one loop: there are a million samples."""
    b0, b1, b2, a1, a2 = shelf
    _, _, _, c1, c2 = high
    x1 = x2 = y1 = y2 = z1 = z2 = 0.0
    found = []
    for start in range(0, len(samples) - step + 1, step):
        energy = 0.0
        for x in samples[start : start + step]:
            y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            z = y - 2 * y1 + y2 - c1 * z1 - c2 * z2
            x2, x1, y2, y1, z2, z1 = x1, x, y1, y, z1, z
            energy += z * z
        found.append(energy)
    return found
