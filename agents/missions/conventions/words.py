"""Words as they are compared: in lower case, without endings, without those that say nothing about what is asked."""

import re

MOST_WORDS = 4000
_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ENDINGS = (
    ("ations", "at"), ("ation", "at"), ("ators", "at"), ("ator", "at"), ("ating", "at"), ("ated", "at"), ("ates", "at"),
    ("ate", "at"), ("izing", "iz"), ("ized", "iz"), ("izes", "iz"), ("ize", "iz"), ("ies", "y"), ("ied", "y"),
    ("sses", "ss"), ("ments", ""), ("ment", ""), ("ings", ""), ("ing", ""), ("ions", ""), ("ion", ""), ("edly", ""),
    ("ed", ""), ("ers", ""), ("er", ""), ("ors", ""), ("or", ""), ("es", ""), ("ly", ""), ("s", ""), ("e", ""),
)  # fmt: skip
_SHORTEST = 3
"""Letters an ending must leave."""
_STOPS = (
    "a about after again all also an and any are as at be been before being both but by can could did do does doing "
    "done down each else etc even every few for from further get gets had has have having he her here his how i if in "
    "into is it its itself just let like made make makes making may me might more most must my need needs no nor not "
    "now of off on once one only or other our out over own per please same she should so some such than that the their "
    "them then there these they thing things this those through to too under until up us use used user users uses "
    "using very want wants was we were what when where which while who why will with would you your instead via e g "
    "i ie eg s t ll re ve"
)
STOPS = frozenset(_STOPS.split(" "))


def stems(text: str) -> list[str]:
    """The words of `text` that count, each without its ending: "Writing API clients" is writ, api, client."""
    apart = _HUMP.sub(" ", text[: MOST_WORDS * 12])
    words = _WORD.findall(apart.lower())[:MOST_WORDS]
    return [stem(word) for word in words if word not in STOPS and not (len(word) == 1 and word.isascii())]


def stem(word: str) -> str:
    """`word`, in lower case, without its ending, so that "migrations", "migration" and "migrate" are the same."""
    if not word.isascii() or word.isdigit():
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST - len(instead):
            if ending == "s" and word.endswith(("ss", "us", "is")):
                break
            short = word[: -len(ending)] + instead
            doubled = ending in {"ing", "ed", "er", "ers"} and len(short) > _SHORTEST and short[-1] == short[-2]
            return short[:-1] if doubled and short[-1] not in "ls" else short
    return word
