"""What a person types to find lines: words, `field:word`, each with `!` before it for lines that do not have it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Term:
    word: str
    field: str = ""
    absent: bool = False

    def fits(self, fields: Mapping[str, str]) -> bool:
        said = fields[self.field] if self.field else "\n".join(fields.values())
        return (self.word in said.lower()) is not self.absent


@dataclass(frozen=True, slots=True)
class Query:
    """All of its terms have to fit; an empty one fits everything."""

    text: str = ""
    terms: tuple[_Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def fits(self, fields: Mapping[str, str]) -> bool:
        """Whether a line with these `fields` is meant."""
        return all(term.fits(fields) for term in self.terms)

    @property
    def words(self) -> tuple[str, ...]:
        """What may be marked in a line that fits, in small letters."""
        return tuple(term.word for term in self.terms if not term.absent and not term.field)


def query(text: str, fields: Collection[str] = ()) -> Query:
    """What `text` asks for. A colon means a field only behind one of `fields`, or a beginning of one."""
    terms: list[_Term] = []
    for typed in text.lower().split():
        absent = typed.startswith("!")
        word = typed.removeprefix("!")
        name, colon, rest = word.partition(":")
        named = [field for field in fields if name and field.startswith(name)] if colon else []
        term = _Term(rest, named[0], absent) if named else _Term(word, "", absent)
        if term.word:
            terms.append(term)
    return Query(text, tuple(terms))
