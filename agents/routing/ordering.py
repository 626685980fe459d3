"""The decision rule at work on choices: as the preset wants it, without what adds next to nothing."""

from collections.abc import Sequence

from agents.routing.choice import Choice, any_right, odds_over
from agents.routing.decision import Economics, acceptance, charge, decide, reckon
from agents.routing.economics import MOST_UNSOLVED_USD, TIE_USD_PER_SECOND
from agents.routing.rounds import WORTH_ADDING
from agents.routing.task_odds import TaskOdds, counted


def ordered(
    choices: Sequence[Choice], odds: TaskOdds, economics: Economics, *, free_first: bool, target: float | None = None
) -> list[Choice]:
    """The order of least expected loss, at least one; `target`: V is raised until so many tasks are solved."""
    order = _decided(choices, odds, economics, free_first=free_first)
    while target is not None and economics.unsolved_usd < MOST_UNSOLVED_USD:
        if reckon([one.option for one in order], odds_over(order, odds), economics).solved >= target:
            break
        economics = economics.model_copy(update={"unsolved_usd": max(1.0, economics.unsolved_usd * 4)})
        order = _decided(choices, odds, economics, free_first=free_first)
    return order


def _decided(choices: Sequence[Choice], odds: TaskOdds, economics: Economics, *, free_first: bool) -> list[Choice]:
    """The order of least expected loss; free first, that of the free ones and then that of the others."""
    if not free_first:
        order = _least(choices, odds, economics, ())
        return _worth_it(order, odds) or _best_single(choices, odds, economics)
    free = [choice for choice in choices if choice.free]
    patient = economics.model_copy(update={"second_usd": max(economics.second_usd, TIE_USD_PER_SECOND)})
    order = _least(free, odds, patient, ())
    if order and economics.false_accept == 1:
        return order
    tried = [choice.model for choice in order for _ in choice.variants]
    order += _least([choice for choice in choices if not choice.free], odds, economics, tried)
    return order or _best_single(free or choices, odds, economics)


def _least(choices: Sequence[Choice], odds: TaskOdds, economics: Economics, before: Sequence[str]) -> list[Choice]:
    by_name = {choice.option.name: choice for choice in choices}
    decision = decide([choice.option for choice in choices], odds_over(choices, odds, before), economics)
    return [by_name[name] for name in decision.order]


def _worth_it(order: Sequence[Choice], odds: TaskOdds) -> list[Choice]:
    """`order` without what adds next to nothing, and what can only follow that: a person reads this plan."""
    left_out: set[str] = set()
    kept: list[Choice] = []
    reached, failed = 1.0, list[str]()
    for choice in order:
        p = any_right(choice, odds, counted(failed))
        if choice.option.after & left_out or reached * p < WORTH_ADDING:
            left_out.add(choice.option.name)
            continue
        kept.append(choice)
        reached *= 1 - p
        failed += [choice.model] * len(choice.variants)
    return kept


def _best_single(choices: Sequence[Choice], odds: TaskOdds, economics: Economics) -> list[Choice]:
    """Nothing is worth its charge, but a person wants the task tried: what gives most for it."""

    def rate(choice: Choice) -> float:
        p = odds.p(choice.model, choice.way, choice.variants[0], ())
        return charge(choice.option, p, economics) / acceptance(p, economics, choice.option.tries)

    return [min((choice for choice in choices if not choice.option.after), key=rate)]
