"""Stubs: results that look like the work and do nothing. A check that one of them satisfies would accept anything."""

import ast
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from agents.missions.blocks import parse_python
from agents.store.work_orders import Interface, WorkOrder

Files = Mapping[str, str]
"""Text by path."""
UNCHANGED, EMPTY = "the unchanged files", "empty files"
_RETURNS = {
    "empty functions": ("None", "undefined"),
    "functions that return 0": ("0", "0"),
    "functions that return 1": ("1", "1"),
    'functions that return ""': ('""', '""'),
    "functions that return True": ("True", "true"),
    "functions that return False": ("False", "false"),
    "functions that return []": ("[]", "[]"),
    "functions that return {}": ("{}", "({})"),
    "functions that return their first argument": ("given[0] if given else None", "given[0]"),
}
_METHOD_RETURNS = {"given[0] if given else None": "given[1] if len(given) > 1 else None"}
_SIGNATURE = re.compile(
    r"(?:export\s+)?(?P<default>default\s+)?(?:async\s+)?(?P<kind>def|function|class|const|let|var)?\s*"
    r"(?P<name>[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)?)\s*(?P<call>\()?"
)
_SCRIPT = frozenset({".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".tsx"})


def stubs_of(order: WorkOrder, now: Files, used: Sequence[Interface] = ()) -> Mapping[str, Files]:
    """Every distinct stub of `order` by its name, as the files it puts over those there are `now`. `used`: what its
    check takes from these files, promised or not."""
    found: dict[str, dict[str, str]] = {UNCHANGED: {}, EMPTY: dict.fromkeys(order.files, "")}
    by_file: dict[str, list[Interface]] = defaultdict(list)
    for interface in (*order.interfaces, *used):
        if interface.file in found[EMPTY]:  # a file nobody writes stays as it is
            by_file[interface.file].append(interface)
    for name, (python, script) in _RETURNS.items():
        files = {
            path: text
            for path, interfaces in by_file.items()
            if (text := _stub(path, interfaces, now.get(path, ""), python, script)) is not None
        }
        if files:
            found[name] = files
    distinct: dict[tuple[tuple[str, str], ...], str] = {}
    for name, files in found.items():
        distinct.setdefault(tuple(sorted({**now, **files}.items())), name)
    return {name: found[name] for name in distinct.values()}


def _stub(path: str, interfaces: Sequence[Interface], now: str, python: str, script: str) -> str | None:
    suffix = PurePosixPath(path).suffix
    if suffix == ".py":
        return _python(now, interfaces, python)
    return _script(interfaces, script, commonjs=_is_commonjs(suffix, now)) if suffix in _SCRIPT else None


def _python(now: str, interfaces: Sequence[Interface], value: str) -> str:
    """What is there, with every function and method of `interfaces` answering `value`."""
    tree = parse_python(now) or ast.Module(body=[], type_ignores=[])
    functions: set[str] = set()
    methods: dict[str, set[str]] = {}
    constants: set[str] = set()
    for interface in interfaces:
        if (said := _SIGNATURE.match(interface.signature.strip())) is None:
            continue
        owner, _, method = said["name"].partition(".")
        if method:
            methods.setdefault(owner, set()).add(method)
        elif said["kind"] == "class" or owner[:1].isupper() and not owner.isupper():
            methods.setdefault(owner, set())
        elif said["call"] or said["kind"] in {"def", "function"}:
            functions.add(owner)
        else:
            constants.add(owner)
    replaced = functions | constants | methods.keys()
    tree.body = [node for node in tree.body if getattr(node, "name", None) not in replaced]
    lines = [ast.unparse(tree)]
    lines += [f"{name} = {value if 'given' not in value else None}" for name in sorted(constants)]
    lines += [f"def {name}(*given, **named):\n    return {value}" for name in sorted(functions)]
    for owner, names in sorted(methods.items()):
        lines.append(_class(owner, names, _METHOD_RETURNS.get(value, value)))
    return "\n\n".join(line for line in lines if line) + "\n"


def _class(name: str, methods: set[str], value: str) -> str:
    """A class that takes anything, has everything, and does nothing."""
    body = [f"class {name}:", "    def __init__(self, *given, **named):\n        pass"]
    body += [f"    def {one}(*given, **named):\n        return {value}" for one in sorted(methods - {"__init__"})]
    body.append(f"    def __getattr__(self, name):\n        return lambda *given, **named: {value}")
    return "\n\n".join(body)


def _is_commonjs(suffix: str, now: str) -> bool:
    return suffix == ".cjs" or (suffix == ".js" and not re.search(r"^\s*(?:export|import)\b", now, re.MULTILINE))


def _script(interfaces: Sequence[Interface], value: str, *, commonjs: bool) -> str:
    """A module that exports every function of `interfaces`; a class has every method there is."""
    lines: list[str] = []
    for name, default in _exports(interfaces).items():
        anything = f"new Proxy(this, {{ get: () => (...given) => {value} }})"
        whole = f"class {name} {{ constructor(...given) {{ return {anything} }} }}"
        made = whole if name[:1].isupper() else f"function {name}(...given) {{ return {value} }}"
        if commonjs:
            lines.append(f"{made}\nmodule.exports{'' if default else f'.{name}'} = {name}")
        else:
            lines.append(f"export {'default ' if default else ''}{made}")
    return "\n".join(lines) + "\n"


def _exports(interfaces: Sequence[Interface]) -> dict[str, bool]:
    """What a module exports, by name; True: it is the default, of which there is one, and it comes first."""
    named, default = dict[str, bool](), ""
    for said in _matches(interfaces):
        name = said["name"].partition(".")[0]
        named[name] = False
        default = name if said["default"] and not default else default
    return {default: True, **{name: False for name in named if name != default}} if default else named


def _matches(interfaces: Sequence[Interface]) -> list[re.Match[str]]:
    found = (_SIGNATURE.match(interface.signature.strip()) for interface in interfaces)
    return [said for said in found if said is not None]
