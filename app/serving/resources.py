"""What can be read of a task besides the tools' answers: what was said, what it changed, what its check printed."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import mcp_types as types
from mcp.shared.exceptions import MCPError

from agents.models.chat import Message
from agents.refusals import NotPossible
from agents.sanitize import one_line
from agents.tasks import Mission, Task
from app.commands.report import check_words, mission_kind
from app.serving.rooms import Room, Rooms
from app.serving.rows import safe_text

PAGE = 60_000
"""Characters of a resource that are read at once."""
LISTED = 50
"""Resources on one page of the list."""
_URI = re.compile(r"warroom://task/(\d{1,15})/([a-z]+)(?:\?offset=(\d{1,12}))?")


@dataclass(frozen=True)
class Kind:
    """One thing to read of a task."""

    name: str
    mime: str
    about: str
    there: Callable[[Task], bool]
    text: Callable[[Room, Task], Awaitable[str]]

    def template(self) -> types.ResourceTemplate:
        """As a client is told of it."""
        return types.ResourceTemplate(
            uri_template=f"warroom://task/{{task}}/{self.name}{{?offset}}",
            name=self.name,
            description=self.about,
            mime_type=self.mime,
        )

    def listed(self, task: Task) -> types.Resource:
        """Of one task."""
        return types.Resource(
            uri=f"warroom://task/{task.id}/{self.name}",
            name=f"{task.label} {self.name}",
            title=f"{task.label} {one_line(task.title, 80)}: {self.name}",
            description=self.about,
            mime_type=self.mime,
        )


async def _transcript(room: Room, task: Task) -> str:
    pieces = [f"{task.label} {task.title}\n{task.status}. {task.reason}\n{check_words(task)}"]
    for mission in await room.hq.missions(task.id):
        pieces.append(_head(mission))
        pieces += _said(await room.hq.transcript(mission.id))
    return "\n\n".join(pieces)


def _head(mission: Mission) -> str:
    how = "running" if mission.finished_at is None else str(mission.outcome or "interrupted")
    return (
        f"== {mission.label} {mission.agent} {mission.tier} {mission.model} {mission_kind(mission)}: {how}\n"
        f"{mission.reason}"
    ).rstrip()


def _said(messages: Sequence[Message]) -> list[str]:
    pieces: list[str] = []
    for message in messages:
        calls = [f"calls {call.name} {call.arguments}" for call in message.tool_calls]
        results = [f"{'error of ' if one.is_error else ''}{one.name}:\n{one.content}" for one in message.tool_results]
        pieces.append("\n".join(filter(None, (f"-- {message.role}", message.content, *calls, *results))))
    return pieces


async def _diff(room: Room, task: Task) -> str:
    return await room.hq.diff(task.id)


async def _check(room: Room, task: Task) -> str:
    checks = (("base", task.base_check), ("result", task.result_check))
    return "\n\n".join(f"== on the {name}\n{check.output}" for name, check in checks if check is not None)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("transcript", "text/plain", "What was said in the missions of a task.", lambda _: True, _transcript),
        Kind("diff", "text/x-diff", "What a task's result changes.", lambda task: task.commit is not None, _diff),
        Kind(
            "check",
            "text/plain",
            "What a task's check printed before and after.",
            lambda task: task.base_check is not None or task.result_check is not None,
            _check,
        ),
    )
}


async def listed(rooms: Rooms, cursor: str | None) -> types.ListResourcesResult:
    """What there is to read of the tasks of this repository, the newest first. Raises MCPError for a false cursor."""
    room = await rooms.own()
    tasks = sorted(await room.hq.tasks(), key=lambda task: -task.id)
    found = [kind.listed(task) for task in tasks if task.missions for kind in KINDS.values() if kind.there(task)]
    if not (cursor is None or cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise MCPError(types.INVALID_PARAMS, "there is no such page of the list: begin again without a cursor")
    start = int(cursor or 0)
    more = str(start + LISTED) if start + LISTED < len(found) else None
    return types.ListResourcesResult(resources=found[start : start + LISTED], next_cursor=more)


async def read(rooms: Rooms, uri: str) -> types.ReadResourceResult:
    """A page of a resource. Raises MCPError for one that is not there; UnknownTask, NotPossible."""
    match = _URI.fullmatch(uri)
    kind = KINDS.get(match[2]) if match else None
    if match is None or kind is None:
        raise MCPError(
            types.INVALID_PARAMS,
            f"there is no resource {one_line(uri, 100)}: there are warroom://task/12/transcript, …/diff and …/check",
        )
    room, task = await rooms.of(int(match[1]))
    if not kind.there(task):
        raise NotPossible(f"{task.label} has no {kind.name}: it is {task.status}")
    text, offset = safe_text(await kind.text(room, task)), int(match[3] or 0)
    page, end = text[offset : offset + PAGE], offset + PAGE
    if end < len(text):
        rest = f"warroom://task/{task.id}/{kind.name}?offset={end}"
        page += f"\n[cut: {len(text) - end:,} of {len(text):,} characters follow in {rest}]"
    return types.ReadResourceResult(contents=[types.TextResourceContents(uri=uri, mime_type=kind.mime, text=page)])
