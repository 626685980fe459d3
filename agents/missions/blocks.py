"""Which of several code blocks is the file: the definition, not the example that uses it."""

import ast
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from agents.missions.segments import Fence

SHELL = frozenset({"bash", "sh", "shell", "console", "zsh", "fish", "terminal", "cmd", "powershell", "shell-session"})
_VAGUE = frozenset({"", "text", "txt", "plaintext", "code", "output"})
_LANGUAGES = {
    "py": {"python", "py", "python3", "pyi", "py3"},
    "js": {"javascript", "js", "node", "jsx", "mjs"},
    "ts": {"typescript", "ts", "tsx"},
    "sh": set(SHELL),
    "md": {"markdown", "md"},
    "yml": {"yaml", "yml"},
    "rs": {"rust", "rs"},
    "rb": {"ruby", "rb"},
    "go": {"go", "golang"},
    "kt": {"kotlin", "kt"},
    "cs": {"csharp", "cs", "c#"},
    "cpp": {"cpp", "c++", "cc", "cxx"},
    "h": {"c", "h", "cpp", "c++", "hpp"},
    "txt": {"text", "txt", "plaintext"},
}
_SAME = {
    "pyi": "py", "mjs": "js", "cjs": "js", "jsx": "js", "tsx": "ts", "mts": "ts", "bash": "sh", "zsh": "sh",
    "yaml": "yml", "cc": "cpp", "cxx": "cpp", "hpp": "cpp", "hh": "cpp", "mdx": "md", "htm": "html",
}  # fmt: skip
_DEFINES = re.compile(
    r"^\s{0,4}(?:export\s+)?(?:default\s+)?(?:pub(?:\([^)]{0,20}\))?\s+)?(?:public\s+|static\s+|async\s+|abstract\s+)*"
    r"(?:function\*?|class|interface|struct|enum|trait|type|fn|func|def|module|const|let|var)\s+(?:\([^)]{0,80}\)\s*)?(\w+)",
    re.MULTILINE,
)
_ELISION = re.compile(
    r"^[ \t]*(?:#|//|/\*|--|<!--|;|%)[ \t.…*-]{0,20}(?:\.\.\.|…|"
    r"(?:the )?(?:rest of|remaining|existing|other|previous)\b[^\n]{0,40}\b"
    r"(?:code|file|function|method|class|content|unchanged|same|here|imports)|"
    r"(?:code |content )?(?:remains )?unchanged|same as (?:before|above))[^\n]{0,80}$",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class _Facts:
    parses: bool
    names: frozenset[str]
    """Defined at the top level."""
    tests: bool
    """Everything it defines is a test."""
    acts: bool
    """It does something at the top level: calls, loops, asserts."""
    uses: bool
    """It imports the very file it would be."""


def fits(block: Fence, path: str) -> bool:
    """May a block of this language be the content of `path`? A block without a language may be anything."""
    extension = PurePosixPath(path).suffix.lstrip(".").lower()
    if block.language in _VAGUE:
        return True
    if not extension:
        return True
    kind = _SAME.get(extension, extension)
    return block.language in _LANGUAGES.get(kind, {kind}) or block.language == extension


def choose(blocks: Sequence[Fence], path: str) -> Fence | None:
    """The content of `path` among closed blocks, None when none of them can be it.

    The first block that defines something wins, unless a later one defines all of it and more; Python blocks that only
    add definitions are joined to it; blocks that use the file, or only test it, are examples.
    """
    fitting = [block for block in blocks if fits(block, path)]
    if path.endswith((".py", ".pyi")):
        return _choose_python(fitting, path)
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    exact = [block for block in fitting if block.language not in _VAGUE] or fitting
    best, names = exact[0], _names(exact[0])
    for block in exact[1:]:
        more = _names(block)
        if more > names:
            best, names = block, more
    return best


def is_test(path: str) -> bool:
    """Is `path` a test by its name?"""
    name = PurePosixPath(path).name
    return name.startswith("test_") or name.split(".")[0].endswith(("_test", "Test", "_spec")) or ".test." in name


def holds_tests(block: Fence) -> bool:
    """Does the block define tests, and nothing else?"""
    facts = _facts(block.content, "")
    return (
        facts.tests
        if facts.parses
        else bool(re.search(r"^[ \t]*(?:def test_|it\(|describe\(|test\()", block.content, re.M))
    )


def defines(block: Fence) -> bool:
    """Does the block define anything?"""
    facts = _facts(block.content, "")
    return bool(facts.names if facts.parses else _names(block))


def elision(content: str) -> str | None:
    """The line by which a model left something out ("# ... rest of the code ..."), if there is one."""
    found = _ELISION.search(content)
    return found.group().strip() if found else None


def _choose_python(blocks: Sequence[Fence], path: str) -> Fence | None:
    facts = [(block, _facts(block.content, path)) for block in blocks]
    facts = [(block, fact) for block, fact in facts if not fact.uses and not block.content.lstrip().startswith(">>>")]
    if len(facts) < 2:
        return facts[0][0] if facts else None
    main = [(block, fact) for block, fact in facts if fact.names and (is_test(path) or not fact.tests)]
    if not main:
        return next((block for block, fact in facts if block.language not in _VAGUE), facts[0][0])
    best, names = main[0][0], main[0][1].names
    for block, fact in main[1:]:
        if fact.names > names and not (fact.acts and fact.names - names <= {"main"}):
            best, names = block, fact.names
        elif not fact.names & names and not fact.acts:
            joined = best.content.rstrip("\n") + "\n\n\n" + block.content.lstrip("\n")
            best, names = Fence(best.language, joined, closed=True, path=best.path, sure=best.sure), names | fact.names
    return best


def parse_python(source: str) -> ast.Module | None:
    """The syntax tree, or None when `source` is no Python (or too hostile to look at)."""
    if len(source) > 500_000:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _facts(source: str, path: str) -> _Facts:
    tree = parse_python(source)
    if tree is None:
        return _Facts(parses=False, names=frozenset(), tests=False, acts=False, uses=False)
    module = path.removesuffix(".py").replace("/", ".").removeprefix("src.")
    names: set[str] = set()
    acts = uses = False
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(target.id for target in targets if isinstance(target, ast.Name) and target.id.isupper())
            acts = acts or isinstance(node.value, ast.Call)
        elif isinstance(node, ast.ImportFrom):
            uses = uses or bool(module and node.module and node.module.removeprefix("src.") == module)
        elif isinstance(node, ast.Import):
            uses = uses or any(alias.name == module for alias in node.names)
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            acts = True
    tests = bool(names) and all(name.startswith(("test", "Test")) for name in names)
    return _Facts(parses=True, names=frozenset(names), tests=tests, acts=acts, uses=uses)


def _names(block: Fence) -> frozenset[str]:
    return frozenset(_DEFINES.findall(block.content))
