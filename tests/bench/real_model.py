"""How many graded one-file tasks War Room proves with a real model: `python -m tests.bench.real_model --help`.

OLLAMA_HOST says where it is served. Every task runs through the real engine in a fresh repository of its own; the check
is shown to the agent, as in `warroom run --check`. Prints a line a task (bare: by the very first reply), then
what each kind of try added. The folders stay: their databases hold every message."""

import asyncio
import tempfile
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from random import Random

from agents.headquarters import Headquarters
from agents.proving.demo import as_posted
from agents.proving.graded import GradedTask, load_suite
from agents.proving.ground import make_repository
from agents.settings import Check, Cooldown, Dispatch, Routing, Settings, TierSettings
from agents.settings import Mission as Limits
from agents.tasks import Mission, Outcome


async def main(
    model: str, wanted: list[str], *, suite_name: str, beside: int, free_s: float, missions: int, num_ctx: int = 4096
) -> None:
    """Run the tasks of a suite, `beside` of them at a time."""
    suite = {task.id: task for task in load_suite(suite_name)}
    tasks = [suite[name] for name in wanted] or [task for task in suite.values() if not task.demo]
    if not wanted:
        Random(1).shuffle(tasks)  # a run that is cut short is still a fair sample
    settings = Settings(
        tiers={
            "local": TierSettings(
                provider="ollama", model=model, num_ctx=num_ctx, max_tokens=768, first_byte_s=1800, between_chunks_s=600
            )
        },
        cooldown=Cooldown(rest_s=0, reset_every=0),
        routing=Routing(free_s=free_s, max_missions=missions, explore=0),
        check=Check(timeout_s=30),
        mission=Limits(timeout_s=3600),
        dispatch=Dispatch(stall_s=3600),
    )
    places = asyncio.Semaphore(beside)
    solved_by: Counter[str] = Counter()

    async def run(task: GradedTask) -> None:
        async with places:
            folder = Path(tempfile.mkdtemp(prefix=f"warroom-{task.id}-"))
            missions, seconds = await _one(settings, task, folder)
        last = missions[-1]
        by = f"{last.variant} {last.number}" if last.outcome is Outcome.PROVEN else "unsolved"
        solved_by[by] += 1
        tokens = sum(mission.usage.output for mission in missions)
        read = sum(mission.usage.input for mission in missions)
        steps = sum(mission.steps for mission in missions)
        bare = missions[0].outcome is Outcome.PROVEN and missions[0].steps == 1
        print(
            f"{solved_by.total():2}/{len(tasks)} {task.id:22} C{task.complexity} {task.kind:8} {by:10} "
            f"{'bare' if bare else '    '} {len(missions)} missions {steps} calls "
            f"{read}+{tokens} tokens {seconds:.0f} s",
            flush=True,
        )

    await asyncio.gather(*(run(task) for task in tasks))
    solved = sum(count for by, count in solved_by.items() if by != "unsolved")
    print(f"{model}: proven {solved} of {len(tasks)}; {dict(solved_by)}")


async def _one(settings: Settings, task: GradedTask, folder: Path) -> tuple[list[Mission], float]:
    repo = folder / "repo"
    await make_repository(repo, task)
    async with Headquarters(settings, home=folder / "home", folder=repo) as hq:
        posted = await hq.post(as_posted(task))
        await hq.dispatch(posted.id)
        ended = await hq.wait(posted.id)
        if ended.halted:
            raise SystemExit(ended.reason)
        return await hq.missions(posted.id), ended.seconds


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("tasks", nargs="*")
    parser.add_argument("--suite", default="everyday", help="whose tasks: everyday (held out), standard, or a folder")
    parser.add_argument("--beside", type=int, default=1, help="tasks at a time")
    parser.add_argument("--free-s", type=float, default=600, help="seconds of free tries a task gets")
    parser.add_argument("--missions", type=int, default=24, help="attempts a task gets at most")
    said = parser.parse_args()
    asyncio.run(
        main(
            said.model,
            said.tasks,
            suite_name=said.suite,
            beside=said.beside,
            free_s=said.free_s,
            missions=said.missions,
        )
    )
