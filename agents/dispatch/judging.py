"""Asking the judge how hard a task is: only where its answer could change the plan, and is worth its price."""

from agents.dispatch.council import Adviser, Council
from agents.dispatch.gate import ours
from agents.dispatch.posting import assessed_event
from agents.models.prices import call_price
from agents.refusals import HeadquartersError
from agents.routing.assessment import Assessment
from agents.routing.dual import possible, rate
from agents.routing.judge import judge_question
from agents.routing.situation import Situation
from agents.routing.worth import worth_asking
from agents.settings import Settings
from agents.tasks import NANO, JudgeScore, RulesScore, Task, Usage

QUESTION = Usage(input=1500, output=80)
"""Tokens of one question and its answer, about."""


def price_usd(settings: Settings) -> float | None:
    """What the judge's answer costs; None: there is no judge, or nobody knows its price."""
    tier = settings.tiers.get(settings.routing.judge)
    price = call_price(tier.provider, tier.model, free=tier.free) if tier and tier.enabled else None
    return None if price is None else price.cost_nano(QUESTION) / NANO


def is_worth_asking(task: Task, situation: Situation) -> bool:
    """Whether to ask: there is a judge in reach, nobody was asked yet, and what its answer saves is more than it costs.

    Raises NoTier.
    """
    settings = situation.settings
    in_reach = situation.available is None or settings.routing.judge in situation.available
    price = price_usd(settings) if in_reach else None
    if price is None or task.judge is not None or task.rules is None:
        return False
    levels = possible(task.rules.score)
    return len(levels) > 1 and worth_asking(situation, levels) > price


async def judged(council: Council, task: Task) -> Task:
    """The task with the judge's answer weighed in, stored and told; as it was where none came: that ends nothing.

    Raises Elsewhere when the task is another War Room's by now.
    """
    ground, rules = council.ground, task.rules
    name = ground.settings.routing.judge
    if rules is None:
        return task
    adviser = Adviser(name, ground.settings.tiers[name])
    question = judge_question(task.text, _as_assessed(task, rules), room=adviser.room)
    try:
        verdict, mission = await council.advise(adviser, task, question, commit="", provided=ours(ground.owner))
    except HeadquartersError:
        return task  # its mission says why
    rating = rate(rules.score, verdict.score)
    judge = JudgeScore(score=verdict.score, reason=verdict.reason, tier=name, cost_nano=mission.cost_nano)
    changes = {"complexity": rating.complexity, "assessed_by": rating.source, "judge": judge}
    told = assessed_event(task.model_copy(update=changes), ground.clock.now())
    return await ground.store.save_task(task.id, [told], provided=ours(ground.owner), **changes)


def _as_assessed(task: Task, rules: RulesScore) -> Assessment:
    return Assessment(
        complexity=task.complexity,
        score=rules.score,
        kind=task.kind,
        component=rules.component,
        coordinative=rules.coordinative,
        dynamic=rules.dynamic,
        evidence=rules.evidence,
        language=task.language,
        size=task.size,
    )
