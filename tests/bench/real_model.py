"""How many graded one-file tasks War Room proves with a real model: `python -m tests.bench.real_model NAME [ID…]`.

OLLAMA_HOST says where it is served. Every task runs through the real engine in a fresh repository of its own; the check
is shown to the agent, as in `warroom run --check`. Prints a line a task, then what each kind of try added."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

from agents.headquarters import Headquarters
from agents.proving.demo import as_posted
from agents.proving.graded import GradedTask, load_suite
from agents.settings import Cooldown, Settings, TierSettings
from agents.tasks import Mission, Outcome


async def main(model: str, wanted: list[str], num_ctx: int = 8192) -> None:
    """Run the tasks one after the other."""
    suite = {task.id: task for task in load_suite()}
    tasks = [suite[name] for name in wanted] or [task for task in suite.values() if not task.demo]
    if not wanted:
        Random(1).shuffle(tasks)  # a run that is cut short is still a fair sample
    settings = Settings(
        tiers={"local": TierSettings(provider="ollama", model=model, num_ctx=num_ctx, max_tokens=768)},
        cooldown=Cooldown(rest_s=0, reset_every=0),
    )
    solved_by: Counter[str] = Counter()
    for number, task in enumerate(tasks, 1):
        folder = Path(tempfile.mkdtemp(prefix=f"warroom-{task.id}-"))
        missions, seconds = await _one(settings, task, folder)
        last = missions[-1]
        proven = last.outcome is Outcome.PROVEN
        if proven:  # the others stay, to be looked at
            await asyncio.to_thread(shutil.rmtree, folder)
        by = f"{last.variant} {last.number}" if proven else "unsolved"
        solved_by[by] += 1
        tokens = sum(mission.usage.output for mission in missions)
        steps = sum(mission.steps for mission in missions)
        print(
            f"{number:2}/{len(tasks)} {task.id:22} C{task.complexity} {task.kind:8} {by:10} "
            f"{len(missions)} missions {steps} calls {tokens} tokens {seconds:.0f} s",
            flush=True,
        )
    solved = sum(count for by, count in solved_by.items() if by != "unsolved")
    print(f"{model}: proven {solved} of {len(tasks)}; {dict(solved_by)}")


async def _one(settings: Settings, task: GradedTask, folder: Path) -> tuple[list[Mission], float]:
    repo = folder / "repo"
    await asyncio.to_thread(_make, repo, task)
    async with Headquarters(settings, home=folder / "home", folder=repo) as hq:
        posted = await hq.post(as_posted(task))
        await hq.dispatch(posted.id)
        ended = await hq.wait(posted.id)
        if ended.halted:
            raise SystemExit(ended.reason)
        return await hq.missions(posted.id), ended.seconds


def _make(repo: Path, task: GradedTask) -> None:
    repo.mkdir()
    for name, content in task.base.items():
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text(content)
    who = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for command in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", "-C", str(repo), *command], check=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
