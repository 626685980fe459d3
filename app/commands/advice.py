"""What planners and reviewers said, for people and for programs; and how a command waits for them."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from agents.sanitize import one_line
from agents.tasks import Finding, Review, Task
from app.commands.console import paint, put, put_painted, say
from app.commands.opening import headquarters
from app.commands.report import row, usd
from app.commands.watching import shower, watched
from app.screen.words import counted, dollars

if TYPE_CHECKING:
    from agents.headquarters import Headquarters

T = TypeVar("T")

_STYLES = {"error": "red", "warning": "yellow", "note": "dim"}


async def waited_for(folder: Path, task_id: int, ask: "Callable[[Headquarters], Awaitable[T]]", *, quiet: bool) -> T:
    """Ask the engine on `folder` for something about a task, telling what happens meanwhile unless `quiet`.

    Raises what the engine raises, and watching.Interrupted.
    """
    async with headquarters(folder) as hq:
        await hq.task(task_id)
        answers: list[T] = []

        async def work() -> None:
            answers.append(await ask(hq))

        await watched(hq, (lambda event: None) if quiet else shower(as_json=False, verbose=False), work, {task_id})
        return answers[0]


def review_lines(review: Review) -> list[tuple[str, str]]:
    """The review as lines with their styles: the verdict, then each finding with its place."""
    word, style = ("approves", "green") if review.approves else ("does not approve", "red")
    found = counted(len(review.findings), "finding") if review.findings else "nothing found"
    by = f"{review.tier} {one_line(review.model, 60)}, {dollars(review.cost_nano)}"
    head = f"Review by {by}: {word}, {found}. {one_line(review.summary, 1000)}"
    return [(head, style), *((f"  {finding_line(finding)}", _STYLES[finding.severity]) for finding in review.findings)]


def finding_line(finding: Finding) -> str:
    """`slug.py:4 warning: what is wrong`."""
    place = one_line(finding.path, 200) + (f":{finding.line}" if finding.line else "")
    return f"{place} {finding.severity}: {one_line(finding.text, 1000)}".strip()


def put_review(task: Task) -> None:
    """Print the review of the present result, if there is one, on stdout."""
    for line, style in review_lines(task.present_review) if task.present_review else ():
        put_painted(paint(line, style))


def say_review(task: Task) -> None:
    """The same as narration, where stdout is for programs."""
    for line, style in review_lines(task.present_review) if task.present_review else ():
        say(line, style)


def review_row(task: Task) -> dict[str, Any]:
    """The review as a line of JSON."""
    review = task.present_review
    if review is None:
        return {"task": task.id, "review": None}
    more = review.model_dump(mode="json", exclude={"cost_nano"})
    return {"task": task.id, **more, "cost_usd": usd(review.cost_nano)}


def put_parts(parts: Sequence[Task]) -> None:
    """Print the parts of a split task: what each is to do, what it waits for, how it is checked."""
    own = {part.id for part in parts}
    for part in parts:
        after = ", ".join(f"T{number}" for number in part.depends_on if number in own)
        needs = f", after {after}" if after else ""
        state = part.status.replace("_", " ")
        put_painted(f"{paint(part.label, 'bold')} C{part.complexity} {state}{needs}  {one_line(part.title, 200)}")
        if part.brief:
            put("\n".join(f"    {line}" for line in part.brief.splitlines()))
        put(f"    check   {one_line(part.check, 300)}" if part.check else "    check   none of its own")


def part_row(part: Task) -> dict[str, Any]:
    """A part as a line of JSON: a row of the board, and what it is to do."""
    more = {"parent": part.parent, "depends_on": part.depends_on, "brief": part.brief, "check": part.check}
    return {**row(part), **more}
