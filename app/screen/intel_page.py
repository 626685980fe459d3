"""Intel as a page: the sections, laid out for a width. Pure functions of what was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from agents.routing.calibration import Verdict
from agents.sanitize import one_line
from app.screen.columns import Piece, cell, joined
from app.screen.intel_data import DAYS_BY_TIER, NAMES
from app.screen.intel_plots import calibration_plot, day_plot
from app.screen.looks import complexity_colour, tier_colour
from app.screen.words import NANO, bar, count, counted, dollars, span

if TYPE_CHECKING:
    from agents.proving.figures import Share
    from agents.routing.calibration import Calibration, Showing
    from agents.store.breakdown import Line
    from app.screen.intel_data import Intel, Sources

TWO_COLUMNS = 110
"""Cells from which sections stand side by side."""
_GAP = 3
_PLOT = 72
_TOOLS = 8
_DAYS = 14
_VERDICTS = {Verdict.BETTER: "$good", Verdict.WORSE: "$bad", Verdict.NO_BETTER: "$warn", Verdict.TOO_FEW: "$info"}
_MARKS = {Verdict.BETTER: "✔+", Verdict.WORSE: "✖x", Verdict.NO_BETTER: "!!", Verdict.TOO_FEW: "??"}

Block = list[Content]


def intel_page(intel: Intel, width: int, *, ascii_only: bool) -> tuple[Block, list[int]]:
    """The page, and the line each section begins at."""
    wide = width >= TWO_COLUMNS
    half = (width - _GAP) // 2 if wide else width
    rows: list[tuple[Block, ...]] = [(_head(intel, width, ascii_only),)]
    if intel.attempts:
        rows += _paired(
            wide,
            _section("SUCCESS BY TIER", _shares(intel, half, ascii_only)),
            _section("SUCCESS BY COMPLEXITY", _levels(intel, half, ascii_only)),
        )
        rows += _paired(
            wide,
            _section("CALIBRATION  observed by predicted", _calibration(intel.calibration, half, ascii_only)),
            _section("ODDS BY MODEL", _models(intel.calibration, half)),
        )
    rows += _paired(
        wide,
        _section("COST BY TIER", _costs(intel, half, ascii_only)),
        _section("COST BY DAY AND TIER  (UTC)", _days(intel, half, ascii_only)),
    )
    rows.append((_section("SLOWEST TOOLS", _tools(intel, half)),))
    lines: Block = []
    starts = []
    for row in rows:
        lines += [Content("")] if lines else []
        starts.append(len(lines))
        lines += row[0] if len(row) == 1 else _beside(row[0], row[1], half)
    return lines, starts


def _paired(wide: bool, left: Block, right: Block) -> list[tuple[Block, ...]]:
    return [(left, right)] if wide else [(left,), (right,)]


def _beside(left: Block, right: Block, half: int) -> Block:
    tall = max(len(left), len(right))
    left, right = ([*block, *[Content("")] * (tall - len(block))] for block in (left, right))
    return [joined(cell(one, half), " " * _GAP, other) for one, other in zip(left, right, strict=True)]


def _section(title: str, lines: Block) -> Block:
    return [Content.styled(title, "bold $loud"), *lines]


def _quiet(text: str, width: int) -> Block:
    return Content.styled(text, "$quiet").wrap(max(1, width))


# What was tried


def whose_words(whose: Sources) -> str:
    """Whose attempts they are, as a person says it."""
    return " and ".join(NAMES[one] for one in whose)


def _head(intel: Intel, width: int, ascii_only: bool) -> Block:
    others = ", ".join(f"{n} of {NAMES[one]}" for one, n in intel.counts.items() if one not in intel.whose)
    left_out = f"  Left out: {others} (f)." if others else ""
    said = f"{counted(intel.attempts, 'checked attempt')} of {whose_words(intel.whose)}.{left_out}"
    if not intel.attempts:
        whose = whose_words(intel.whose)
        none = f"No checked attempts of {whose} yet: dispatch a task with a check, or run `warroom prove`."
        return [*Content.styled(none, "$warn").wrap(width), *(_quiet(left_out.strip(), width) if others else [])]
    verdict = intel.calibration.verdict
    mark = _MARKS[verdict][1 if ascii_only else 0]
    words = Content.styled(f"{mark} {intel.calibration.words}", f"bold {_VERDICTS[verdict]}")
    return [*words.wrap(width), *_quiet(said, width)]


def _shares(intel: Intel, width: int, ascii_only: bool) -> Block:
    return [
        _share((one_line(tier, 12), tier_colour(tier)), found, width, ascii_only) for tier, found in intel.tiers.items()
    ]


def _levels(intel: Intel, width: int, ascii_only: bool) -> Block:
    return [
        _share((f"C{level}", complexity_colour(level)), found, width, ascii_only)
        for level, found in intel.complexities.items()
    ]


def _share(name: tuple[str, str], found: Share, width: int, ascii_only: bool) -> Content:
    """Name, the interval drawn from 0 to 1, the share in figures."""
    figures = f" {found.share:.2f} ({found.low:.2f} to {found.high:.2f}) {found.solved} of {found.n}"
    room = max(8, min(40, width - 13 - len(figures)))
    at, low, high = (min(room - 1, round(value * (room - 1))) for value in (found.share, found.low, found.high))
    point, reach, empty = ("O", "=", ".") if ascii_only else ("●", "━", "·")
    return joined(
        cell(name, 12),
        " ",
        (empty * low, "$quiet"),
        (reach * (at - low), "$info"),
        (point, "bold $loud"),
        (reach * (high - at), "$info"),
        (empty * (room - 1 - high), "$quiet"),
        figures,
    ).truncate(width, ellipsis=True)


# The odds


def _calibration(found: Calibration, width: int, ascii_only: bool) -> Block:
    if not found.bins:
        return _quiet("No attempt was given odds before it was made.", width)
    lines = calibration_plot(found.bins, min(width, _PLOT), 15, ascii_only=ascii_only)
    point, reach = ("O", ":") if ascii_only else ("●", "┃")
    ece = f"  ECE {found.ece:.3f}." if found.ece is not None else ""
    missing = f"  {counted(found.unpredicted, 'attempt')} had no odds." if found.unpredicted else ""
    legend = f"{point} share that succeeded, {reach} its 95 % interval; on the dots the odds are exact.{ece}{missing}"
    return [*lines, *_quiet(legend, width)]


def _models(found: Calibration, width: int) -> Block:
    if found.overall is None:
        return _quiet("Nothing to compare yet.", width)
    name = max(12, min(28, width - 37))
    head = Content.styled(f"{'model':{name}} odds  came   n  Brier  base rate's", "$quiet").truncate(width)
    rows = [_showing(one, one_line(one.name, 60), name, width) for one in found.models]
    if len(rows) > 1:
        rows.append(_showing(found.overall, "all", name, width))
    note = "odds: the mean predicted; came: the share that succeeded; Brier: mean squared error, less is better."
    return [head, *rows, *_quiet(note, width)]


def _showing(one: Showing, label: str, name: int, width: int) -> Content:
    colour = "$good" if one.brier < one.base_brier else "$warn"
    return joined(
        cell((label, "$info"), name),
        f" {one.predicted:.2f}  {one.observed.share:.2f} {one.observed.n:4}  ",
        (f"{one.brier:.3f}", colour),
        f"  {one.base_brier:.3f}",
    ).truncate(width, ellipsis=True)


# Money and time


def _costs(intel: Intel, width: int, ascii_only: bool) -> Block:
    if not intel.total.calls:
        return _quiet("No model was called yet.", width)
    top = max((line.known_nano for line in intel.tier_costs), default=0)
    rows = [_cost(line, top, width, ascii_only) for line in intel.tier_costs]
    saved = f"spent {_spent(intel.total)}, saved est. {dollars(intel.total.saved_nano)}"
    note = " Saved is an estimate: free work at the price of the tier it would have gone to."
    return [*rows, joined((saved, "bold")), *_quiet(note.strip(), width)]


def _cost(line: Line, top: int, width: int, ascii_only: bool) -> Content:
    tier = one_line(str(line.key), 12)
    tokens = f"{count(line.usage.prompt)} in, {count(line.usage.output)} out"
    drawn: Piece = (bar(line.known_nano / top if top else 0.0, 8, ascii_only=ascii_only), "$info")
    return joined(
        cell((tier, tier_colour(tier)), 12), " ", drawn, f" {_spent(line):>9}  {counted(line.calls, 'call')}  {tokens}"
    ).truncate(width, ellipsis=True)


def _spent(line: Line) -> str:
    if not line.unknown_calls:
        return dollars(line.known_nano)
    return f"{dollars(line.known_nano)} + n/a" if line.known_nano else "n/a"


def _days(intel: Intel, width: int, ascii_only: bool) -> Block:
    days = intel.days
    if not days:
        return _quiet("No model was called yet.", width)
    shown = days[-max(1, min(_DAYS, (width - 8) // 7)) :]
    plot: Block = []
    if len(shown) > 1 and any(line.known_nano for line in shown):
        money = [(str(line.key)[5:], line.known_nano / NANO) for line in shown]
        plot = day_plot(money, min(width, _PLOT), 9, ascii_only=ascii_only)
    rows = [_day(line, intel.tiers_of_days[str(line.key)], width) for line in reversed(shown[-DAYS_BY_TIER:])]
    earlier = len(days) - min(DAYS_BY_TIER, len(shown))
    return [*plot, *rows, *(_quiet(f"{earlier} earlier: `warroom costs` lists them.", width) if earlier > 0 else [])]


def _day(line: Line, tiers: Sequence[Line], width: int) -> Content:
    pieces: list[Piece] = [f"{line.key}  {_spent(line):>9}  ", (counted(line.calls, "call"), "$quiet")]
    for one in tiers:
        tier = one_line(str(one.key), 12)
        pieces += ["  ", (tier, tier_colour(tier)), f" {_spent(one)}"]
    return joined(*pieces).truncate(width, ellipsis=True)


def _tools(intel: Intel, width: int) -> Block:
    if not intel.tools:
        return _quiet("No tool was used yet: a task worked on in the loop uses them.", width)
    head = Content.styled(f"{'tool':16} calls  failed   median      p95", "$quiet").truncate(width)
    rows = [
        joined(
            cell((one_line(one.tool, 30), "$info"), 16),
            f" {one.count:5}  ",
            (f"{one.failed:6}", "$bad" if one.failed else "$quiet"),
            f" {span(one.median):>8} {span(one.p95):>8}",
        ).truncate(width)
        for one in intel.tools[:_TOOLS]
    ]
    more = len(intel.tools) - _TOOLS
    return [head, *rows, *(_quiet(f"{more} faster ones.", width) if more > 0 else [])]
