"""What the screen shows of rest, reset and LOW POWER: counted down, counted on, kept in the barracks."""

from datetime import timedelta

from fake_command import START, FakeCommand
from screen_pilot import FIELD, seen, war_room

from agents.events import AgentCooling, AgentHealth, MissionFinished
from agents.tasks import Agent, Health
from app.commands.narration import narrate
from app.screen.barracks import roster_lines
from app.screen.chronicle import chronicle
from app.screen.log_book import LogBook
from app.screen.missions import unit_line
from app.screen.reduce import apply
from app.screen.state import TaskRow, War

LOW = "LOW POWER: 38 % on the CPU"


def squad(agent: Agent | None = None) -> War:
    war = War()
    war.load([], [agent or Agent(callsign="CodeX-7", tier="local")], [])
    return war


def health(state: Health, note: str = "", **more: object) -> AgentHealth:
    fields = {"at": START, "agent": "CodeX-7", "tier": "local", "health": state, "note": note}
    return AgentHealth.model_validate({**fields, **more})


def rest(war: War, after_s: float) -> str:
    return unit_line(war.units["CodeX-7"], 80, START + timedelta(seconds=after_s)).plain.rstrip()


def roster(war: War) -> str:
    return roster_lines(war, 80)[0].plain.rstrip()


def test_a_rest_is_counted_down_to_nothing() -> None:
    war = squad()
    apply(war, AgentCooling(at=START, agent="CodeX-7", tier="local", seconds=3))
    assert [rest(war, after).rpartition("rests")[2].strip() for after in (0, 1, 3, 5)] == ["3 s", "2 s", "0 s", "0 s"]


def test_a_reset_is_counted_down_and_then_on_until_it_is_done() -> None:
    war = squad()
    apply(war, health(Health.COOLING, "3 s"))
    apply(war, AgentCooling(at=START, agent="CodeX-7", tier="local", seconds=3, reset=True))
    assert rest(war, 1).endswith("full reset  2 s")
    assert rest(war, 15).endswith("full reset  0:12")
    apply(war, health(Health.COOLING, "full reset, waits for Forge-1"))
    assert rest(war, 1).endswith("waits for Forge-1  2 s"), "news of a rest do not begin it anew"
    war.end_rests(START + timedelta(minutes=2))
    assert war.units["CodeX-7"].health == "cooling", "a large model takes its time"
    war.end_rests(START + timedelta(hours=1))
    assert war.units["CodeX-7"].health == "ready", "but nobody is left to say that it is done"
    apply(war, AgentCooling(at=START, agent="CodeX-7", tier="local", seconds=3, reset=True))
    apply(war, health(Health.READY))
    assert (war.units["CodeX-7"].cooling_until, war.units["CodeX-7"].resets) == (None, False)


def test_low_power_stays_in_the_barracks_until_somebody_looked_again() -> None:
    war = squad()
    apply(war, health(Health.WORKING, LOW, low_power=True, task=None))
    apply(war, health(Health.WORKING, "asks qwen"))
    apply(war, health(Health.READY))
    assert roster(war).endswith(LOW)
    apply(war, health(Health.WORKING, "CPU only", low_power=False))
    apply(war, health(Health.READY))
    assert (roster(war).endswith("CPU only"), war.units["CodeX-7"].low_power) == (True, False)
    apply(war, health(Health.WORKING, "", low_power=False))
    assert roster(war).endswith("WORKING")


def test_in_little_room_it_stands_below_the_agent() -> None:
    war = squad(Agent(callsign="CodeX-7", tier="local", low_power=True, power=LOW))
    war.streaks["CodeX-7"] = 4
    first, second = (line.plain for line in roster_lines(war, 33))
    assert first == "● CodeX-7   local  READY       ✔4"
    assert second.strip() == LOW


def test_why_a_tier_is_offline_is_said_once() -> None:
    war = squad()
    war.load([], [Agent(callsign=f"Viper-{n}", tier="haiku") for n in (1, 2, 3)], [])
    war.take_offline({"haiku": "no key: set ANTHROPIC_API_KEY"})
    text = "\n".join(line.plain for line in roster_lines(war, 36))
    assert text.count("OFFLINE") == 3
    assert text.count("no key") == 1


def test_a_streak_is_of_results_that_were_checked() -> None:
    war = squad()
    for outcome, streak in (("proven", 1), ("cancelled", 1), ("verified", 2), ("unverified", 2), ("failed", 0)):
        finished = {"at": START, "task": 9, "outcome": outcome, "reason": "", "steps": 1, "seconds": 1}
        war.put_row(TaskRow(9, "Fix CSV", "running"))
        apply(war, MissionFinished.model_validate({**FIELD, **finished}))
        assert war.streaks.get("CodeX-7", 0) == streak


def test_a_screen_that_opens_later_shows_it_too() -> None:
    assert roster(squad(Agent(callsign="CodeX-7", tier="local", low_power=True, power=LOW))).endswith(LOW)


async def test_it_is_seen_on_the_screen_and_in_the_log() -> None:
    command = FakeCommand()
    command.put("Add a slug helper")
    app = war_room()
    async with app.run_test(size=(160, 48)) as pilot:
        app.engine_ready(command)
        await seen(pilot, "● CodeX-7")
        command.tell(AgentHealth(task=1, health=Health.WORKING, note=LOW, low_power=True, **FIELD))
        await pilot.press("6", "z")
        await seen(pilot, LOW)


def test_stalls_spills_and_failed_resets_are_written_down_and_told() -> None:
    log = LogBook()
    news = [
        health(Health.STUCK, "no progress for 10 min"),
        health(Health.STUCK, "loop ×3: shell_run"),
        health(Health.WORKING, LOW, low_power=True),
        health(Health.WORKING, "CPU only", low_power=False),
        health(Health.WORKING, low_power=False),
        health(Health.READY, "full reset failed: no server"),
        health(Health.READY),
        health(Health.WORKING, "asks qwen"),
    ]
    for event in news:
        chronicle(log, event)
    assert [record.text for record in log] == [
        "no progress for 10 min",
        LOW,
        "CPU only",
        "all of it is on the card",
        "full reset failed: no server",
    ]
    told = [line[0].partition("CodeX-7 ")[2] for event in news if (line := narrate(event))]
    assert told == [
        "■ stuck no progress for 10 min",
        "■ stuck loop ×3: shell_run",
        LOW,
        "CPU only",
        "the model is all on the card",
        "! full reset failed: no server",
    ]
