"""The MCP server: the official package's, with our tools and resources, and an answer to everything that goes wrong."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from agents.sanitize import one_line, sanitize
from app.commands.failures import code_of, told
from app.serving import resources
from app.serving.arguments import BadArguments, read
from app.serving.dispatching import Call
from app.serving.rooms import Rooms
from app.serving.rows import safe
from app.serving.tools import INSTRUCTIONS, TOOLS

Context = ServerRequestContext[Any, Any]


class Desk:
    """Takes the calls of one client."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._calls: dict[str, Call] = {}

    def server(self) -> Server[Any]:
        """The server that answers with this desk."""
        from warroom import __version__

        return Server(
            "warroom",
            version=__version__,
            title="War Room",
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
        )

    def cancelled(self, request: str, reason: str) -> None:
        """The client takes a call back."""
        if call := self._calls.get(request):
            call.cancelled(reason)

    def waits(self, request: str) -> bool:
        """Whether a call waits for a task, however long that takes."""
        return request in self._calls and self._calls[request].waits

    async def _list_tools(self, context: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[tool.listed() for tool in TOOLS.values()])

    async def _list_resources(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        with _errors_told():
            return await resources.listed(self._rooms, params.cursor if params else None)

    async def _list_templates(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(
            resource_templates=[kind.template() for kind in resources.KINDS.values()]
        )

    async def _read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        with _errors_told():
            return await resources.read(self._rooms, str(params.uri))

    async def _call_tool(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = TOOLS.get(params.name)
        if tool is None:
            name = one_line(params.name, 60)
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {name!r}: the tools are {', '.join(TOOLS)}")

        async def tell(number: float, text: str) -> None:
            await context.session.report_progress(number, message=sanitize(text))

        call = Call(tell)
        key = str(context.request_id)
        self._calls[key] = call
        try:
            asked = read(tool.takes, params.arguments)
            answer = tool.answers.model_validate(await tool.run(self._rooms, asked, call))
            return _answered(safe(answer.model_dump(mode="json")))
        except Exception as error:
            return _failed(error)
        finally:
            if self._calls.get(key) is call:
                del self._calls[key]


def _answered(answer: dict[str, Any]) -> types.CallToolResult:
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structured_content=answer)


def _failed(error: Exception) -> types.CallToolResult:
    """An error as the caller gets it: what happened and what to do. A fault of ours is logged, and said to be one."""
    return types.CallToolResult(content=[types.TextContent(type="text", text=sanitize(_words(error)))], is_error=True)


@contextmanager
def _errors_told() -> Iterator[None]:
    """What is no tool has no other way to say what went wrong than an error of the protocol."""
    try:
        yield
    except MCPError:
        raise
    except Exception as error:
        code = types.INTERNAL_ERROR if code_of(error) is None else types.INVALID_PARAMS
        raise MCPError(code, sanitize(_words(error))) from error


def _words(error: Exception) -> str:
    import click

    if isinstance(error, BadArguments):
        return str(error)
    if isinstance(error, click.ClickException):
        return error.format_message()
    if code_of(error) is not None:
        return str(error)
    told(error)
    return (
        f"an error in War Room itself: {type(error).__name__}: {error}. The details are in its logs; tell the person."
    )
