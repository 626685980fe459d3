"""A thing that could be tried: an option of the decision, and the missions it stands for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents.models.prices import FREE, Price
from agents.routing.decision import Odds, Option
from agents.routing.task_odds import Counts, Effort, TaskOdds, counted
from agents.tasks import Arm, Variant, Way


@dataclass(frozen=True)
class Choice:
    """An option of the decision, and the missions it stands for."""

    option: Option
    tier: str
    model: str
    way: Way
    variants: tuple[Variant, ...]
    price: Price | None
    """None: unknown."""
    each: Effort
    """What one of its missions takes."""
    first_way: bool = True
    """The way the tier works in as a rule."""

    @property
    def free(self) -> bool:
        """Its calls cost nothing."""
        return self.price == FREE

    @property
    def arms(self) -> tuple[Arm, ...]:
        """Its missions, each with what it takes; the odds depend on what went before."""
        plain = Arm(
            tier=self.tier,
            model=self.model,
            way=self.way,
            cost_usd=None if self.each.usd is None else round(self.each.usd, 9),
            seconds=round(self.each.seconds, 1),
        )
        return tuple(plain.model_copy(update={"variant": variant}) for variant in self.variants)


def again(first: Choice, variants: tuple[Variant, ...], *, after: str, rounds: int = 0, number: int = 0) -> Choice:
    """More missions of the same tier in the same way, once `after` has failed. A round takes as long as one sample and
    one retry: its samples run beside each other."""
    name = f"{first.tier} {first.way} {variants[0]}" + (f" {number}" if number else "")
    one_after_the_other = 2 * rounds or 1
    option = replace(
        first.option,
        name=name,
        usd=first.option.usd * len(variants),
        seconds=first.option.seconds * one_after_the_other,
        check_seconds=first.option.check_seconds * one_after_the_other,
        after=first.option.after | {after},
        tries=len(variants),
    )
    return replace(first, option=option, variants=variants)


def with_retry(first: Choice, odds: TaskOdds) -> Choice:
    """A tier's first try and its retry as one: the second costs something only where the first failed."""
    if first.variants != (Variant.ONCE,):
        return first
    share = 2 - odds.p(first.model, first.way, first.variants[0], ())
    option = first.option
    option = replace(
        option,
        usd=option.usd * share,
        seconds=option.seconds * share,
        check_seconds=option.check_seconds * share,
        tries=2,
    )
    return replace(first, option=option, variants=(*first.variants, Variant.RETRY))


def odds_over(choices: Sequence[Choice], odds: TaskOdds, before: Sequence[str] = ()) -> Odds:
    """The decision's odds: P(one of the choice's missions is right | these choices failed, and `before` them the
    attempts of these models)."""
    by_name = {choice.option.name: choice for choice in choices}
    counts: dict[frozenset[str], Counts] = {}
    known: dict[tuple[str, Counts], float] = {}

    def p(name: str, failed: frozenset[str]) -> float:
        if failed not in counts:
            models = [one.model for other in failed for one in [by_name[other]] for _ in one.variants]
            counts[failed] = counted([*before, *models])
        key = (name, counts[failed])
        if key not in known:
            known[key] = any_right(by_name[name], odds, key[1])
        return known[key]

    return p


def any_right(choice: Choice, odds: TaskOdds, failed: Counts) -> float:
    """P(one of a choice's missions, one after the other, is right)."""
    missed, of = 1.0, dict(failed)
    for variant in choice.variants:
        missed *= 1 - odds.p_after(choice.model, choice.way, variant, failed)
        of[choice.model] = of.get(choice.model, 0) + 1
        failed = tuple(sorted(of.items()))
    return min(0.999, 1 - missed)
