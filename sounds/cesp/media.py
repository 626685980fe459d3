"""Sound files: what they really are, and how long they take. Nothing is decoded here."""

from __future__ import annotations

import os
import stat
import wave
from contextlib import suppress
from pathlib import Path

FILE_LIMIT = 1_000_000
"""Bytes of one file; the specification's 1 MB, read as the smaller of its two meanings."""
PACK_LIMIT = 50_000_000
"""Bytes of all files of a pack."""
_MAGIC: dict[str, tuple[bytes, ...]] = {
    ".wav": (b"RIFF",),
    ".mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
    ".ogg": (b"OggS",),
}
_COMPRESSED = 16_000
"""Bytes a second of what is not WAV, assumed: 128 kbit/s."""
LONGEST_S = 10.0


def problem_with(path: Path) -> str:
    """What keeps `path` from being played: no regular file, too large, not what its name says. Empty: nothing."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return "it is no regular file."
        if found.st_size > FILE_LIMIT:
            return f"it has {found.st_size:,} bytes; at most {FILE_LIMIT:,} are allowed."
        with path.open("rb") as file:
            head = file.read(12)
    except FileNotFoundError:
        return "the file is not there."
    except OSError as error:
        return f"it cannot be read: {error.strerror}."
    magic = _MAGIC.get(path.suffix.lower())
    if magic is None:
        return "only .wav, .mp3 and .ogg are played."
    if not head.startswith(magic) or (magic == (b"RIFF",) and head[8:12] != b"WAVE"):
        return f"it is no {path.suffix.lower()[1:]} file: its first bytes say otherwise."
    return ""


def seconds_of(path: Path) -> float:
    """How long `path` takes: exact for plain WAV, reckoned from the size for the rest; at most `LONGEST_S`."""
    if path.suffix.lower() == ".wav":
        with suppress(wave.Error, EOFError, OSError, ZeroDivisionError), wave.open(str(path), "rb") as file:
            return min(file.getnframes() / file.getframerate(), LONGEST_S)
    with suppress(OSError):
        return min(os.path.getsize(path) / _COMPRESSED, LONGEST_S)
    return 0.0
