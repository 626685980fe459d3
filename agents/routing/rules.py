"""The rules after Campbell (1988, "Task complexity: a review and analysis"): how much is to be made (component), what
depends on what (coordinative), what is not known yet (dynamic). Each part is points on the scale 1–10; their sum is the
raw score. They describe the work as a person would; they do not predict who will fail at it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from agents.routing.kinds import OPEN_QUESTIONS, is_report, kind_of, mends, units_of
from agents.routing.lexicon import lexicon
from agents.routing.reading import Reading
from agents.routing.surroundings import Surroundings
from agents.tasks import TaskKind

LEAST, MOST = 1.0, 10.0
ONE_FUNCTION = 2.0
"""Points of a plain function, from which everything else is counted."""
_MOST_COORDINATIVE, _MOST_DYNAMIC, _MOST_UNKNOWN = 6.0, 5.0, 4.5
"""However much is told of it: a failure nobody understands (unknown) is still one failure, and no new system."""
_REPORT = 2.4
"""Points of an unknown cause or a symptom, where it is told in words the lexicon does not have."""
_FURTHER = (1.0, 0.3, 0.15, 0.1)
"""Shares of a group's weight that its first, second … word adds."""
_SHARES = (1.0, 0.6, 0.4, 0.3, 0.2, 0.2)
"""Of the points of a part's groups, the heaviest first."""
_FILES = (1.0, 0.8, 0.6)
"""Of the second, third, fourth file that is named."""
_SHARE = {TaskKind.DOCS: 0.25, TaskKind.TESTS: 0.4}
"""Of what a text or a test is about, that much is its own difficulty."""
_SHARE_OF_FUNCTION = 0.4
"""Likewise for one function with a clear task, whatever it handles."""
_SHARE_OF_OLD = 0.3
"""Of a class or a structure that is there already and is changed, or that is only where a failure shows."""
_LONG, _VERY_LONG = 400, 1500
"""Lines of the named files from which finding the place is work of its own."""


@dataclass(frozen=True)
class Parts:
    """The three parts in points, with the evidence in words."""

    component: float
    coordinative: float
    dynamic: float
    kind: TaskKind
    evidence: tuple[str, ...]

    @property
    def score(self) -> float:
        """The raw score, 1 to 10."""
        return round(max(LEAST, min(MOST, self.component + self.coordinative + self.dynamic)), 2)


def apply_rules(reading: Reading, around: Surroundings) -> Parts:
    """The three parts of what was read."""
    if small := _trivial(reading):
        kind = kind_of(reading, around, trivial=True)
        more = 0.1 * min(3, max(0, len(reading.files) - 1))
        return Parts(LEAST + more, 0.0, 0.0, kind, (small,))
    kind = kind_of(reading, around, trivial=False)
    component, of_component = _component(reading, around, kind)
    coordinative, of_coordinative = _coordinative(reading)
    dynamic, of_dynamic = _dynamic(reading, around)
    share = _share(reading, kind)
    return Parts(
        component=round(component, 2),
        coordinative=round(coordinative * share, 2),
        dynamic=round(dynamic * share, 2),
        kind=kind,
        evidence=(*of_component, *of_coordinative, *of_dynamic),
    )


def _trivial(reading: Reading) -> str:
    """What shows that it is about a word or a line, whatever that line is about; empty when it is not."""
    found = reading.found
    made = found.keys() & {"unit", "structure", "whole"}
    creates = "create" in found and not mends(reading)
    if len(reading.words) > 120 or (creates and (made or reading.functions)):
        return ""
    if (slip := found.get("slip")) and not creates:
        return _evidence("slip", slip)
    if reading.replaced and not found.keys() & {"cause", "unsteady", "hazard", "symptom", "everywhere"}:
        return "a text is put in the place of another"
    if (
        (small := found.get("small"))
        and not made
        and _points(reading, "coordinative") + _points(reading, "dynamic") <= 1.2
    ):
        return _evidence("small", small)
    return ""


