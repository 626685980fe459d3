"""The terminal's bell and its notifications: what is left where no sound can be played, and over SSH."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sounds.calls import Call
from sounds.signals import Fallback

_TITLE = "War Room"
_LONGEST = 160
_BELL = "\a"


def notification(text: str, environ: Mapping[str, str]) -> str:
    """The escape sequence by which the terminal of `environ` notifies: OSC 99 for kitty, 777 for those of rxvt's kind,
    9 for the rest; passed through where tmux stands in between."""
    said = _plain(text)
    terminal = environ.get("TERM", "") + environ.get("TERM_PROGRAM", "").lower()
    if "KITTY_WINDOW_ID" in environ or "kitty" in terminal:
        sequence = f"\x1b]99;i=warroom:d=0;{_TITLE}\x1b\\\x1b]99;i=warroom:p=body;{said}\x1b\\"
    elif any(name in terminal for name in ("rxvt", "foot", "ghostty", "wezterm")):
        sequence = f"\x1b]777;notify;{_TITLE};{said}\x1b\\"
    else:
        sequence = f"\x1b]9;{_TITLE}: {said}\x1b\\"
    if environ.get("TMUX"):
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}\x1b\\"
    return sequence


def _plain(text: str) -> str:
    """`text` without anything that would end or begin a sequence."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line[:_LONGEST].replace(";", ",")


class TerminalSink:
    """Rings, and notifies of what needs the person while they look elsewhere."""

    def __init__(
        self,
        write: Callable[[str], None],
        environ: Mapping[str, str],
        *,
        remote: bool,
        attended: Callable[[], bool],
    ) -> None:
        """`write` puts a sequence on the terminal. `attended`: the person looks at it. `remote`: over SSH, where only
        what needs the person is worth a bell, and only when they look elsewhere."""
        self.name = "bell only (SSH)" if remote else "bell only"
        self._write = write
        self._environ = environ
        self._remote = remote
        self._attended = attended

    def play(self, call: Call) -> None:
        """Ring and notify, as the call's signal says."""
        fallback, attended = call.signal.fallback, self._attended()
        if self._remote and (attended or not call.needs_person):
            return
        notify = fallback is Fallback.NOTIFY or call.needs_person
        if not notify and fallback is Fallback.SILENT:
            return
        self._write(_BELL + (notification(call.caption, self._environ) if notify and not attended else ""))

    def hush(self) -> None:
        """A bell has rung when it has rung."""

    def volume(self, value: float) -> None:
        """The terminal has its own."""

    async def close(self) -> None:
        """Nothing is held."""
