"""One row per policy, from replaying it on every line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from agents.routing.backtest.bootstrap import Blocks, Ratio, Resampled, resample
from agents.routing.backtest.calibration import Prediction, brier, calibration_error, quantile
from agents.routing.backtest.comparing import Side, Standing, compared, differences
from agents.routing.backtest.gap import Scored, areas, calls_for
from agents.routing.backtest.learning import Case, Odds, Studied
from agents.routing.backtest.policies import BASELINES, ORACLE, Policy, by_chance, by_length, made, shares_of
from agents.routing.backtest.replay import Course, Mix, Play, Replayer, course, foresee
from agents.routing.backtest.rows import AtAlpha, Row
from agents.routing.decision import Economics

ALPHAS = (0.0, 0.1, 0.2)
"""Shares of wrong results the check accepts, for which everything is told beside the setting's own."""
LEVEL = 0.95
"""Of the intervals; and of all claims of a report together (Bonferroni's correction)."""


@dataclass(frozen=True)
class Request:
    """What is asked of a backtest."""

    policies: tuple[str, ...]
    """Beside the baselines, which are always there."""
    economics: Economics
    resamples: int = 1000


@dataclass(frozen=True)
class Report:
    """What a backtest found."""

    rows: tuple[Row, ...]
    matched: str
    """The policy whose orders `random` and `length` follow in the same shares."""
    shares: Mix


def judge(studied: Studied, request: Request, random: Random) -> Report:
    """Replay the policies and the baselines; a row each, the baselines first."""
    cases, tiers, economics = studied.cases, studied.outcomes.tiers, request.economics
    chosen = made([name for name in request.policies if name not in BASELINES], tiers)
    reference = chosen[0] if chosen else made(["free-first"], tiers)[0]
    shares = shares_of(reference, cases, economics, tiers)
    policies = (*made(BASELINES, tiers), by_chance(shares), by_length(shares, cases), *chosen)
    bench = _Bench(studied, economics, Blocks(len(cases), random))
    at_alpha = _at_alphas(policies, cases, economics)
    sheets = [bench.sheet(policy, at_alpha[policy.name]) for policy in policies]
    if ORACLE in request.policies:
        sheets.append(bench.oracle_sheet())
    ratios = {_key(sheet.name, name): ratio for sheet in sheets for name, ratio in sheet.ratios.items()}
    resampled = resample(ratios, request.resamples, random)
    claims = sum(len(sheet.compared) for sheet in sheets)
    rows = tuple(sheet.row(resampled, 1 - (1 - LEVEL) / max(1, claims)) for sheet in sheets)
    return Report(rows, reference.name, shares)


@dataclass(frozen=True)
class _Sheet:
    """What a policy's row is made of."""

    name: str
    n: int
    ratios: Mapping[str, Ratio]
    fields: Mapping[str, object]
    compared: Mapping[str, Standing]
    """By what it is compared with."""

    def row(self, resampled: Resampled, level: float) -> Row:
        """`level` is that at which the policy may be said to be better than another one."""
        own = {name: ratio for name, ratio in self.ratios.items() if "." not in name}
        comparisons = {
            against: compared(
                standing, against, self.ratios, lambda name, at: resampled.interval(_key(self.name, name), at), level
            )
            for against, standing in self.compared.items()
        }
        values = {name: ratio.value for name, ratio in own.items()}
        return Row.model_validate(
            {
                "policy": self.name,
                "brier": None,
                **values,
                "ci95": {name: resampled.interval(_key(self.name, name), LEVEL) for name in own},
                "n": self.n,
                **self.fields,
                **comparisons,
            }
        )


