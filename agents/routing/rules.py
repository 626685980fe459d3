"""The rules after Campbell (1988, "Task complexity: a review and analysis"): how much is to be made (component), what
depends on what (coordinative), what is not known yet (dynamic). Each part is points on the scale 1–10; their sum is the
raw score. They describe the work as a person would; they do not predict who will fail at it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from agents.routing.kinds import OPEN_QUESTIONS, is_report, kind_of, mends, units_of
from agents.routing.lexicon import lexicon
from agents.routing.points import evidence_of, in_words, points_of, points_of_group, together
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
_FILES = (1.0, 0.8, 0.6)
"""Of the second, third, fourth file that is named."""
_SHARE = {TaskKind.DOCS: 0.25, TaskKind.TESTS: 0.4}
"""Of what a text or a test is about, that much is its own difficulty."""
_SHARE_OF_FUNCTION = 0.4
"""Likewise for one function with a clear task, whatever it handles."""
_SHARE_OF_OLD = 0.3
"""Of a class or a structure that is there already and is changed, or that is only where a failure shows."""
_MOST_WORDS = 120
"""A longer text is about more than a slip of the pen."""
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
    if len(reading.words) > _MOST_WORDS or (creates and (made or reading.functions)) or _reshapes(reading):
        return ""
    opening = " ".join((reading.tag, *reading.opening))
    slip = [word for word in found.get("slip", ()) if word in opening]
    if slip and not creates:
        return in_words("slip", tuple(slip))
    if reading.replaced and not found.keys() & {"cause", "unsteady", "hazard", "symptom", "everywhere"}:
        return "a text is put in the place of another"
    if (
        (small := found.get("small"))
        and not made
        and points_of(reading, "coordinative") + points_of(reading, "dynamic") <= 1.2
    ):
        return in_words("small", small)
    return ""


def _reshapes(reading: Reading) -> bool:
    """Whether its first word orders more than a word to be changed, whatever is said further on."""
    first = reading.opening[0] if reading.opening else ""
    large = lexicon().find([first], first).keys() & {"rework", "migration", "redesign", "cause"}
    return bool(large) and not reading.replaced


def _component(reading: Reading, around: Surroundings, kind: TaskKind) -> tuple[float, list[str]]:
    found = reading.found
    groups = ("unit", "structure", "feature", "whole", "guide")
    made = together(points_of_group(name, found[name]) for name in groups if name in found)
    told = "create" not in found and found.keys() & OPEN_QUESTIONS
    if kind is TaskKind.EDIT or told or (kind is TaskKind.DOCS and "guide" not in found) or _only_changes(found):
        made *= _SHARE_OF_OLD
    evidence = [in_words(name, found[name]) for name in groups if name in found]
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
    points, evidence = points_of(reading, "coordinative"), evidence_of(reading, "coordinative")
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
    points, evidence = points_of(reading, "dynamic"), evidence_of(reading, "dynamic")
    if clear and "symptom" in reading.found and (reading.files or reading.functions):
        points -= points_of_group("symptom", reading.found["symptom"]) / 2  # its place is told too
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
