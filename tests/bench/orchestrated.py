"""Work orders with a real small model: `python -m tests.bench.orchestrated MODEL [TASK ...]`.

OLLAMA_HOST says where the model that writes is served. Planner, check-writer and reviewer are scripted behind the fake
Messages API: the order names the files and signatures of the reference solution and says what the task's brief says,
the check runs the graded one, the reviewer approves. Every task runs twice through the real engine in fresh
repositories: with an order, and without (its check shown, as many tries). Prints a line a task, then how many were
solved either way and the share of output tokens that were local (the goal is 85 %). Tokens of the scripts are counted
as a quarter of their characters."""

import argparse
import ast
import asyncio
import json
import os
import shlex
import tempfile
from pathlib import Path

from agents.headquarters import Headquarters
from agents.proving.demo import as_posted
from agents.proving.graded import GradedTask, load_suite
from agents.proving.ground import make_repository
from agents.routing.bill import Bill, bills
from agents.settings import Check, Cooldown, Endpoint, Mission, Orchestrate, Routing, Settings, TierSettings
from agents.tasks import NewTask, Task
from tests.fakes.anthropic_replies import Script, message
from tests.fakes.anthropic_replies import text as reply_text
from tests.fakes.anthropic_server import AnthropicServer, Recorded

DEFAULT = (
    "luhn", "caesar", "brackets", "flatten", "chunked", "initials", "durations", "anagram_groups", "matrix",
    "min_stack", "lcs", "lru_cache",
)  # fmt: skip
SHELL_CHECK = "import subprocess\n\nsubprocess.run(['bash', '-euc', {check!r}], check=True)\n"
ENOUGH = 0.85


def scripted(task: GradedTask) -> AnthropicServer:
    """Somebody who orders, writes the check and approves."""

    def answer(request: Recorded) -> Script:
        system = json.dumps(request.body["system"])
        if "write the acceptance check" in system:
            said: object = {"content": check_file(task)}
        elif "failed at one part" in system:
            said = {"action": "mend", "why": "once more", "brief": words_of(task), "files": list(task.solution)}
        elif "You plan a change" in system:
            said = order(task)
        else:
            said = {"approves": True, "summary": "It does what the order says.", "findings": []}
        return message(reply_text(json.dumps(said)))

    return AnthropicServer(otherwise=answer)


def words_of(task: GradedTask) -> str:
    """All that is asked for."""
    return " ".join(f"{task.title}. {task.brief}".split())[:1000]


def check_file(task: GradedTask) -> str:
    """The graded check as a file: its Python itself, where it is only that, so that what fails in it can be told."""
    argv = shlex.split(task.check)
    if len(argv) == 3 and argv[:2] == ["python3", "-c"]:
        return f"{argv[2].strip()}\n"
    return SHELL_CHECK.format(check=task.check.strip())


def order(task: GradedTask) -> dict[str, object]:
    """What a planner who knows the files and names would order; no code."""
    interfaces = [one for name, code in task.solution.items() for one in signatures(name, code)]
    says = words_of(task)
    return {
        "summary": task.title[:200],
        "files": list(task.solution),
        "interfaces": interfaces[:8],
        "conventions": [],
        "acceptance": says,
        "parts": [
            {"title": f"Write {name}", "brief": says, "files": [name], "work": "function"} for name in task.solution
        ],
    }


def signatures(name: str, code: str) -> list[dict[str, str]]:
    """The public functions and classes of a Python file, in one line each."""
    found = []
    for node in ast.parse(code).body if name.endswith(".py") else ():
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            found.append({"file": name, "signature": f"{node.name}({ast.unparse(node.args)})", "does": ""})
        elif isinstance(node, ast.ClassDef):
            found.append({"file": name, "signature": f"class {node.name}", "does": ""})
    return found


def settings_of(model: str, *, missions: int, planner: str = "") -> Settings:
    """One local tier; with a planner's address one that orders."""
    tiers = {
        "local": TierSettings(
            provider="ollama", model=model, num_ctx=8192, max_tokens=1024, first_byte_s=1800, between_chunks_s=600
        )
    }
    if planner:
        tiers["orders"] = TierSettings(
            provider="anthropic",
            model="claude-sonnet-5-5",
            num_ctx=200_000,
            endpoints=(Endpoint(url=planner),),
            roles=("order",),
        )
    return Settings(
        tiers=tiers,
        cooldown=Cooldown(rest_s=0, reset_every=0),
        routing=Routing(max_missions=missions, explore=0, judge="none"),
        orchestrate=Orchestrate(tries=missions),
        check=Check(timeout_s=30),
        mission=Mission(timeout_s=3600),
    )


async def carried_out(settings: Settings, task: GradedTask, new: NewTask) -> tuple[Task, list[Bill]]:
    """In a fresh repository."""
    folder = Path(tempfile.mkdtemp(prefix=f"warroom-{task.id}-"))
    await make_repository(folder / "repo", task)
    async with Headquarters(settings, home=folder / "home", folder=folder / "repo") as hq:
        posted = await hq.post(new)
        await hq.dispatch(posted.id)
        ended = await hq.wait(posted.id)
        if ended.halted:
            raise SystemExit(f"{task.id}: {ended.reason}")
        return ended, await bills(hq.store, settings)


def solved(task: Task) -> bool:
    """By the graded check, whoever gave it."""
    return task.outcome is not None and task.outcome.accepted


async def main(model: str, names: list[str], *, suite: str, missions: int) -> None:
    """One task after the other."""
    os.environ["ANTHROPIC_API_KEY"] = "scripted"
    graded = {task.id: task for task in load_suite(suite)}
    tasks = [graded[name] for name in names or DEFAULT]
    local = cloud = with_order = without = 0
    for number, task in enumerate(tasks, 1):
        plain, _ = await carried_out(settings_of(model, missions=missions), task, as_posted(task))
        async with scripted(task) as claude:
            settings = settings_of(model, missions=missions, planner=claude.url)
            new = as_posted(task).model_copy(update={"check": None, "orchestrate": True})
            ordered, (bill,) = await carried_out(settings, task, new)
        wrote, paid = (sum(one.used.usage.output for one in bill.of(free=free)) for free in (True, False))
        local, cloud = local + wrote, cloud + paid
        without, with_order = without + solved(plain), with_order + solved(ordered)
        print(
            f"{number:2}/{len(tasks)} {task.id:20} C{task.complexity} without {'solved' if solved(plain) else '-':6} "
            f"with {'solved' if solved(ordered) else '-':6} {wrote} local, {paid} cloud output tokens "
            f"{ordered.seconds:.0f} s{'' if solved(ordered) else '  ' + ordered.reason[:100]}",
            flush=True,
        )
    share = local / (local + cloud) if local + cloud else 0.0
    goal = "reached" if share >= ENOUGH else "missed"
    print(
        f"{model}, {len(tasks)} tasks, {missions} tries: solved without an order {without}, with one {with_order}; "
        f"{share:.0%} of the output tokens were local (goal {ENOUGH:.0%}, {goal})"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("tasks", nargs="*")
    parser.add_argument("--suite", default="standard", help="whose tasks: standard, everyday (held out), or a folder")
    parser.add_argument("--missions", type=int, default=2, help="tries of a task, and of a part")
    said = parser.parse_args()
    asyncio.run(main(said.model, said.tasks, suite=said.suite, missions=said.missions))
