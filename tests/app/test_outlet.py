"""Writing to a terminal that takes nothing for a while, or never again."""

import os
from pathlib import Path
from threading import Event

from app.screen.outlet import Outlet


def test_what_a_stopped_reader_misses_is_dropped_whole_and_said() -> None:
    reader, writer = os.pipe()
    told = Event()
    with open(writer, "w", encoding="utf-8") as file:
        outlet = Outlet(file, told.set, room=1000)
        for number in range(2000):
            outlet.write(f"<{number:04} {'é' * 90}>")
        assert not told.is_set(), "nothing was taken since"
        read = b""
        while "<1999" not in (text := read.decode(errors="ignore")) or text[-1] != ">":
            read += os.read(reader, 65_536)
        assert told.wait(10)
        outlet.close()
    os.close(reader)
    pieces = text.removeprefix("<").removesuffix(">").split("><")
    assert {piece[5:] for piece in pieces} == {"é" * 90}
    numbers = [int(piece[:4]) for piece in pieces]
    assert numbers == sorted(numbers)
    assert len(numbers) < 2000


def test_a_reader_that_is_gone_is_no_error() -> None:
    reader, writer = os.pipe()
    with open(writer, "w", encoding="utf-8") as file:
        outlet = Outlet(file, lambda: None)
        os.close(reader)
        for _ in range(100):
            outlet.write("x" * 5000)
        outlet.close()
        outlet.write("after the end")


def test_what_waits_at_the_end_is_still_written(tmp_path: Path) -> None:
    with (tmp_path / "screen").open("w") as file:
        outlet = Outlet(file, lambda: None)
        outlet.writelines(["give the", " terminal back"])
        outlet.close()
    assert (tmp_path / "screen").read_text() == "give the terminal back"
