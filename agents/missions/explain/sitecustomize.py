"""Put on PYTHONPATH for one more run of a red check: a failing assert then says what it compared.

Runs inside the checked program's own interpreter: Python 3.8 and later, standard library only, lazy imports. It adds
lines to standard error and changes nothing else: exit code, traceback and an existing sitecustomize stay.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ast
    from types import CodeType, FrameType, TracebackType

EVENTS = 2_000_000
"""Calls and returns that are watched before watching stops, so that a long check stays about as fast as it was."""
LONGEST = 400
ALL = "WARROOM_EXPLAIN_ALL"
"""Set: after the first failure the rest of the check is run as well, and told in short."""
HANG = "WARROOM_EXPLAIN_HANG"
"""Seconds after which a check that does not end says where it is, and is ended."""
_UNKNOWN = object()


class Returns:
    """Remembers what Python functions returned to the asserting file: asking again could give another answer."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.seen: dict[tuple[int, int], tuple[CodeType, object]] = {}
        self._left = EVENTS
        self._in_c = 0

    def __call__(self, frame: FrameType, event: str, arg: object) -> None:
        """Called by the interpreter for each call and return."""
        self._left -= 1
        if self._left < 0:
            sys.setprofile(None)
            self.seen.clear()
        elif event == "return":
            back = frame.f_back
            if back is not None and not self._in_c and back.f_code.co_filename == self.file:
                self.seen[id(back.f_code), back.f_lasti] = (frame.f_code, arg)
        elif event != "call" and frame.f_code.co_filename == self.file:
            # Inside sorted(…) or list(…) the returns are not the results of the calls that are written there.
            self._in_c += 1 if event == "c_call" else -1


class Explainer:
    """Evaluates the parts of one failed assert in the frame it failed in."""

    def __init__(self, source: str, frame: FrameType, returns: Returns | None) -> None:
        self.source = source
        self.names: dict[str, Any] = {**frame.f_globals, **frame.f_locals}
        self.again = False
        """Was something evaluated again that could have changed?"""
        self._known = _known_calls(frame, returns)
        self._lines: list[str] = []

    def lines(self, node: ast.Assert) -> list[str]:
        """The assert and its values, one per line."""
        self._lines = [f"assert {self.text(node.test)}"]
        self.test(node.test)
        if self.again and self.truth(node.test):
            self._lines.append("(asked again it holds: its value changes from call to call)")
        return self._lines

    def test(self, node: ast.expr) -> None:
        """Add the lines for one condition that is false."""
        import ast

        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            part = next((part for part in node.values if not self.truth(part)), None)
            if part is not None:
                self._lines.append(f"false: {self.text(part)}")
                self.test(part)
        elif isinstance(node, ast.BoolOp):
            for part in node.values:
                self.test(part)
        elif isinstance(node, ast.Compare):
            self._compare(node)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self._lines.append(f"value: {self.text(node.operand)} is {self.shown(node.operand)}")
            self._parts(node.operand)
        elif not self._case(node):
            self._lines.append(f"value: {self.shown(node)}")
            self._parts(node)

    def _compare(self, node: ast.Compare) -> None:
        import ast

        left = node.left
        operator, right = node.ops[0], node.comparators[0]
        for index, operator in enumerate(node.ops):
            right = node.comparators[index]
            pair = ast.copy_location(ast.Compare(left=left, ops=[operator], comparators=[right]), node)
            if right is node.comparators[-1] or not self.truth(pair):
                break
            left = right
        values = [self.value(left), self.value(right)]
        self._lines += [f"left:  {self.shown(left)}", f"right: {self.shown(right)}"]
        if isinstance(operator, ast.Eq):
            self._lines += _difference(*values)
        for side in (left, right):
            self._parts(side)

    def _case(self, node: ast.expr) -> bool:
        """For all(… for …): the first case that is false, explained."""
        import ast

        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "all" and node.args):
            return False
        each = node.args[0]
        if not isinstance(each, (ast.GeneratorExp, ast.ListComp)) or len(each.generators) != 1:
            return False
        targets = [name.id for name in ast.walk(each.generators[0].target) if isinstance(name, ast.Name)]
        wanted = ast.Tuple(elts=[ast.Name(id=name, ctx=ast.Load()) for name in targets], ctx=ast.Load())
        loop = each.generators[0]
        false = ast.UnaryOp(op=ast.Not(), operand=each.elt)
        first = ast.comprehension(target=loop.target, iter=loop.iter, ifs=[*loop.ifs, false], is_async=0)
        cases = self.value(ast.ListComp(elt=wanted, generators=[first]))
        if not isinstance(cases, list) or not cases:
            return False
        for index, name in enumerate(targets):
            self.names[name] = cases[0][index]
        self._lines.append("false for " + ", ".join(f"{name} = {shorten(self.names[name])}" for name in targets))
        self.test(each.elt)
        return True

    def _parts(self, node: ast.expr) -> None:
        """Values of the names and calls inside `node` that say more than `node` itself."""
        import ast

        inner = [part for part in ast.walk(node) if part is not node]
        functions = {id(part.func) for part in ast.walk(node) if isinstance(part, ast.Call)}
        for part in inner:
            if not isinstance(part, (ast.Call, ast.Name, ast.Attribute, ast.Subscript)) or id(part) in functions:
                continue
            value = self.value(part)
            shown = shorten(value)
            if callable(value) or " object at 0x" in shown or shown.startswith("<module"):
                continue
            line = f"where {self.text(part)} is {shown}"
            if line not in self._lines and len(self._lines) < 14:
                self._lines.append(line)

    def text(self, node: ast.expr) -> str:
        """The node's source on one line."""
        import ast

        segment = ast.get_source_segment(self.source, node) or ""
        segment = " ".join(segment.split()) if "\n" in segment else segment
        return segment if len(segment) <= LONGEST else segment[:LONGEST] + "…"

    def value(self, node: ast.expr) -> Any:
        """What `node` is, or was when it was called; the exception when it raises one, unknown otherwise."""
        import ast
        import contextlib
        import copy
        import io

        replaced = _replacer(self).visit(copy.deepcopy(node))
        code = compile(ast.fix_missing_locations(ast.Expression(body=replaced)), "<explained>", "eval")
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                return eval(code, self.names)
            except BaseException as error:  # even SystemExit must not change how the check ends
                return Raised(error)

    def shown(self, node: ast.expr) -> str:
        """The value's repr, shortened."""
        return shorten(self.value(node))

    def truth(self, node: ast.expr) -> bool:
        value = self.value(node)
        try:
            return bool(value)
        except Exception:
            return False

    def returned(self, node: ast.Call) -> object:
        """What this very call returned when the assert ran, if that was seen."""
        position = (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)
        called, value = self._known.get(position, (None, None))
        if called is None:
            self.again = True
            return _UNKNOWN
        function = self.value(node.func)
        function = getattr(function, "__func__", function)
        while getattr(function, "__wrapped__", None) is not None and getattr(function, "__code__", None) is not called:
            function = function.__wrapped__
        return value if getattr(function, "__code__", None) is called else _UNKNOWN


