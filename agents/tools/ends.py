"""The head and the tail of a long text that comes in pieces, cut nowhere inside a secret."""

from collections import deque

from agents.redaction import Redaction
from agents.secret_formats import Span


class Ends:
    """A third of `cap` characters from the beginning, the rest from the end; all of it where it is not longer."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._head, self._tail, self._length = "", "", 0
        self._open = True
        """The head still takes more."""
        self._secrets: deque[Span] = deque()
        """Of the tail, counted from the beginning of all."""

    @property
    def within_line(self) -> bool:
        """The last line has not ended."""
        return bool(self._length) and not (self._head + self._tail).endswith("\n")

    def add(self, came: Redaction) -> None:
        """More text, and what of it is secret."""
        cut = self._into_head(came)
        self._secrets.extend((self._length + start, self._length + end) for start, end in came.spans if end > cut)
        self._length += len(came.text)
        self._tail = (self._tail + came.text[cut:])[-self._cap :]
        while self._secrets and self._secrets[0][1] <= self._length - self._cap:
            self._secrets.popleft()

    def text(self) -> tuple[str, bool]:
        """What came, within the cap, and whether something was left out."""
        if self._length <= self._cap:
            return self._head + self._tail, False
        note = f"\n[… {self._length - self._cap:,} characters left out here …]\n"
        start = self._length - max(0, self._cap - len(self._head) - len(note))
        start = next((end for begin, end in self._secrets if begin < start < end), start)
        return f"{self._head}{note}{self._tail[len(self._tail) - (self._length - start) :]}", True

    def _into_head(self, came: Redaction) -> int:
        """Fill the head; how many characters of `came` it took. A secret goes into it whole or not at all."""
        if not self._open:
            return 0
        cut = self._cap // 3 - len(self._head)
        self._open = len(came.text) <= cut
        cut = len(came.text) if self._open else next((start for start, end in came.spans if start < cut < end), cut)
        self._head += came.text[:cut]
        return cut
