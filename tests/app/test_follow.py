"""A War Room lags less than half a second behind another one that tells 200 events a second."""

import statistics
from pathlib import Path

from tests.bench.follow import lags


async def test_a_follower_is_less_than_half_a_second_behind(tmp_path: Path) -> None:
    told, drawn, rate = await lags(tmp_path, 600)
    assert len(told) == 600, "every event, once"
    for found in (told, drawn):
        late = statistics.quantiles(found, n=100)[94]
        print(f"{statistics.median(found):.3f} s median, {late:.3f} s p95, {max(found):.3f} s worst, {rate:.0f}/s")
        assert late < 0.5
