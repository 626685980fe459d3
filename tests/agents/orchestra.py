"""A planner and a reviewer behind one real socket, a local model behind another, and what they are to say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agents.headquarters import Headquarters
from agents.tasks import Mission, NewTask, Task
from tests.agents.conftest import GOOD_SLUG
from tests.agents.council_table import says, table
from tests.fakes.anthropic_replies import Script
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama
from tests.fakes.ollama_server import text as local_text

TASK = NewTask(title="Create slug.py with slugify(text): lower case, words joined by single hyphens", orchestrate=True)
CHECK = """\
slugify = __import__("slug").slugify

assert slugify(" Hello,  World! ") == "hello-world", slugify(" Hello,  World! ")
assert slugify("") == ""
"""
"""What it takes from slug.py cannot be read off it: so there are two stubs, and not eleven to run."""
WEAK = "from slug import slugify\n\nassert slugify('') in (None, '')\n"
"""Satisfied by a function that does nothing."""


INTERFACES = [{"file": "slug.py", "signature": "slugify(text: str) -> str", "does": "the slug of a text"}]


def order(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A planner's order: one part that writes slug.py, unless others are given."""
    written = parts or (ordered("Write slugify"),)
    return {
        "summary": "One small module.",
        "files": [name for part in written for name in part["files"]],
        "interfaces": [],
        "conventions": ["No dependencies."],
        "acceptance": "Several spaces and punctuation become one hyphen; the empty text stays empty.",
        "parts": list(written),
        **more,
    }


def ordered(title: str, *files: str, brief: str = "Lower case, words of letters and digits.") -> dict[str, Any]:
    return {"title": title, "brief": brief, "files": list(files) or ["slug.py"], "work": "function"}


def planned(*more: Any, check: str = CHECK, of: dict[str, Any] | None = None) -> tuple[Script, ...]:
    """What Opus says: the order, the check, then `more`."""
    return tuple(says(one) for one in (of or order(), {"content": check}, *more))


def verdict(*texts: str) -> dict[str, Any]:
    """Approval, or corrections of slug.py."""
    found = [{"path": "slug.py", "line": at, "severity": "error", "text": text} for at, text in enumerate(texts, 1)]
    return {"approves": not texts, "summary": "As ordered." if not texts else "Nearly.", "findings": found}


def writes(code: str, name: str = "slug.py") -> Any:
    """What the local model answers."""
    return local_text(f"{name}\n```python\n{code}```\n")


@asynccontextmanager
async def orchestra(
    repo: Path, home: Path, *scripts: Script, local: tuple[str, ...] = (), **more: Any
) -> AsyncIterator[tuple[Headquarters, FakeOllama, AnthropicServer]]:
    """The engine on `repo`; the local model writes `local`, in order, then a good slug.py."""
    async with table(repo, home, *scripts, **more) as (hq, ollama, claude):
        ollama.answer = lambda body: writes(GOOD_SLUG)
        for code in local:
            ollama.reply(writes(code))
        yield hq, ollama, claude


async def carried_out(hq: Headquarters, new: NewTask = TASK) -> tuple[Task, list[Mission]]:
    """The task at rest, and its missions."""
    task = await hq.post(new)
    await hq.dispatch(task.id)
    task = await hq.wait(task.id)
    return task, await hq.missions(task.id)
