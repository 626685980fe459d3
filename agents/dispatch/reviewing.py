"""Reviews: a stronger model reads a result's diff. What it finds is advice: only the person, or a setting of theirs,
sends a result back, and no word of it changes an outcome."""

import asyncio
import contextlib
from functools import partial

from agents.dispatch.council import Council
from agents.events import TaskReviewed
from agents.missions.mission import being_cancelled
from agents.missions.review import Verdict, review_question
from agents.refusals import HeadquartersError, NotPossible
from agents.sanitize import one_line
from agents.settings import Settings, TierSettings
from agents.store import Store
from agents.tasks import Mission, Review, Role, Task, TaskStatus, Variant
from agents.workspace import WorkspaceError

COMMENT_LIMIT = 6000
"""Characters of a comment made of findings: an agent's window is smaller than a reviewer's patience."""


async def review(council: Council, task: Task) -> Task:
    """Have the result of `task` reviewed; the task with its review.

    Raises NotPossible when there is no result in review, NoAdviser, NoAdvice, NoFunds.
    """
    return await council.hold(task, _review(council, task))


async def _review(council: Council, task: Task) -> Task:
    ground = council.ground
    base, commit = _require_result(task)
    await council.require_unasked(Role.REVIEW, task)
    adviser = await council.adviser(Role.REVIEW, task)
    try:
        diff = await ground.repository.diff(base, commit)
        files = await ground.repository.files_changed(base, commit)
    except WorkspaceError as error:
        if being_cancelled():
            raise asyncio.CancelledError from error
        raise NotPossible(f"{task.label} was not reviewed: its result cannot be read. {error}") from error

    def in_review(now: Task) -> None:
        _require_same(task, now)
        _require_result(now)

    question = await asyncio.to_thread(review_question, task, diff, files, room=adviser.room)
    verdict, mission = await council.advise(adviser, task, question, commit=commit, provided=in_review)
    found = _as_review(verdict, mission)
    told = TaskReviewed(
        at=found.at,
        task=task.id,
        mission=mission.id,
        agent=mission.agent,
        tier=found.tier,
        model=found.model,
        approves=found.approves,
        summary=found.summary,
        findings=len(found.findings),
    )
    return await ground.store.save_task(task.id, [told], provided=partial(_require_same, task), review=found)


def _as_review(verdict: Verdict, mission: Mission) -> Review:
    return Review(
        commit=mission.start_commit,
        tier=mission.tier,
        model=one_line(mission.model, 80),
        approves=verdict.approves,
        summary=verdict.summary,
        findings=verdict.findings,
        cost_nano=mission.cost_nano,
        at=mission.finished_at or mission.started_at,
    )


def _require_result(task: Task) -> tuple[str, str]:
    """The base and the commit in review. Raises NotPossible."""
    if task.status is not TaskStatus.REVIEW or not task.commit or not task.base_commit:
        raise NotPossible(f"{task.label} is {task.status}: only a result that waits for review can be reviewed")
    return task.base_commit, task.commit


async def due_for_review(store: Store, settings: Settings, task: Task) -> bool:
    """Whether the result `task` came to rest with is the so-manyth of the free tiers in its repository. One that was
    orchestrated has had its reviewer.

    Counted over the missions that brought a result, in the order they ended, so a result is due or not whoever asks
    and however often; results sent back or thrown away since count too.
    """
    every = settings.dispatch.review_every
    free = [name for name, tier in settings.tiers.items() if is_free(tier)]
    if not every or task.status is not TaskStatus.REVIEW or not task.commit or task.tier_used not in free:
        return False
    code = [mission for mission in await store.missions(task.id) if mission.role is Role.CODE]
    if code and code[-1].variant is Variant.ORCHESTRATED:
        return False
    return bool(code) and await store.results(task.repo, tiers=free, until=code[-1]) % every == 0


def is_free(tier: TierSettings) -> bool:
    """Whether calls to the tier cost nothing."""
    return tier.provider != "anthropic" or tier.free


async def review_by_itself(council: Council, task: Task) -> None:
    """Review without being asked. When that cannot be done the result says so, and nothing else comes of it."""
    try:
        await _review(council, task)
    except HeadquartersError as error:
        said = one_line(f"it was due for a review, but {error}", 300)
        with contextlib.suppress(NotPossible):
            await council.ground.store.save_task(
                task.id, provided=partial(_require_same, task), warnings=tuple(dict.fromkeys((*task.warnings, said)))
            )


def _require_same(task: Task, now: Task) -> None:
    """Raises NotPossible when `now` has not the result that `task` had."""
    if now.commit is None or now.commit != task.commit:
        raise NotPossible(f"{now.label} was not reviewed: its result is another by now, or gone")


def findings_as_comment(task: Task, comment: str = "") -> str:
    """What an agent is told that does the task again: what the person says, then what the review found.

    Raises NotPossible when the present result was not reviewed.
    """
    found = task.present_review
    if found is None:
        raise NotPossible(f"{task.label} has no review of its present result: `warroom review {task.label}` makes one")
    lines = [comment.strip(), "A reviewer read the result that was sent back.", found.summary]
    for finding in found.findings:
        where = finding.path + (f":{finding.line}" if finding.line else "")
        lines.append(f"- {finding.severity}{f' in {where}' if where else ''}: {finding.text}")
    text = "\n".join(line for line in lines if line)
    return text if len(text) <= COMMENT_LIMIT else text[:COMMENT_LIMIT].rpartition("\n")[0]