def _component(reading: Reading, around: Surroundings, kind: TaskKind) -> tuple[float, list[str]]:
    found = reading.found
    groups = ("unit", "structure", "feature", "whole", "guide")
    made = _together(_group_points(name, found[name]) for name in groups if name in found)
    told = "create" not in found and found.keys() & OPEN_QUESTIONS
    if kind is TaskKind.EDIT or told or (kind is TaskKind.DOCS and "guide" not in found) or _only_changes(found):
        made *= _SHARE_OF_OLD
    evidence = [_evidence(name, found[name]) for name in groups if name in found]
    if reading.functions > 1:
        evidence.append(f"names {reading.functions} functions")
    if reading.steps > 2:
        evidence.append(f"lists {reading.steps} things")
    # What it lists are often the functions it names: counted once.
    counted = max(0.35 * min(5, max(0, reading.functions - 1)), 0.18 * min(8, max(0, reading.steps - 1)))
    length = min(1.5, len(reading.words) / 200)
    new = "function" in found or ("create" in found and "unit" in found)
    if around.language != "other" and not (reading.files or reading.functions or new):
        evidence.append("does not say where")
        counted += 0.5
    return ONE_FUNCTION + made + counted + length + _size(reading, around, evidence), evidence


def _only_changes(found: Mapping[str, tuple[str, ...]]) -> bool:
    return "change" in found and "create" not in found


def _size(reading: Reading, around: Surroundings, evidence: list[str]) -> float:
    paths = [path for name in reading.files if (path := around.resolve(name))]
    lines = sum(around.lines.get(path, 0) for path in paths)
    if lines:
        evidence.append(f"{', '.join(paths[:3])}: {lines} lines")
    return 0.8 if lines > _VERY_LONG else 0.4 if lines > _LONG else 0.0


def _coordinative(reading: Reading) -> tuple[float, list[str]]:
    points, evidence = _points(reading, "coordinative"), _found(reading, "coordinative")
    count = units_of(reading.files)
    if count > 1:
        evidence.insert(0, f"names {count} files")
        points += sum(_FILES[: count - 1])
    return min(_MOST_COORDINATIVE, points), evidence


def _dynamic(reading: Reading, around: Surroundings) -> tuple[float, list[str]]:
    clear = not reading.found.keys() & {"cause", "unsteady", "hazard"}
    if clear and "create" in reading.found and not mends(reading):
        # "An operation that fails leaves the balance as it was" is a specification, not a report.
        reading = replace(reading, found={name: words for name, words in reading.found.items() if name != "symptom"})
    points, evidence = _points(reading, "dynamic"), _found(reading, "dynamic")
    if clear and "symptom" in reading.found and (reading.files or reading.functions):
        points -= _group_points("symptom", reading.found["symptom"]) / 2  # its place is told too
    if report := clear and is_report(reading, around):
        evidence.append("tells what happens, not what to do")
        points = max(points, _REPORT)
    if reading.stack_trace:
        evidence.append("a failure with its stack trace")
        points += 0.8
    elif (report or reading.found.keys() & {"symptom", "unsteady", "speed", "hazard"}) and not reading.files:
        evidence.append("names no place")
        points += 0.8
    return min(_MOST_DYNAMIC if "redesign" in reading.found else _MOST_UNKNOWN, points), evidence


def _share(reading: Reading, kind: TaskKind) -> float:
    found = reading.found
    if kind in _SHARE:
        return _SHARE[kind]
    wide = found.keys() & {"unit", "structure", "whole", "cause", "unsteady", "hazard", "everywhere"}
    return _SHARE_OF_FUNCTION if "function" in found and "create" in found and not wide else 1.0


def _points(reading: Reading, part: str) -> float:
    groups = lexicon().groups
    points = (_group_points(name, words) for name, words in reading.found.items() if groups[name].part == part)
    return _together(points)


def _together(points: Iterable[float]) -> float:
    """Groups of one part added up, the heaviest whole, the others less and less: they tell partly the same."""
    return sum(point * share for point, share in zip(sorted(points, reverse=True), _SHARES, strict=False))


def _group_points(name: str, words: tuple[str, ...]) -> float:
    return lexicon().groups[name].weight * sum(share for share, _ in zip(_FURTHER, words, strict=False))


def _found(reading: Reading, part: str) -> list[str]:
    return [_evidence(name, words) for name, words in reading.found.items() if lexicon().groups[name].part == part]


def _evidence(name: str, words: tuple[str, ...]) -> str:
    return f"{lexicon().groups[name].says}: {', '.join(words[:4])}"
