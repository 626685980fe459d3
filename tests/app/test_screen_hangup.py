"""The terminal goes away: the screen ends in order, and what the engine has under way goes on without it."""

import os
import signal
import termios
from collections.abc import Callable
from pathlib import Path

import pytest
from pty_terminal import Terminal, terminal

pytestmark = pytest.mark.timeout(180)
HEADLESS = "headless on /dev/null"


def log_of(notes: Path) -> list[str]:
    return (notes.parent / "headless.log").read_text().splitlines()


def hang_up(one: Terminal) -> None:
    one.hang_up()


def two_signals(one: Terminal) -> None:
    for _ in range(2):
        one.child.send_signal(signal.SIGHUP)


@pytest.mark.parametrize("lose", [hang_up, two_signals])
def test_what_is_under_way_goes_on_without_a_screen(lose: Callable[[Terminal], None], tmp_path: Path) -> None:
    with terminal(tmp_path / "notes", mode="squad") as one:
        one.read_until(b"slug helper")
        lose(one)
        one.told_until(HEADLESS)
        for _ in range(3):
            one.child.send_signal(signal.SIGHUP)
        assert one.told() == ["opened", HEADLESS]
        one.release()
        assert (one.ended() if one.master < 0 else one.read_to_end()) == 130
        assert one.told() == ["opened", HEADLESS, "closed", "code 130"]
        begun, ended = log_of(one.notes)
        assert "lost its terminal and works on without a screen: T1" in begun
        assert f"process {one.child.pid} " in ended
        assert ended.endswith("ends: T1 running")


def test_a_signal_that_says_hang_up_gives_a_living_terminal_back(tmp_path: Path) -> None:
    with terminal(tmp_path / "notes", mode="squad") as one:
        one.read_until(b"slug helper")
        one.child.send_signal(signal.SIGHUP)
        one.told_until(HEADLESS)
        one.read_until(b"the squad works on")
        assert one.output.rindex(b"\x1b[?1049l") < one.output.index(b"the squad works on")
        assert one.output.rindex(b"\x1b[?25h") > one.output.index(b"slug helper")
        one.release()
        one.read_to_end()
        assert b"nobody reads this" not in one.output
        assert b"nor this" not in one.output


def test_a_terminal_that_goes_without_a_signal_is_a_hang_up(tmp_path: Path) -> None:
    with terminal(tmp_path / "notes", mode="squad", leads=False) as one:
        one.read_until(b"slug helper")
        one.hang_up()
        one.told_until(HEADLESS)
        one.release()
        assert one.ended() == 130
        assert one.told()[-2:] == ["closed", "code 130"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_headless_squad_stops_in_order_when_it_is_told_to(number: signal.Signals, tmp_path: Path) -> None:
    with terminal(tmp_path / "notes", mode="squad") as one:
        one.read_until(b"slug helper")
        one.hang_up()
        one.told_until(HEADLESS)
        one.child.send_signal(number)
        assert one.ended() == 130
        assert one.told() == ["opened", HEADLESS, "closed", "code 130"]
        assert log_of(one.notes)[-1].endswith("was told to stop while T1 was under way")


def test_a_signal_to_stop_is_heeded_though_the_terminal_goes_right_after(tmp_path: Path) -> None:
    with terminal(tmp_path / "notes", mode="squad") as one:
        one.read_until(b"slug helper")
        one.child.send_signal(signal.SIGTERM)
        one.child.send_signal(signal.SIGHUP)
        one.hang_up()
        assert one.ended() == 130
        assert one.told()[-2:] == ["closed", "code 130"]


def test_who_has_left_does_not_work_on_when_the_terminal_goes(tmp_path: Path) -> None:
    with terminal(tmp_path / "notes", mode="squad") as one:
        one.read_until(b"slug helper")
        os.write(one.master, b"q")
        one.read_until(b"Leave the War Room?")
        os.write(one.master, b"y")
        one.read_until(b"\x1b[?1049l")
        one.hang_up()
        one.ended()
        assert HEADLESS not in one.told()
        assert "closed" in one.told()


@pytest.mark.parametrize(("key", "seen"), [(b"n", b"Title"), (b"?", b"Command center"), (b"q", b"Leave the War Room?")])
def test_a_hang_up_with_a_dialog_open(key: bytes, seen: bytes, tmp_path: Path) -> None:
    with terminal(tmp_path / "notes", mode="squad") as one:
        one.read_until(b"slug helper")
        os.write(one.master, key)
        one.read_until(seen)
        one.hang_up()
        one.told_until(HEADLESS)
        one.release()
        assert one.ended() == 130


def test_a_hang_up_while_the_engine_opens_ends_it(tmp_path: Path) -> None:
    with terminal(tmp_path / "notes", mode="slow") as one:
        one.read_until(b"Opening the war room")
        one.told_until("opening")
        one.hang_up()
        assert one.ended() == 130
        assert one.told() == ["opening", "code 130"]


def test_a_hang_up_before_there_is_a_screen(tmp_path: Path) -> None:
    with terminal(tmp_path / "notes", mode="early") as one:
        assert one.read_to_end() == 130
        assert one.told() == ["code 130"]
        assert b"Traceback" not in one.output


def test_the_simulation_ends_with_its_terminal(tmp_path: Path) -> None:
    with terminal(tmp_path / "notes") as one:
        one.read_until(b"slug helper")
        one.hang_up()
        assert one.ended() == 130
        assert one.told() == ["opened", "closed", "code 130"]


def test_a_terminal_that_takes_nothing_stops_nobody(tmp_path: Path) -> None:
    """A connection that is lost but not closed yet: what it missed is drawn again when it comes back."""
    with terminal(tmp_path / "notes", mode="busy") as one:
        one.read_until(b"slug helper")
        termios.tcsetwinsize(one.master, (50, 200))
        one.told_until("told 700")
        one.output = b""
        one.read_until(b"no 699")
        one.read_until(b"slug helper")
        os.write(one.master, b"?")
        one.read_until(b"Command center")


def test_a_terminal_that_takes_nothing_can_be_left(tmp_path: Path) -> None:
    with terminal(tmp_path / "notes", mode="busy") as one:
        one.read_until(b"slug helper")
        one.told_until("told 700")
        one.child.send_signal(signal.SIGTERM)
        assert one.ended() == 130
        assert one.told()[-2:] == ["closed", "code 130"]


def test_a_person_may_leave_and_let_the_squad_work_on(tmp_path: Path) -> None:
    with terminal(tmp_path / "notes", mode="squad") as one:
        one.read_until(b"slug helper")
        os.write(one.master, b"q")
        one.read_until(b"keep running")
        os.write(one.master, b"k")
        one.read_until(b"The squad works on here. ctrl+c stops it")
        assert one.child.poll() is None
        one.child.send_signal(signal.SIGUSR1)
        assert one.read_to_end() == 0
        assert one.told()[-2:] == ["closed", "code 0"]


def test_a_squad_left_at_work_stops_in_order(tmp_path: Path) -> None:
    with terminal(tmp_path / "notes", mode="squad") as one:
        one.read_until(b"slug helper")
        os.write(one.master, b"q")
        one.read_until(b"keep running")
        os.write(one.master, b"k")
        one.read_until(b"The squad works on here.")
        os.write(one.master, b"\x03")
        assert one.read_to_end() == 130
        assert one.told()[-2:] == ["closed", "code 130"]
