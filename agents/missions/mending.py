"""What is put right in a small model's Python without asking it again, each time with a word about it.

Seen in the transcripts of Qwen2.5-Coder-1.5B on the proving ground: `bisect` used but not imported; the check copied
below the solution, where it fails at import; only the mended function given back, so that the rest of the file is lost.
"""

import ast
import builtins
import re
import sys
from collections.abc import Sequence
from typing import NamedTuple

from agents.missions.blocks import parse_python

_HOMES = {
    "collections": "Counter OrderedDict defaultdict deque namedtuple",
    "typing": "Any Callable Dict Iterable Iterator List Optional Set Tuple Union",
    "dataclasses": "dataclass field",
    "datetime": "timedelta timezone",
    "decimal": "Decimal",
    "enum": "Enum",
    "fractions": "Fraction",
    "functools": "lru_cache partial reduce total_ordering wraps",
    "heapq": "heapify heappop heappush heapreplace",
    "bisect": "bisect_left bisect_right insort",
    "itertools": "accumulate chain groupby islice permutations product zip_longest",
    "pathlib": "Path",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}
_TESTING = re.compile(r"(?:run_)?(?:tests?|checks?)(?:_|$)")
_REMOVING = re.compile(r"\b(?:remov|delet|renam|drop|mov|replac|rid\b|gone\b|call(?:ed)?\b|no longer\b)", re.IGNORECASE)
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Mended(NamedTuple):
    """The text to write, and what was put right, in short phrases."""

    text: str
    notes: tuple[str, ...]


def mended(text: str, *, old: str, module: str, task: str) -> Mended:
    """A Python file as a model wrote it, put right. `old`: the file before (empty when it is new), `module`: its
    name as an import has it, `task`: the task's text, whose names are never touched. Never raises."""
    notes: list[str] = []
    for step in (_without_tests, _with_dropped, _with_imports):
        tree = parse_python(text)
        if tree is None:
            break
        changed, note = step(text, tree, old, module, task)
        if note and parse_python(changed) is not None:
            text = changed
            notes.append(note)
    return Mended(text, tuple(notes))


def _without_tests(text: str, tree: ast.Module, old: str, module: str, task: str) -> tuple[str, str]:
    """Without asserts, test calls and imports of itself at the top level, which only make the import fail."""
    tests = {one.name for one in tree.body if isinstance(one, _Definition) and _is_test(one, old, task)}
    if not any(isinstance(one, _Definition) and one.name not in tests for one in tree.body):
        return text, ""
    extra = [one for one in tree.body if _is_extra(one, tests, module) and (ast.unparse(one) not in old)]
    lines = text.split("\n")
    for one in reversed(extra):
        start, end = _span(one)
        shared = any(_span(two)[0] <= end and start <= _span(two)[1] for two in tree.body if two not in extra)
        if not shared:
            del lines[start - 1 : end]
    changed = "\n".join(lines).rstrip("\n") + "\n"
    return (changed, "tests of its own left out") if extra and changed.strip() != text.strip() else (text, "")


def _is_test(one: ast.AST, old: str, task: str) -> bool:
    assert isinstance(one, _Definition)
    asserts = any(isinstance(node, ast.Assert) for node in ast.walk(one))
    return asserts and bool(_TESTING.match(one.name)) and one.name not in task and one.name not in old


def _is_extra(one: ast.stmt, tests: set[str], module: str) -> bool:
    if isinstance(one, _Definition):
        return one.name in tests
    if isinstance(one, ast.ImportFrom):
        return one.level == 0 and one.module == module
    if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call):
        function = one.value.func
        return isinstance(function, ast.Name) and (function.id in tests or function.id == "print")
    if isinstance(one, ast.Assert | ast.Try | ast.For | ast.While | ast.With | ast.If):
        return any(isinstance(node, ast.Assert) or _raises_assertion(node) for node in ast.walk(one))
    return False


