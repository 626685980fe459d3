"""What a check takes from the files it looks at: names an order may have forgotten, for which stubs are needed too."""

import ast
import posixpath
import re
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from agents.missions.blocks import parse_python
from agents.store.work_orders import Interface

_IMPORT = re.compile(
    r"\bimport\s+(?:type\s+)?(?P<default>[A-Za-z_$][\w$]*)?\s*,?\s*(?:\{(?P<names>[^}]*)\})?\s*from\s*(?P<from>['\"])"
)
_NAME = re.compile(r"[A-Za-z_$][\w$]*")


def promised(check: str, path: str, files: Collection[str]) -> tuple[Interface, ...]:
    """What the check with that text, at `path`, imports by name from `files`, as far as that can be read off it."""
    found = _python(check, files) if path.endswith(".py") else _script(check, path, files)
    return tuple(dict.fromkeys(found))


def _python(check: str, files: Collection[str]) -> Iterator[Interface]:
    tree = parse_python(check)
    modules = {_module(name): name for name in files if name.endswith(".py")}
    aliases: dict[str, str] = {}
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.ImportFrom) and not node.level:
            for name in node.names:
                if file := modules.get(node.module or ""):
                    yield _interface(file, name.name)
                elif file := modules.get(f"{node.module}.{name.name}"):
                    aliases[name.asname or name.name] = file
        elif isinstance(node, ast.Import):
            aliases |= {one.asname or one.name: modules[one.name] for one in node.names if one.name in modules}
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Attribute) and (file := aliases.get(ast.unparse(node.value))):
            yield _interface(file, node.attr)


def _module(file: str) -> str:
    """src/shop/__init__.py is shop, shop/cart.py is shop.cart."""
    parts = PurePosixPath(file.removeprefix("src/")).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _script(check: str, path: str, files: Collection[str]) -> Iterator[Interface]:
    for said in _IMPORT.finditer(check):
        start, quote = said.end(), said["from"]
        specifier = check[start : max(start, check.find(quote, start))]
        file = posixpath.normpath(posixpath.join(posixpath.dirname(path), specifier))
        if not specifier.startswith(".") or file not in files:
            continue
        if said["default"]:
            yield Interface(file=file, signature=f"export default function {said['default']}()")
        for item in (said["names"] or "").split(","):
            if name := _NAME.match(item.strip()):
                yield _interface(file, name[0])


def _interface(file: str, name: str) -> Interface:
    """A constant by the look of its name; else something that is called."""
    return Interface(file=file, signature=name if name.isupper() else f"{name}()")
