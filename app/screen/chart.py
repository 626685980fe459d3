"""The radar drawn: lanes from left to right, agents joined to their tasks by a line, tasks on their way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from textual.content import Content

from app.screen.canvas import Canvas
from app.screen.lanes import LANES, Blip, Lane, Scene, Unit, agent_mark
from app.screen.swarm import Area, crowd, dots

Place = tuple[int, int]
_WEIGHTS: Mapping[Lane, int] = {"BOARD": 3, "FIELD": 4, "CHECK": 3, "DONE": 3}
_NAMED = 16
"""Cells of a lane from which on tasks and agents are named."""
_LABELLED = 6
_GAPS = 56
"""Cells of the whole map from which on there is air beside the borders."""
_CALLSIGN = 11
_COMPACT = 3


@dataclass(frozen=True, slots=True)
class Motion:
    """A task on its way from another lane: where it came from, and how far it is, 0 to 1."""

    start: Place
    progress: float


@dataclass(frozen=True, slots=True)
class Picture:
    """The radar's lines, where each task stands on it, and how many tasks a dot of a crowd stands for."""

    lines: list[Content]
    places: dict[int, Place] = field(default_factory=dict)
    scale: int = 1


class _Pen:
    """What every lane's drawing needs. `places` and `scale` grow as the lanes are drawn."""

    def __init__(self, canvas: Canvas, ascii_only: bool, pulses: frozenset[int]) -> None:
        self.canvas = canvas
        self.ascii_only = ascii_only
        self.pulses = pulses
        self.places: dict[int, Place] = {}
        self.scale = 1

    def style(self, blip: Blip) -> str:
        return f"reverse {blip.look.colour}" if blip.task in self.pulses else blip.look.colour

    def blip(self, blip: Blip, x: int, y: int, room: int) -> None:
        """The glyph, its label and, with room to read it, its title."""
        self.canvas.put(x, y, blip.look.mark(self.ascii_only), self.style(blip))
        self.places[blip.task] = (x, y)
        if room >= len(blip.label) + 2:
            self.canvas.put(x + 2, y, blip.label)
        if room >= _NAMED - 2:
            left = room - len(blip.label) - 3
            title = Content(blip.title).truncate(left, ellipsis=True).plain
            self.canvas.put(x + 3 + len(blip.label), y, title, "$quiet", room=left)


def chart(
    scene: Scene,
    width: int,
    height: int,
    *,
    ascii_only: bool = False,
    motions: Mapping[int, Motion] | None = None,
    pulses: frozenset[int] = frozenset(),
) -> Picture:
    """The lanes in `width` by `height` cells; `pulses` are tasks to light up."""
    if width < 4 or height < 1:
        return Picture([])
    pen = _Pen(Canvas(width, height), ascii_only, pulses)
    columns = _columns(width)
    top = _headings(pen, columns, scene, height)
    areas = {lane: Area(x, room, top, height) for lane, (x, room) in columns.items()}
    _board(pen, areas["BOARD"], scene.lanes["BOARD"])
    _field(pen, areas, scene)
    _board(pen, areas["DONE"], scene.lanes["DONE"])
    _move(pen, scene, motions or {})
    _ground(pen, columns, top)
    seen = {
        task: (x, y) for task, (x, y) in pen.places.items() if x < width and y < height
    }  # in 4 cells a lane has none
    return Picture(pen.canvas.lines(), seen, pen.scale)