class _Bench:
    """Replays policies, and sets their columns beside those of the others."""

    def __init__(self, studied: Studied, economics: Economics, blocks: Blocks) -> None:
        self._cases = studied.cases
        self._tiers = studied.outcomes.tiers
        self._economics = economics
        self._blocks = blocks
        self._replayer = Replayer([case.record for case in self._cases], economics)
        self._oracle_loss = [foresee(case.record, self._tiers)[0].loss(economics) for case in self._cases]
        cheap, strong = made(["always-cheap", "always-strong"], self._tiers)
        self._cheap = self._replayer.plays(cheap.mix(case, economics) for case in self._cases)
        self._strong = self._replayer.plays(strong.mix(case, economics) for case in self._cases)

    def sheet(self, policy: Policy, at_alpha: Mapping[str, AtAlpha]) -> _Sheet:
        """Everything about one policy."""
        mixes = [policy.mix(case, self._economics) for case in self._cases]
        plays = self._replayer.plays(mixes)
        courses = [
            course(case.record, mix, self._economics) if play else None
            for case, mix, play in zip(self._cases, mixes, plays, strict=True)
        ]
        predictions = self._predicted([policy.odds(case) for case in self._cases], courses)
        rates = [case.knowledge.base for case in self._cases]
        own = any(policy.odds(case) is not rate for case, rate in zip(self._cases, rates, strict=True))
        base = self._predicted(rates, courses) if own else predictions
        ratios = self._money(plays)
        error, base_error = self._mean_error(predictions), self._mean_error(base)
        above = [own - rate for own, rate in zip(error.top, base_error.top, strict=True)]
        ratios |= {"brier": error, "brier_above_base": Ratio(above, error.bottom)}
        fields: dict[str, object] = {
            "ece": calibration_error(one for line in predictions for one in line),
            "at_alpha": at_alpha,
            **_times(courses),
        }
        gap = self._gap(policy)
        ratios |= gap.ratios
        fields |= gap.fields
        fields["pgr"] = self._recovered(plays)
        sides: dict[str, Side] = {}
        if policy.name not in {"always-strong", "always-cheap"}:
            sides["vs_strong"] = Side(plays, self._strong)
        if policy.name not in BASELINES or policy.name == "length":
            shares = shares_of(policy, self._cases, self._economics, self._tiers)
            twin = plays if len(shares) == 1 else self._replayer.plays([shares] * len(plays))
            sides["vs_random"] = Side(plays, twin)
        standings: dict[str, Standing] = {}
        for against, side in sides.items():
            ratios |= differences(side, against, self._economics, self._blocks)
            standings[against] = side.standing()
        return _Sheet(policy.name, sum(play is not None for play in plays), ratios, fields, standings)

    def oracle_sheet(self) -> _Sheet:
        """The row of the oracle."""
        foreseen = [foresee(case.record, self._tiers) for case in self._cases]
        money = self._money([play for play, _ in foreseen])
        at = AtAlpha(solved=money["solved"].value, cost_usd=money["cost_usd"].value, wrong_accepted=0.0)
        fields = {"at_alpha": {f"{alpha:g}": at for alpha in ALPHAS}, **_times([way for _, way in foreseen])}
        return _Sheet(ORACLE, len(foreseen), money, fields, {})

    def _predicted(self, odds: Sequence[Odds], courses: Sequence[Course | None]) -> list[list[Prediction]]:
        return [_predictions(known, case, way) for known, case, way in zip(odds, self._cases, courses, strict=True)]

    def _money(self, plays: Sequence[Play | None]) -> dict[str, Ratio]:
        sums = self._blocks.sums
        scored = sums(0.0 if play is None else 1.0 for play in plays)
        solved = sums(play.solved if play else 0.0 for play in plays)
        usd = sums(play.usd if play else 0.0 for play in plays)
        regret = sums(
            play.loss(self._economics) - least if play else 0.0
            for play, least in zip(plays, self._oracle_loss, strict=True)
        )
        return {
            "solved": Ratio(solved, scored),
            "cost_usd": Ratio(usd, scored),
            "usd_per_solved": Ratio(usd, solved),
            "wrong_accepted": Ratio(sums(play.wrong if play else 0.0 for play in plays), scored),
            "regret_usd": Ratio(regret, scored),
        }

    def _mean_error(self, predictions: Sequence[Sequence[Prediction]]) -> Ratio:
        return Ratio(
            self._blocks.sums(sum(brier(one) for one in line) for line in predictions),
            self._blocks.sums(sum(one.weight for one in line) for line in predictions),
        )

    def _gap(self, policy: Policy) -> "_Gap":
        """APGR and CPT of the policy's score, on the lines where both tiers and the score are known."""
        cheap, strong = self._tiers[0], self._tiers[-1]
        places: list[int] = []
        tasks: list[Scored] = []
        for place, case in enumerate(self._cases):
            tried, score = case.record.attempts, policy.score(case)
            if score is not None and cheap in tried and strong in tried:
                places.append(place)
                tasks.append(Scored(score, tried[strong].solves - tried[cheap].solves))
        if sum(task.gain for task in tasks) <= 0:
            return _Gap({}, {})
        parts, gains = [0.0] * len(self._cases), [0.0] * len(self._cases)
        for place, part, task in zip(places, areas(tasks), tasks, strict=True):
            parts[place], gains[place] = part, task.gain
        return _Gap(
            {"apgr": Ratio(self._blocks.sums(parts), self._blocks.sums(gains))},
            {"cpt50": calls_for(tasks, 0.5), "cpt80": calls_for(tasks, 0.8)},
        )

    def _recovered(self, plays: Sequence[Play | None]) -> float | None:
        """PGR: of the gap in what is solved, on lines where it, the cheap and the strong tier are known."""
        own = gap = 0.0
        for play, low, high in zip(plays, self._cheap, self._strong, strict=True):
            if play and low and high:
                own += play.solved - low.solved
                gap += high.solved - low.solved
        return own / gap if gap > 0 else None


def _key(policy: str, figure: str) -> str:
    return f"{policy}\n{figure}"


@dataclass(frozen=True)
class _Gap:
    ratios: Mapping[str, Ratio]
    fields: Mapping[str, float | None]


def _predictions(odds: Odds, case: Case, way: Course | None) -> list[Prediction]:
    attempts = case.record.attempts
    return [
        Prediction(odds[tier, failed], attempts[tier].solves, weight)
        for tier, failed, weight in (way.tried if way else ())
        if (tier, failed) in odds
    ]


def _at_alphas(
    policies: Sequence[Policy], cases: Sequence[Case], economics: Economics
) -> dict[str, dict[str, AtAlpha]]:
    """Every policy with each of the ALPHAS, which it knows."""
    found: dict[str, dict[str, AtAlpha]] = {policy.name: {} for policy in policies}
    for alpha in ALPHAS:
        own = economics.model_copy(update={"false_accept": alpha})
        replayer = Replayer([case.record for case in cases], own)
        for policy in policies:
            plays = [play for play in replayer.plays(policy.mix(case, own) for case in cases) if play]
            n = len(plays)
            found[policy.name][f"{alpha:g}"] = AtAlpha(
                solved=sum(play.solved for play in plays) / n if n else None,
                cost_usd=sum(play.usd for play in plays) / n if n else None,
                wrong_accepted=sum(play.wrong for play in plays) / n if n else None,
            )
    return found


def _times(courses: Sequence[Course | None]) -> dict[str, float | None]:
    ends = [end for way in courses if way for end in way.ends]
    return {"seconds_p50": quantile(ends, 0.5), "seconds_p95": quantile(ends, 0.95)}