class Raised:
    """Stands for a part that raised when it was asked for again."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __repr__(self) -> str:
        return f"({type(self.error).__name__}: {self.error})"

    def __bool__(self) -> bool:
        return False


def _replacer(explainer: Explainer) -> ast.NodeTransformer:
    """Puts remembered results where their calls are written."""
    import ast

    class Replacer(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.AST:
            value = explainer.returned(node) if hasattr(node, "lineno") else _UNKNOWN
            if value is _UNKNOWN:
                return self.generic_visit(node)
            name = f"__returned_{node.lineno}_{node.col_offset}_{node.end_col_offset}"
            explainer.names[name] = value
            return ast.copy_location(ast.Name(id=name, ctx=ast.Load()), node)

    return Replacer()


def _known_calls(frame: FrameType, returns: Returns | None) -> dict[tuple[Any, ...], tuple[CodeType, object]]:
    """Remembered results of this frame's calls by their position in the source (Python 3.11 and later)."""
    positions = getattr(frame.f_code, "co_positions", None)
    if returns is None or positions is None:
        return {}
    table = list(positions())
    mine = id(frame.f_code)
    return {
        table[lasti // 2]: found
        for (code, lasti), found in returns.seen.items()
        if code == mine and 0 <= lasti // 2 < len(table)
    }


def shorten(value: object) -> str:
    """repr(value), at most LONGEST characters, its middle left out; never raises."""
    import reprlib

    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = LONGEST
    short.maxlist = short.maxtuple = short.maxdict = short.maxset = short.maxfrozenset = short.maxdeque = 40
    try:
        text = short.repr(value)
    except Exception as error:
        text = f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"
    return text if len(text) <= LONGEST else f"{text[: LONGEST * 2 // 3]} … {text[-LONGEST // 3 :]}"


def _difference(left: Any, right: Any) -> list[str]:
    """Where two texts or sequences differ first."""
    if type(left) is not type(right):
        raised = isinstance(left, Raised) or isinstance(right, Raised)
        return [] if raised else [f"types: {type(left).__name__} and {type(right).__name__}"]
    if not isinstance(left, (str, list, tuple, bytes)) or min(len(left), len(right)) < 2:
        return []
    at = next((at for at in range(min(len(left), len(right))) if left[at] != right[at]), None)
    if at is not None:
        return [f"first difference at index {at}: {shorten(left[at])} and {shorten(right[at])}"]
    return [f"lengths: {len(left)} and {len(right)}"] if len(left) != len(right) else []


def _failed_assert(tree: ast.Module, traceback: TracebackType, explainer: Explainer) -> ast.Assert | None:
    import ast

    line = traceback.tb_lineno
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    positions = getattr(traceback.tb_frame.f_code, "co_positions", None)
    place = list(positions())[traceback.tb_lasti // 2] if positions and traceback.tb_lasti >= 0 else None
    if place and None not in place:
        start, end = (place[0], place[2]), (place[1], place[3])
        found = [
            node
            for node in found
            if (node.lineno, node.col_offset) <= start and end <= (node.end_lineno or 0, node.end_col_offset or 0)
        ]
        return found[-1] if found else None
    if len(found) > 1:
        return next((node for node in found if not explainer.truth(node.test)), None)
    return found[0] if found else None


def explanation(traceback: TracebackType | None, code: str | None, returns: Returns | None) -> str:
    """The failed assert and its values, or nothing when the exception came from no assert statement."""
    import ast
    import linecache
    import textwrap

    if traceback is None:
        return ""
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    frame = traceback.tb_frame
    own = code is not None and frame.f_code.co_filename == "<string>"
    source = code if own and code is not None else "".join(linecache.getlines(frame.f_code.co_filename))
    try:
        tree = ast.parse(source)
    except SyntaxError:
        source = textwrap.dedent(source)
        tree = ast.parse(source)
    explainer = Explainer(source, frame, returns)
    node = _failed_assert(tree, traceback, explainer)
    if node is None:
        return ""
    return "The assert that failed:\n" + "".join(f"  {line}\n" for line in explainer.lines(node))


def _install() -> None:
    from importlib import import_module

    running = import_module("warroom_program")
    started: tuple[str, str] | None = running.program()
    if started is None:
        return
    kind, value = started
    code = value if kind == "-c" else None
    returns = Returns("<string>" if kind == "-c" else value)
    previous = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        sys.setprofile(None)
        running.show(previous, kind, error, traceback, code)
        try:
            if issubclass(kind, AssertionError):
                sys.stderr.write(explanation(traceback, code, returns))
            if os.environ.get(ALL) and issubclass(kind, Exception):
                sys.stderr.write(_further(traceback, code))
            sys.stderr.flush()
        except Exception as failure:
            returns.seen.clear()
            print(f"(the assert could not be explained: {type(failure).__name__})", file=sys.stderr)

    sys.excepthook = hook
    if os.environ.get(HANG):
        import linecache

        if code is not None:
            linecache.cache["<string>"] = (len(code), None, code.splitlines(keepends=True), "<string>")
        import_module("warroom_going_on").watch_hang(
            float(os.environ[HANG]), "<string>" if code is not None else value, shorten
        )
    else:
        sys.setprofile(returns)


def _further(traceback: TracebackType | None, code: str | None) -> str:
    """What else is wrong in the rest of the program's own module."""
    import ast
    import linecache
    from importlib import import_module

    rest = import_module("warroom_going_on")
    if traceback is None or traceback.tb_frame.f_code.co_name != "<module>":
        return ""
    name = traceback.tb_frame.f_code.co_filename
    source = code if code is not None and name == "<string>" else "".join(linecache.getlines(name))
    tree = ast.parse(source)

    def explain(inner: TracebackType) -> list[str]:
        explainer = Explainer(source, inner.tb_frame, None)
        while inner.tb_next is not None:
            inner = inner.tb_next
        node = _failed_assert(tree, inner, explainer) if inner.tb_frame.f_code.co_filename == name else None
        return [] if node is None else rest.short(explainer, node)

    return str(rest.going_on(source, tree, traceback, explain))


def _chain() -> None:
    """Run the sitecustomize this file hides, if there is one, in its place."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    here = os.path.dirname(os.path.abspath(__file__))
    spec = PathFinder.find_spec("sitecustomize", [path for path in sys.path if os.path.abspath(path or ".") != here])
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if __name__ == "sitecustomize":
    try:
        _chain()
    finally:
        _install()
