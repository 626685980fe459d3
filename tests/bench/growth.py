"""How the time of whatever reads foreign text grows with its length, on texts that are hard for it: `python -m
tests.bench.growth`. A factor near 2 for twice the length is linear; near 4 is quadratic, and is marked."""

import io
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from agents.events import decode
from agents.missions.answer import read_object
from agents.missions.failure import failure_digest, trim_output
from agents.missions.reply import read_reply
from agents.models.chat import ToolSpec
from agents.models.tool_calls import read_tool_calls
from agents.redact import redact
from agents.redactor import RedactedStream, Redactor
from agents.routing.reading import read
from agents.sanitize import one_line, sanitize
from agents.secret_files import secrets_of_env
from app.commands.batch_file import entries
from app.screen.patch import patch
from app.screen.replay_file import read_recording

TOOL = ToolSpec(name="file_write", description="", parameters={"type": "object", "properties": {"path": {}}})
PIECES = [
    "a", " ", "\n", "{", "[", '"', "\\", "`", "```\n", "<", "-", "=", "x=", "://", "@", "a:b@", "\x1b[", "\x1b]",
    "\r", "passwd", "key=", "key: ", "token ", "Bearer ", "eyJa.", "sk-", "A=", "-----BEGIN PRIVATE KEY-----\n",
    "A" * 64 + "\n", "-----END PRIVATE KEY-----\n", '{"name":', '{"a":"', "<tool_call>", "file_write(",
    "diff --git a/a b/b\n", "@@ -1 +1 @@\n", "+x\n", "--- a/x\n", "[[task]]\n", "a.b.", "'", "((", "..\n", "\u0130",
    "# a\n", "1. a\n", "é", "=>\\n", "path.py\n",
]  # fmt: skip


def _stream(text: str) -> None:
    stream = RedactedStream(Redactor(["Zx81qwePOI99abcdK2", "correct-Horse7battery-staple-and-more"]))
    for at in range(0, len(text), 4096):
        stream.feed(text[at : at + 4096])
    stream.flush()


READERS: dict[str, Callable[[str], object]] = {
    "sanitize": sanitize,
    "one_line": one_line,
    "redact": redact,
    "stream": _stream,
    "env file": secrets_of_env,
    "tool calls": lambda text: read_tool_calls(text, [TOOL]),
    "reply": lambda text: read_reply(text, existing=["path.py"], named=["path.py"]),
    "answer": lambda text: read_object(text, ("a",)),
    "event": decode,
    "batch toml": lambda text: entries(text.encode(errors="replace"), "x.toml"),
    "batch jsonl": lambda text: entries(text.encode(errors="replace"), "x.jsonl"),
    "recording": lambda text: read_recording(io.BytesIO(text.encode(errors="replace")), "x"),
    "patch": patch,
    "task text": read,
    "trim": lambda text: trim_output(text, 3000),
    "digest": lambda text: failure_digest("make", text, 1, 3000),
}


def seconds(reader: Callable[[str], object], text: str) -> float:
    """Of one reading, whatever it raises that has a name of ours."""
    started = time.process_time()
    with suppress(Exception):
        reader(text)
    return time.process_time() - started


def worst(reader: Callable[[str], object], pieces: Iterable[str]) -> tuple[float, float, str]:
    """Seconds for 64,000 characters, the factor from half of them, and the piece that is worst."""
    found = (0.0, 0.0, "")
    for piece in pieces:
        texts = [(piece * (size // len(piece) + 1))[:size] for size in (16_000, 32_000, 64_000)]
        if (small := seconds(reader, texts[0])) > 2:
            found = max(found, (small * 16, 4.0, piece))
            continue
        half, whole = seconds(reader, texts[1]), seconds(reader, texts[2])
        found = max(found, (whole, whole / half if half > 0.001 else 0.0, piece))
    return found


def main() -> None:
    """Print a line for each reader."""
    pieces = [*PIECES, *(a + b for a, b in zip(PIECES, PIECES[7:], strict=False))]
    for name, reader in READERS.items():
        took, factor, piece = worst(reader, pieces)
        mark = "  <-- grows faster than its length" if took > 0.2 and factor > 3 else ""
        print(
            f"{name:12} {took:8.3f} s for 64,000 characters, x{factor:.1f} for twice  {piece[:30]!r}{mark}", flush=True
        )


if __name__ == "__main__":
    assert Path("agents").is_dir()
    main()
