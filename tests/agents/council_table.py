"""A squad with one local tier and an Opus that plans and reviews, both behind real sockets."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agents.headquarters import Headquarters
from agents.settings import Budget, Cooldown, Dispatch, Settings, TierSettings
from agents.tasks import NewTask, Task
from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK, run_git
from tests.fakes.anthropic_replies import Script, message
from tests.fakes.anthropic_replies import text as reply_text
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama
from tests.fakes.ollama_server import text as local_text

FINDING = {"path": "slug.py", "line": 4, "severity": "warning", "text": "It drops letters with accents."}


def says(answer: object, **more: Any) -> Script:
    """Opus answers `answer`, as JSON unless it is text already."""
    return message(reply_text(answer if isinstance(answer, str) else json.dumps(answer)), **more)


def verdict(*findings: object, approves: bool = True, summary: str = "Does what it says.") -> dict[str, object]:
    return {"approves": approves, "summary": summary, "findings": list(findings)}


def part(title: str, *needs: int, brief: str = "Do it.", check: str = "") -> dict[str, object]:
    return {"title": title, "brief": brief, "check": check, "depends_on": list(needs)}


def parts(*items: object, summary: str = "One file each.") -> dict[str, object]:
    return {"summary": summary, "parts": list(items)}


def settings(ollama: FakeOllama, claude: AnthropicServer, **more: Any) -> Settings:
    local = {"provider": "ollama", "model": "m:1b", "endpoints": [{"url": ollama.url}]}
    opus = {
        "provider": "anthropic",
        "model": "claude-opus-5-5",
        "num_ctx": 200_000,
        "max_tokens": 16_000,
        "roles": ["plan", "review"],
        "endpoints": [{"url": claude.url, "slots": 2}],
        **more.pop("opus", {}),
    }
    others = {
        name: TierSettings.model_validate({"endpoints": [{"url": claude.url}], **tier})
        for name, tier in more.pop("tiers", {}).items()
    }
    local_tier, opus_tier = TierSettings.model_validate(local), TierSettings.model_validate(opus)
    return Settings(
        tiers={"local": local_tier, **others, "opus": opus_tier},
        cooldown=Cooldown(rest_s=0, reset_every=0),
        budget=Budget.model_validate(more.pop("budget", {})),
        dispatch=Dispatch.model_validate(more.pop("dispatch", {})),
        **more,
    )


@asynccontextmanager
async def table(
    repo: Path, home: Path, *scripts: Script, recover: bool = False, **more: Any
) -> AsyncIterator[tuple[Headquarters, FakeOllama, AnthropicServer]]:
    """The engine on `repo`; Opus answers with `scripts`, the local model with a good slug.py."""
    async with FakeOllama() as ollama, AnthropicServer(*scripts) as claude:
        ollama.answer = lambda body: local_text(f"slug.py\n```python\n{GOOD_SLUG}```\n")
        async with Headquarters(settings(ollama, claude, **more), home=home, folder=repo, recover=recover) as hq:
            yield hq, ollama, claude


async def result(hq: Headquarters, **more: object) -> Task:
    """A task brought to review by the local tier."""
    new = {"title": SLUG_TASK, "check": SLUG_CHECK} | more
    task = await hq.post(NewTask.model_validate(new))
    await hq.dispatch(task.id)
    return await hq.wait(task.id)


def asked(claude: AnthropicServer, at: int = 0) -> str:
    """All the text of one request, system prompt and messages."""
    return json.dumps(claude.requests[at].body, ensure_ascii=False)


def everything(repo: Path) -> tuple[str, ...]:
    """Whatever a mission could have left in a person's repository: refs, worktrees, files, their contents."""
    files = sorted(path for path in repo.rglob("*") if ".git" not in path.parts and path.is_file())
    return (
        run_git(repo, "for-each-ref"),
        run_git(repo, "worktree", "list"),
        run_git(repo, "status", "--porcelain", "--ignored"),
        run_git(repo, "stash", "list"),
        *(f"{path.relative_to(repo)}\n{path.read_text()}" for path in files),
    )
