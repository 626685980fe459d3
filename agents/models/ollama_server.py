"""An Ollama server itself: what it has, what it has loaded, pulling, loading and unloading models."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from agents.models.errors import BadRequest, ModelError, Overloaded
from agents.models.ollama_endpoint import endpoint_url, open_client
from agents.models.ollama_errors import cut, error_text, model_error
from agents.models.ollama_inventory import InstalledModel, LoadedModel, ModelFacts, ProcessesReply, ShowReply, TagsReply
from agents.models.ollama_wire import Count, Text, Wire, keep_alive_value
from agents.sanitize import one_line
from agents.tasks import Frozen

if TYPE_CHECKING:
    from ollama import AsyncClient

W = TypeVar("W", bound=Wire)

_SILENT_PULL_S = 900.0
"""A server says nothing while it hashes what it downloaded; tens of gigabytes take minutes."""
_FINAL_PULL_ERRORS = ("file does not exist", "invalid model", "no space left", "unauthorized", "not found")


class PullProgress(Frozen):
    """Where a download stands, over all layers announced so far. `total_bytes` grows while layers are announced."""

    status: str
    completed_bytes: int = 0
    total_bytes: int = 0
    done: bool = False


class OllamaServer:
    """One server. Its client is imported and opened when the first call is made. Use as a context manager, or close it.

    Every method raises the errors of models.errors and nothing else.
    """

    def __init__(
        self, url: str | None = None, *, connect_s: float = 5.0, answer_s: float = 30.0, direct: bool = False
    ) -> None:
        """`direct`: through no proxy and to no other address, whatever the environment or the server says."""
        self._asked = url
        self._direct = direct
        self._connect_s = connect_s
        self._answer_s = answer_s
        self._opened: AsyncClient | None = None
        self._opening = asyncio.Lock()

    @property
    def url(self) -> str:
        """The full URL; raises BadRequest when what was configured is none."""
        return endpoint_url(self._asked, os.environ)

    async def client(self) -> "AsyncClient":
        """The official client, opened once."""
        async with self._opening:
            if self._opened is None:
                self._opened = await open_client(self.url, connect_s=self._connect_s, direct=self._direct)
            return self._opened

    async def version(self) -> str:
        """The server's version, as it writes it."""
        return one_line((await self._ask(_Version, "GET", "/api/version")).version, 40)

    async def models(self) -> list[InstalledModel]:
        """What is installed, in the server's order: newest first."""
        return [entry.installed() for entry in (await self._ask(TagsReply, "GET", "/api/tags")).models]

    async def loaded(self) -> list[LoadedModel]:
        """What is in memory now."""
        return [entry.loaded() for entry in (await self._ask(ProcessesReply, "GET", "/api/ps")).models]

    async def facts(self, model: str) -> ModelFacts:
        """Capabilities and trained context of `model`. Raises NotPulled."""
        return (await self._ask(ShowReply, "POST", "/api/show", model=model, json={"model": model})).facts()

    async def load(self, model: str, *, num_ctx: int, keep_alive: str, wait_s: float = 300.0) -> None:
        """Bring `model` into memory as missions will use it, so that the first of them does not wait."""
        body = {
            "model": model,
            "messages": [],
            "stream": False,
            "options": {"num_ctx": num_ctx},
            "keep_alive": keep_alive_value(keep_alive),
            "shift": False,
        }
        await self._ask(_Answer, "POST", "/api/chat", model=model, json=body, answer_s=wait_s)

    async def unload(self, model: str) -> None:
        """Take `model` out of memory now: the full reset of the cooldown."""
        body = {"model": model, "messages": [], "stream": False, "keep_alive": 0}
        await self._ask(_Answer, "POST", "/api/chat", model=model, json=body)

    async def pull(self, model: str) -> AsyncIterator[PullProgress]:
        """Download `model`; yield where it stands, `done` last. Resumable: pulling again goes on where it stopped.

        Closing the iterator stops the download. Raises BadRequest when trying again will not help (no such model, disk
        full), Overloaded or StreamCut when it will.
        """
        layers: dict[str, tuple[int, int]] = {}
        try:
            client = await self.client()
            lines = await client._request(
                _PullLine,
                "POST",
                "/api/pull",
                json={"model": model, "stream": True},
                timeout=self._timeout(_SILENT_PULL_S),
                stream=True,
            )
            async with aclosing(cast(AsyncGenerator[_PullLine, None], lines)) as lines:
                async for line in lines:
                    if line.digest:
                        _, before = layers.get(line.digest, (0, 0))
                        layers[line.digest] = (line.total, max(before, min(line.completed, line.total)))
                    yield _progress(line, layers)
                    if line.status == "success":
                        return
        except Exception as error:
            raise self._pull_error(error, model) from error
        raise cut(self.url)

    async def aclose(self) -> None:
        """Close the client."""
        opened: Any = self._opened  # its close() has no annotations
        self._opened = None
        if opened is not None:
            await opened.close()

    async def __aenter__(self) -> "OllamaServer":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _ask(
        self,
        reply: type[W],
        method: str,
        path: str,
        *,
        model: str = "",
        json: dict[str, Any] | None = None,
        answer_s: float | None = None,
    ) -> W:
        try:
            client = await self.client()
            limit = answer_s or self._answer_s
            async with asyncio.timeout(limit + self._connect_s):
                # Its public methods read replies so strictly that one odd field of one model loses the whole list.
                return await client._request(reply, method, path, json=json, timeout=self._timeout(limit))
        except Exception as error:
            raise model_error(error, url=self.url, model=model) from error

    def _timeout(self, answer_s: float) -> Any:
        import httpx

        return httpx.Timeout(answer_s, connect=self._connect_s)

    def _pull_error(self, error: Exception, model: str) -> ModelError:
        known = model_error(error, url=self.url, model=model)
        said = error_text(error)
        if isinstance(known, Overloaded) and any(phrase in said.lower() for phrase in _FINAL_PULL_ERRORS):
            return BadRequest(
                f"{one_line(model, 100)} cannot be pulled: {said}. Check its name and the free disk space."
            )
        if isinstance(known, Overloaded):
            return Overloaded(
                f"Pulling {one_line(model, 100)} stopped: {said}. Pull it again: it goes on where it stopped."
            )
        return known


def _progress(line: "_PullLine", layers: dict[str, tuple[int, int]]) -> PullProgress:
    return PullProgress(
        status=one_line(line.status, 100),
        completed_bytes=sum(completed for _, completed in layers.values()),
        total_bytes=sum(total for total, _ in layers.values()),
        done=line.status == "success",
    )


class _Version(Wire):
    version: Text


class _Answer(Wire):
    done: bool = False


class _PullLine(Wire):
    status: Text
    digest: Text = ""
    total: Count = 0
    completed: Count = 0
