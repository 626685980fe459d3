"""File paths in words: which files a brief, a check or a line of a reply names."""

import re
import sys
from collections.abc import Collection
from pathlib import PurePosixPath

from agents.tasks import Frozen

_EXTENSIONS = (
    "py pyi pyx ipynb js mjs cjs jsx ts tsx mts cts vue svelte json jsonc json5 toml yaml yml ini cfg conf env md mdx "
    "rst txt csv tsv html htm css scss sass less xml svg sh bash zsh fish ps1 bat c h cc cpp cxx hpp hh cs java kt kts "
    "scala go mod sum rs rb php pl pm lua swift m mm r jl dart ex exs erl hs ml mli fs clj sql proto graphql gql tf "
    "lock gradle cmake mk make tcss jinja j2 tmpl tex patch diff log zig nim sol vim el lisp scm asm s v sv vhd nix"
)
_KNOWN = frozenset(_EXTENSIONS.split(" "))
_BARE_NAMES = frozenset(
    (
        "Makefile",
        "makefile",
        "GNUmakefile",
        "Dockerfile",
        "Containerfile",
        "Justfile",
        "justfile",
        "Procfile",
        "Gemfile",
    )
    + ("Rakefile", "Jenkinsfile", "Vagrantfile", "LICENSE", "README", "CHANGELOG", "CODEOWNERS", "NOTICE", "AUTHORS")
    + (".gitignore", ".gitattributes", ".dockerignore", ".editorconfig", ".env", ".npmrc", ".prettierrc", ".eslintrc")
)
_PRODUCTS = frozenset(
    ("node.js", "next.js", "vue.js", "nuxt.js", "express.js", "react.js", "three.js", "d3.js", "deno.ts", "asp.net")
    + ("socket.io", "chart.js", "p5.js", "e.g", "i.e")
)
_TOKEN = re.compile(r"(?<![\w./\\~$@-])(?:\./)?(?:[\w.@+-]{1,80}/){0,12}[\w.@+-]{1,100}(?![\w/])")
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://\S+|\bwww\.\S+", re.IGNORECASE)
_BARE_FIRST = re.compile(r"(?<![\w./-])(?:Makefile|Dockerfile|Justfile|Procfile|Gemfile|Rakefile)(?![\w/.])")
_FROM = re.compile(r"(?:^|[\n;\"'`(]|\bexec\b)[ \t]{0,40}from[ \t]{1,9}([A-Za-z_][\w.]{0,120})[ \t]{1,9}import\b")
_IMPORT = re.compile(
    r"(?:^|[\n;\"'`(])[ \t]{0,40}import[ \t]{1,9}([A-Za-z_][\w.]{0,120}(?:\s*,\s*[A-Za-z_][\w.]{0,120}){0,20})"
)
_MODULE = re.compile(r"\bpython[\d.]*\s+(?:-\w\s+)*-m\s+([A-Za-z_][\w.]{0,120})")
_REQUIRE = re.compile(r"(?:\brequire\(|\bimport\(|\bfrom)\s*[\"'](\.{1,2}/[\w./-]{1,120})[\"']")
_FOREIGN = frozenset(
    ("pytest", "numpy", "pandas", "hypothesis", "requests", "django", "flask", "fastapi", "pydantic", "yaml", "click")
    + ("rich", "textual", "httpx", "aiohttp", "sqlalchemy", "scipy", "matplotlib", "attr", "attrs", "setuptools", "pip")
    + ("mypy", "ruff", "black", "tox", "nose", "coverage", "torch", "jinja2", "trio", "anyio")
)


class NamedFiles(Frozen):
    """Paths in order of first appearance. `hinted` are weaker: modules that code imports, as the file they would be."""

    named: tuple[str, ...] = ()
    hinted: tuple[str, ...] = ()


def named_files(text: str) -> NamedFiles:
    """The files a brief or a check names: `slug.py`, `src/csvio.py`; `from slug import …` hints at slug.py."""
    text = _URL.sub(" ", text[:200_000])
    named: dict[str, None] = {}
    for found in _TOKEN.finditer(text):
        path = found.group().rstrip(".")
        if "@" in path and "/" not in path:
            continue  # a mail address
        if (
            looks_like_path(path)
            and unsafe(path) is None
            and not (text[found.end() : found.end() + 1] == "(" and "/" not in path)
        ):
            named[_tidy(path)] = None
    for found in _BARE_FIRST.finditer(text):
        named[found.group()] = None
    hinted: dict[str, None] = {}
    for path in _imported(text):
        if not any(name == path or name.endswith("/" + path) for name in named):
            hinted[path] = None
    return NamedFiles(named=tuple(named), hinted=tuple(hinted))


def looks_like_path(token: str, known: Collection[str] = ()) -> bool:
    """Is `token` a file's relative path by its form alone, or one of the `known` files?"""
    if token in known or _tidy(token) in known:
        return True
    if token.lower() in _PRODUCTS or not re.fullmatch(r"(?:\.{0,2}/)?[\w.@+/-]{1,300}", token):
        return False
    name = token.rsplit("/", 1)[-1]
    if name in _BARE_NAMES:
        return True
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem.strip(".") or extension.lower() not in _KNOWN:
        return False
    return stem not in {"self", "this", "cls", "np", "pd", "os", "sys"} and not re.fullmatch(r"[\d.]+", stem)


def unsafe(path: str) -> str | None:
    """Why `path` must not be written, by its form alone; None when it is fine."""
    parts = PurePosixPath(path).parts
    if path.startswith(("/", "~")) or "\\" in path or re.match(r"[A-Za-z]:", path):
        return "is not relative to the repository"
    if ".." in parts:
        return "leads out of the repository"
    if any(part.lower().rstrip(". ") == ".git" for part in parts):
        return "lies inside .git"
    if not parts or len(path) > 300 or path.endswith("/") or any(not char.isprintable() for char in path):
        return "is no file name"
    return None


def _tidy(path: str) -> str:
    return path[2:] if path.startswith("./") else path


def _imported(text: str) -> list[str]:
    modules = [*_FROM.findall(text), *_MODULE.findall(text)]
    for group in _IMPORT.findall(text):
        modules += [name.strip() for name in group.split(",")]
    paths = [
        module.rstrip(".").replace(".", "/") + ".py"
        for module in modules
        if module.split(".")[0] not in sys.stdlib_module_names and module.split(".")[0] not in _FOREIGN
    ]
    for relative in _REQUIRE.findall(text):
        path = str(PurePosixPath(relative.lstrip("./")))
        paths.append(path if looks_like_path(path) else f"{path}.js")
    return paths