def _raises_assertion(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise) and node.exc is not None and "AssertionError" in ast.unparse(node.exc)


def _with_dropped(text: str, tree: ast.Module, old: str, module: str, task: str) -> tuple[str, str]:
    """The old file with the new definitions in it, when some of the old ones are missing from the answer."""
    before = parse_python(old) if old.strip() else None
    if before is None:
        return text, ""
    had, has = _named(before.body), _named(tree.body)
    may_go = _REMOVING.search(task) is not None
    dropped = [one for one in had if one not in has and not (may_go and re.search(rf"\b{re.escape(one)}\b", task))]
    only_names = all(_names(one) or isinstance(one, ast.Import | ast.ImportFrom) or _is_text(one) for one in tree.body)
    if not dropped or not only_names or not set(had) & set(has):
        return text, ""
    lines, new = old.split("\n"), text.split("\n")
    added = ["", "", *_cut(new, [one for name, one in has.items() if name not in had])]
    for name in sorted(set(had) & set(has), key=lambda name: -_span(had[name])[0]):
        start, end = _span(had[name])
        lines[start - 1 : end] = _cut(new, [has[name]])
    known = {ast.unparse(one) for one in before.body}
    imported = [one for one in tree.body if isinstance(one, ast.Import | ast.ImportFrom)]
    imports = [one for one in imported if ast.unparse(one) not in known]
    whole = "\n".join(lines).rstrip("\n") + "\n" + ("\n".join(added) if len(added) > 2 else "")
    whole = _with_lines(whole, [ast.unparse(one) for one in imports])
    return whole, f"{', '.join(dropped)} kept from before"


def _with_imports(text: str, tree: ast.Module, old: str, module: str, task: str) -> tuple[str, str]:
    """With imports of the standard library's names that are used and bound nowhere."""
    bound = set(dir(builtins)) | {"__file__", "__name__"}
    used: set[str] = set()
    dotted: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, _Definition):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            dotted.add(node.value.id)
    missing = sorted(used - bound)
    wanted = [f"import {name}" for name in missing if name in dotted and name in sys.stdlib_module_names]
    wanted += [f"from {_HOME_OF[name]} import {name}" for name in missing if name in _HOME_OF]
    return (_with_lines(text, wanted), f"added: {', '.join(wanted)}") if wanted else (text, "")


def _with_lines(text: str, imports: Sequence[str]) -> str:
    """`imports` before the first statement that is neither a docstring nor an import from __future__."""
    tree = parse_python(text)
    if not imports or tree is None:
        return text
    at = 0
    for one in tree.body:
        if _is_text(one) or (isinstance(one, ast.ImportFrom) and one.module == "__future__"):
            at = one.end_lineno or at
        else:
            break
    lines = text.split("\n")
    gap = [""] if at and lines[at - 1].strip() else []
    return "\n".join([*lines[:at], *gap, *imports, *lines[at:]])


def _named(body: Sequence[ast.stmt]) -> dict[str, ast.stmt]:
    return {name: one for one in body for name in _names(one)}


def _names(one: ast.stmt) -> tuple[str, ...]:
    """What a statement defines: a function, a class, a constant."""
    if isinstance(one, _Definition):
        return (one.name,)
    targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
    return tuple(target.id for target in targets if isinstance(target, ast.Name))


def _is_text(one: ast.stmt) -> bool:
    return isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)


def _cut(lines: Sequence[str], nodes: Sequence[ast.stmt]) -> list[str]:
    found: list[str] = []
    for one in nodes:
        start, end = _span(one)
        found += [*(["", ""] if found else []), *lines[start - 1 : end]]
    return found


def _span(one: ast.stmt) -> tuple[int, int]:
    """First and last line, decorators included."""
    decorators = one.decorator_list if isinstance(one, _Definition) else []
    return min([one.lineno, *(two.lineno for two in decorators)]), one.end_lineno or one.lineno
