"""A text with its secrets covered, and the way back from what is shown to what is there."""

from collections.abc import Iterable, Iterator

from agents.secret_formats import Span
from agents.secret_values import MARK


class Redaction:
    """`shown` is `text` with MARK in place of each of `spans`, which are in order and do not overlap."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.shown = text
        self.spans: tuple[Span, ...] = ()

    def cover(self, found: Iterable[Span]) -> None:
        """Cover the spans `found` in what is shown now. What overlaps becomes one; a mark is covered whole or not."""
        new = _joined(found)
        if new:
            self.spans = _joined([*self.spans, *self.true_spans(new)])
            self.shown = "".join(self.pieces(MARK))

    def pieces(self, mark: str | None = None) -> Iterator[str]:
        """What is no secret and what is one, in turn; what is none comes first and last. `mark`: instead of secrets."""
        at = 0
        for start, end in self.spans:
            yield self.text[at:start]
            yield self.text[start:end] if mark is None else mark
            at = end
        yield self.text[at:]

    def true_span(self, start: int, end: int) -> Span:
        """Where in the text lies what is shown from `start` to `end`; a mark that is cut apart counts whole."""
        return self.true_spans([(start, end)])[0]

    def true_spans(self, shown: Iterable[Span]) -> list[Span]:
        """The same for many, which are in order and do not overlap."""
        known = iter((*self.spans, None))
        mark, shift, true = next(known), 0, list[Span]()

        def place(at: int, *, ending: bool) -> int:
            nonlocal mark, shift
            while mark is not None and at > mark[0] - shift:
                if at < mark[0] - shift + len(MARK):
                    return mark[1] if ending else mark[0]
                shift += mark[1] - mark[0] - len(MARK)
                mark = next(known)
            return at + shift

        for start, end in shown:
            begin = place(start, ending=False)
            true.append((begin, place(end, ending=True)))
        return true


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """In order, overlapping ones made one, empty ones left out."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif end > start:
            joined.append((start, end))
    return tuple(joined)