def _columns(width: int) -> dict[Lane, tuple[int, int]]:
    """Where each lane begins and how many cells it has; the cells between two are a border and, with room, gaps."""
    total, gap = sum(_WEIGHTS.values()), 1 if width >= _GAPS else 0
    edges, passed = [0], 0
    for lane in LANES:
        passed += _WEIGHTS[lane]
        edges.append(width * passed // total)
    starts = [edge + (1 + gap if edge else 0) for edge in edges[:-1]]
    ends = [edge - gap for edge in edges[1:-1]] + [width]
    return {lane: (start, max(1, end - start)) for lane, start, end in zip(LANES, starts, ends, strict=True)}


def _headings(pen: _Pen, columns: Mapping[Lane, Place], scene: Scene, height: int) -> int:
    """Names and counts, on one row where they fit, else on two; returns the first row below."""
    counts = {lane: str(len(scene.lanes[lane])) for lane in LANES}
    one_row = all(len(lane) + 1 + len(counts[lane]) <= room for lane, (_, room) in columns.items())
    for lane, (x, room) in columns.items():
        style = "bold $info" if scene.lanes[lane] else "$quiet"
        if one_row or height >= 6:
            pen.canvas.put(x, 0, lane, style, room=room)
        if one_row:
            pen.canvas.put(x + len(lane) + 1, 0, counts[lane], "bold" if scene.lanes[lane] else "$quiet")
        elif height >= 6:
            pen.canvas.put(x, 1, counts[lane], "bold" if scene.lanes[lane] else "$quiet", room=room)
        else:
            pen.canvas.put(x, 0, f"{lane[: max(1, room - len(counts[lane]) - 1)]} {counts[lane]}", style, room=room)
    return 1 if one_row or height < 6 else 2


def _board(pen: _Pen, area: Area, blips: Sequence[Blip]) -> None:
    """A lane of tasks nobody is at: named, else as dots, else as a crowd."""
    if area.width >= _NAMED:
        shown = blips if len(blips) <= area.rows else blips[: max(0, area.rows - 1)]
        for y, blip in enumerate(shown, area.top):
            pen.blip(blip, area.x, y, area.width)
        if len(shown) < len(blips) and area.rows:
            pen.canvas.put(area.x, area.bottom - 1, f"+{len(blips) - len(shown)} more", "$quiet", room=area.width)
        return
    placed = dots(pen.canvas, area, blips, ascii_only=pen.ascii_only, pulses=pen.pulses)
    if placed is None:
        pen.scale = max(pen.scale, crowd(pen.canvas, area, blips, ascii_only=pen.ascii_only))
    else:
        pen.places |= placed


def _field(pen: _Pen, areas: Mapping[Lane, Area], scene: Scene) -> None:
    """Agents in the field, each joined to its task, here or where it is checked; then who waits; then the base."""
    area, check = areas["FIELD"], areas["CHECK"]
    checked = [blip for blip in scene.lanes["CHECK"] if blip.agent]
    manned = [*checked, *(blip for blip in scene.lanes["FIELD"] if blip.agent)]
    waiting = [blip for blip in scene.lanes["FIELD"] if not blip.agent]
    reviews = [blip for blip in scene.lanes["CHECK"] if not blip.agent]
    base_rows = _base(pen, area, scene.base, len(manned) + len(waiting))
    bottom = area.bottom - base_rows
    if len(manned) + len(waiting) > bottom - area.top:
        _compact(pen, Area(area.x, area.width, area.top, bottom), [*manned[len(checked) :], *waiting])
        _board(pen, check, [*checked, *reviews])
        return
    y = area.top
    for blip in manned:
        _joined(pen, area, check, blip, y)
        y += 1
    for blip in waiting:
        pen.blip(blip, area.x, y, area.width)
        y += 1
    below = Area(check.x, check.width, check.top + len(checked), check.bottom)
    if len(reviews) <= below.rows and below.width >= _LABELLED:
        for row, blip in enumerate(reviews, below.top):
            pen.blip(blip, below.x, row, below.width)
    else:
        _board(pen, below, reviews)


def _joined(pen: _Pen, area: Area, check: Area, blip: Blip, y: int) -> None:
    """`▲┄┄◐ T2`: an agent and its task."""
    named = area.width >= _NAMED
    pen.canvas.put(area.x, y, agent_mark(pen.ascii_only), blip.look.colour)
    begin = area.x + 1
    if named:
        callsign = Content(blip.agent).truncate(_CALLSIGN - 2, ellipsis=True).plain
        pen.canvas.put(area.x + 2, y, callsign)
        begin = area.x + 3 + Content(callsign).cell_length
    room = min(3, max(1, area.width - len(blip.label) - 3)) if not named else _CALLSIGN + 3
    target = check.x if blip.lane == "CHECK" else area.x + room
    pen.canvas.put(begin, y, ("-" if pen.ascii_only else "┄") * (target - begin), "$quiet")
    end = check if blip.lane == "CHECK" else area
    pen.blip(blip, target, y, end.x + end.width - target)


def _compact(pen: _Pen, area: Area, blips: Sequence[Blip]) -> None:
    """More agents than rows: pairs of agent and task side by side, and how many more there are."""
    in_row = max(1, area.width // _COMPACT)
    fit = in_row * area.rows
    shown = blips if len(blips) <= fit else blips[: max(0, fit - in_row)]
    for index, blip in enumerate(shown):
        x, y = area.x + index % in_row * _COMPACT, area.top + index // in_row
        if blip.agent:
            pen.canvas.put(x, y, agent_mark(pen.ascii_only), blip.look.colour)
        pen.canvas.put(x + 1, y, blip.look.mark(pen.ascii_only), pen.style(blip))
        pen.places[blip.task] = (x + 1, y)
    if len(shown) < len(blips) and area.rows:
        pen.canvas.put(area.x, area.bottom - 1, f"+{len(blips) - len(shown)}", "$quiet", room=area.width)


def _base(pen: _Pen, area: Area, base: Sequence[Unit], taken: int) -> int:
    """Agents that are not out, along the bottom of the field while it has rows to spare; returns how many rows."""
    named = area.width >= _NAMED
    rows = len(base) if named else min(1, len(base))
    if not base or area.rows < taken + rows + 1:
        return 0
    step = 2 if len(base) * 2 <= area.width + 1 else 1
    for index, unit in enumerate(base):
        if named:
            y = area.bottom - rows + index
            named_unit = f"{unit.look.mark(pen.ascii_only)} {unit.callsign}".ljust(12)
            pen.canvas.put(area.x, y, named_unit, unit.look.colour, room=12)
            pen.canvas.put(area.x + 12, y, unit.look.word.lower(), "$quiet", room=area.width - 12)
        elif index * step < area.width:
            pen.canvas.put(area.x + index * step, area.bottom - 1, unit.look.mark(pen.ascii_only), unit.look.colour)
    return rows


def _move(pen: _Pen, scene: Scene, motions: Mapping[int, Motion]) -> None:
    """Tasks on their way: the glyph part of the way, a trail behind it, nothing yet where it will be."""
    moving = {blip.task: blip for lane in LANES for blip in scene.lanes[lane] if blip.task in motions}
    for task, blip in moving.items():
        end, motion = pen.places.get(task), motions[task]
        if end is None:
            continue
        length = max(abs(end[0] - motion.start[0]), abs(end[1] - motion.start[1]), 1)
        reached = min(length, round(length * motion.progress))
        path = [_between(motion.start, end, step / length) for step in range(reached + 1)]
        if reached < length:
            pen.canvas.put(*end, "." if pen.ascii_only else "·", "$quiet")
        for x, y in path[:-1]:
            if pen.canvas.blank(x, y):
                pen.canvas.put(x, y, "." if pen.ascii_only else "·", blip.look.colour)
        pen.canvas.put(*path[-1], blip.look.mark(pen.ascii_only), f"bold reverse {blip.look.colour}")


def _between(start: Place, end: Place, share: float) -> Place:
    return round(start[0] + (end[0] - start[0]) * share), round(start[1] + (end[1] - start[1]) * share)


def _ground(pen: _Pen, columns: Mapping[Lane, Place], top: int) -> None:
    """The borders of the lanes, where nothing crosses them, and a faint grid where nothing is."""
    gap = 2 if pen.canvas.width >= _GAPS else 1
    for x, _ in list(columns.values())[1:]:
        for y in range(pen.canvas.height):
            if pen.canvas.blank(x - gap, y):
                pen.canvas.put(x - gap, y, "|" if pen.ascii_only else "┊", "$frame")
    if pen.ascii_only:  # a grid of the same dots as a crowd's would be read as tasks
        return
    for y in range(top + 1, pen.canvas.height, 2):
        for x in range(2, pen.canvas.width, 4):
            if all(pen.canvas.blank(near, y) for near in (x - 1, x, x + 1)):
                pen.canvas.put(x, y, "·", "$frame")
