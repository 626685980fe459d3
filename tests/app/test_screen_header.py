"""The header: at every width it fits, and what needs the person is on it."""

from datetime import timedelta

from fake_command import START, Ledger
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.events import ModelFailed, ModelUsage
from agents.settings import Endpoint, Settings, TierSettings, default_tiers
from agents.tasks import Usage
from app.screen.header import header_line
from app.screen.lights import OFF, ON, PARTLY, RETRYING, light, providers
from app.screen.reduce import apply
from app.screen.state import TaskRow, War


def shop(waiting: int = 2) -> War:
    war = War()
    war.load([], [], [])
    war.repository, war.branch, war.host, war.sound = "shop", "feature/orders", "bastion", "vesper 70%"
    war.providers = {"OLLAMA": ("local",), "CLAUDE": ("haiku", "sonnet")}
    war.burn.read(Ledger())
    for number in range(waiting):
        war.put_row(TaskRow(number, "Fix CSV", "review"))
    return war


def test_with_room_everything_is_there() -> None:
    line = header_line(shop(), 160).plain
    for shown in ("WAR ROOM  shop ⎇ feature/orders @bastion", "OLLAMA ● CLAUDE ●", "vesper 70%", "$0.42 / $5.00 ▰▱▱▱"):
        assert shown in line
    assert line.endswith("◆ 2 NEED YOU")
    assert "NEED" not in header_line(shop(0), 160).plain
    assert header_line(shop(1), 80).plain.endswith("◆ 1 NEEDS YOU")


@settings(max_examples=80, deadline=None)
@given(width=st.integers(1, 200), name=st.text(max_size=60), waiting=st.integers(0, 3), ascii_only=st.booleans())
def test_it_fits_every_width(width: int, name: str, waiting: int, ascii_only: bool) -> None:
    war = shop(waiting)
    war.repository = war.branch = "".join(letter for letter in name if letter.isprintable())
    war.open_field = waiting == 3
    line = header_line(war, width, ascii_only=ascii_only)
    assert line.cell_length == width
    if waiting and width >= 40:
        assert line.plain.endswith("YOU")
    if width >= 60:
        assert "$0.42" in line.plain
        assert ("OPEN FIELD" in line.plain) is war.open_field


def test_the_halt_is_a_word_at_every_width() -> None:
    war = shop()
    war.burn.read(Ledger(spent_nano=5_000_000_000))
    assert all("HALTED" in header_line(war, width).plain for width in range(60, 200))
    war.burn.read(Ledger(spent_nano=4_100_000_000))
    assert any(span.style == "$warn" for span in header_line(war, 120).spans)


def test_radio_silence_is_said_at_every_width() -> None:
    war = shop()
    war.silent = True
    assert "WAR ROOM  RADIO SILENCE  shop" in header_line(war, 160).plain
    assert all("SILEN" in header_line(war, width).plain for width in range(60, 200))


def test_a_light_is_a_providers_tiers() -> None:
    own = TierSettings(provider="anthropic", model="m", endpoints=(Endpoint(url="http://localhost:8000"),))
    assert providers(Settings(tiers={**default_tiers(), "mine": own})) == {
        "OLLAMA": ("local",),
        "CLAUDE": ("haiku", "sonnet", "opus"),
        "MINE": ("mine",),
    }
    war = shop()
    assert light(war, ("haiku", "sonnet")) is ON
    war.offline = {"haiku": "no key"}
    assert light(war, ("haiku", "sonnet")) is PARTLY
    war.offline = {"haiku": "no key", "sonnet": "no key"}
    assert light(war, ("haiku", "sonnet")) is OFF
    assert "CLAUDE ○ OFF" in header_line(war, 120).plain
    assert "CLAUDE ○ OFF" in header_line(war, 90).plain, "what is off is said longer than what is on"


def test_a_light_says_that_a_call_is_made_again() -> None:
    war = shop()
    war.put_row(TaskRow(1, "Fix CSV", "running"))
    where = {"task": 1, "mission": 1, "agent": "CodeX-7", "tier": "local", "model": "qwen"}
    apply(war, ModelFailed(at=START, error="busy", message="queue full", retry_in_s=4, **where))
    assert war.failing == {"local": START + timedelta(seconds=4)}
    assert light(war, ("local",)) is RETRYING
    apply(war, ModelUsage(at=START, call=1, usage=Usage(input=1), cost_nano=0, seconds=1, **where))
    assert light(war, ("local",)) is ON
