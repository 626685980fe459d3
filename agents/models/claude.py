"""Claude, and whatever else speaks the Messages API, through the official client."""

import asyncio
import importlib
import json
import os
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from random import Random
from typing import TYPE_CHECKING, Any, cast

from agents.clock import Clock
from agents.models.chat import BeforeSending, ChatRequest, Finished, Loading, Part, TextDelta
from agents.models.claude_endpoint import ClaudeEndpoint
from agents.models.claude_errors import NO_KEY, errors_of_the_client, typed_error
from agents.models.claude_reply import Reply
from agents.models.claude_request import build_request
from agents.models.errors import BadResponse, ModelError, NotAllowed
from agents.models.limiter import Limiters, Turn
from agents.models.patience import patient
from agents.models.throttle import Wish
from agents.models.tokens import estimate_request
from agents.sanitize import one_line, sanitize
from agents.settings import TierSettings
from agents.tasks import Usage

if TYPE_CHECKING:
    import anthropic
    import httpx2

    Client = anthropic.AsyncAnthropic
    Response = httpx2.Response

_LARGEST_REPLY = 64 * 1024 * 1024
_GOODBYE_S = 0.2


class ClaudeModel:
    """A ChatModel at Anthropic, or at a server that speaks the same API (llama-server, vLLM, LM Studio, a gateway)."""

    def __init__(
        self,
        model: str,
        *,
        url: str | None,
        settings: TierSettings,
        clock: Clock,
        api_key: str | None = None,
        limiters: Limiters | None = None,
        direct: bool = False,
    ) -> None:
        """`url` None: ANTHROPIC_BASE_URL, else Anthropic itself. `api_key` None: see ClaudeEndpoint.

        `limiters`: where those who use the same credential share its limits; None: this model is alone with it.
        `direct`: through no proxy, and no redirection is followed.
        """
        self._model = model
        self._direct = direct
        self._endpoint = ClaudeEndpoint.find(url, api_key, os.environ)
        self._settings = settings
        self._clock = clock
        self._limiter = (limiters or Limiters(clock, Random())).of(self._endpoint.account(os.environ))
        self._place: int | None = None
        """A call that was turned away keeps its place in line."""
        self._cached = 0
        """Tokens of the last prompt, by our estimate, that its provider has cached for the next one."""
        self._client: Client | None = None
        self._opening = asyncio.Lock()

    @property
    def model(self) -> str:
        """The model's name."""
        return self._model

    @property
    def provider(self) -> str:
        """anthropic, also where somebody else serves the API."""
        return "anthropic"

    @property
    def window(self) -> int:
        """Tokens of prompt and reply together, as configured."""
        return self._settings.num_ctx

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Part, None]:
        """Send `request`; yield parts as they come, `Finished` last. See ChatModel.stream."""
        async with aclosing(self.stream_in_turn(request, _nothing)) as parts:
            async for part in parts:
                yield part

    async def stream_in_turn(self, request: ChatRequest, before_sending: BeforeSending) -> AsyncGenerator[Part, None]:
        """See Limited.stream_in_turn."""
        estimate = estimate_request(request)
        wish = Wish(model=self._model, prompt_tokens=max(1, estimate - self._cached))
        turn = self._limiter.turn(wish, place=self._place)
        try:
            async with aclosing(turn.wait()) as waiting:
                async for held in waiting:
                    yield held
            await self._ready()  # before money is set aside: the first time it takes more than a second
            await before_sending()
            async with aclosing(self._sent(request, turn)) as parts:
                async for part in parts:
                    if isinstance(part, Finished):
                        self._place = None
                        self._cached = _cached(part.usage, estimate)
                        turn.succeeded(part.usage.output)
                    yield part
        except ModelError as error:
            self._place = turn.place if error.throttled else None
            turn.failed(error)
            raise
        finally:
            turn.end()

    async def _sent(self, request: ChatRequest, turn: Turn) -> AsyncGenerator[Part, None]:
        """The parts of the reply to `request`, which is sent now."""
        turn.sends()
        started = self._clock.monotonic()
        first_s: float | None = None
        reply = Reply(self._model)
        try:
            limits = {"first_s": self._settings.first_byte_s, "between_s": self._settings.between_chunks_s}
            async with aclosing(patient(self._events(request, reply, turn), clock=self._clock, **limits)) as events:
                async for event in events:
                    if isinstance(event, Loading):
                        yield event
                        continue
                    if first_s is None:
                        first_s = self._clock.monotonic() - started
                    if text := sanitize(reply.take(event)):
                        yield TextDelta(text=text)
            seconds = self._clock.monotonic() - started
            finished = reply.finished(seconds=seconds, first_s=first_s or 0.0)
        except ModelError as error:
            error.usage = error.usage + reply.usage
            error.request_id = error.request_id or reply.request_id
            raise
        yield finished

    async def aclose(self) -> None:
        """Close the client and its connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _events(self, request: ChatRequest, reply: Reply, turn: Turn) -> AsyncIterator[dict[str, Any]]:
        """The events of the wire, decoded; errors are ours. The connection lives no longer than this iterator."""
        client = await self._ready()
        payload = await asyncio.to_thread(self._payload, request)
        try:
            stream = await client.messages.create(**payload, stream=True)
            try:
                turn.answered(stream.response.headers)
                reply.request_id = _header(stream.response, "request-id")
                async with aclosing(_decoded(stream.response, self._endpoint.where)) as events:
                    async for event in events:
                        if event.get("type") == "error":
                            raise _in_mid_stream(stream.response, event)
                        yield event
            finally:
                await stream.close()
        except errors_of_the_client() as error:
            if (refusal := _refusal(error)) is not None:
                turn.answered(refusal.headers)
            if not reply.complete:
                raise self._told(error) from error

    def _told(self, error: Exception) -> ModelError:
        return typed_error(error, where=self._endpoint.where, model=self._model, now=self._clock.now())

    def _payload(self, request: ChatRequest) -> dict[str, Any]:
        payload = build_request(request, model=self._model, sampling=self._endpoint.serves_local(self._model))
        if output := payload.get("output_config", {}).get("format"):
            output["schema"] = _strict(output["schema"])
        return payload

    async def _ready(self) -> "Client":
        """The client, made at the first call: importing it takes more than a second, so a thread does that."""
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(self._open)
        return self._client

    def _open(self) -> "Client":
        module = importlib.import_module("anthropic")
        httpx = importlib.import_module("httpx2")
        try:
            client: Client = module.AsyncAnthropic(
                base_url=self._endpoint.url,
                api_key=self._endpoint.key,
                max_retries=0,
                timeout=httpx.Timeout(None, connect=self._settings.connect_s),
                http_client=self._straight(module) if self._direct else None,
            )
        except errors_of_the_client() as error:
            raise self._told(error) from error
        key = client.api_key or client.auth_token
        if key is None and client.credentials is None:
            raise NotAllowed(NO_KEY)
        if key is not None and not re.fullmatch(r"[!-~]+", key.strip()):
            raise NotAllowed("The API key holds characters that no key has. Set ANTHROPIC_API_KEY again.")
        _ = client.messages  # Its module is big too, and imported only here.
        return client

    def _straight(self, module: Any) -> Any:
        """The client's own transport, which goes where it was sent and nowhere else."""
        return module.DefaultAsyncHttpxClient(trust_env=False, follow_redirects=False)


async def _decoded(response: "Response", where: str) -> AsyncGenerator[dict[str, Any], None]:
    """The events of a streamed answer as JSON objects. Raises ValueError for broken JSON, BadResponse for no stream."""
    kind = _header(response, "content-type") or "nothing"
    if not kind.startswith("text/event-stream"):
        raise BadResponse(
            f"{where} answered with {one_line(kind, 60)} where a stream of events was expected. "
            "Is it a login page, a proxy, or a server without streaming? Check the address."
        )
    stream_class = importlib.import_module("anthropic").AsyncStream
    async with aclosing(stream_class.raw_events(_Bounded(response, where))) as raw:
        async for sse in raw:
            if not sse.data:
                continue
            event = json.loads(sse.data)
            if not isinstance(event, dict):
                raise BadResponse(f"{where} sent an event that is not a JSON object. Try again.")
            if sse.event == "error":
                event["type"] = "error"
            if event.get("type") == "message_stop":
                # Reading to the very end leaves the connection fit for the next call; nobody waits long for it.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_GOODBYE_S):
                        await anext(raw, None)
                yield event
                return
            yield event


class _Bounded:
    """A response that says no when it has grown beyond all reason."""

    def __init__(self, response: "Response", where: str) -> None:
        self._response = response
        self._where = where

    async def aiter_bytes(self) -> AsyncIterator[bytes]:
        seen = 0
        async with aclosing(cast(Any, self._response.aiter_bytes())) as chunks:
            async for chunk in chunks:
                seen += len(chunk)
                if seen > _LARGEST_REPLY:
                    raise BadResponse(f"{self._where} sent more than {_LARGEST_REPLY >> 20} MiB in one reply.")
                yield chunk


def _refusal(error: Exception) -> "Response | None":
    """The response that was an error from its first line on; one that broke in mid-stream has been read before."""
    response: Response | None = getattr(error, "response", None)
    return response if response is not None and response.status_code >= 400 else None


def _in_mid_stream(response: "Response", event: dict[str, Any]) -> Exception:
    """The error the client itself would raise for an error event, which keeps the status of the stream: 200."""
    error: Exception = importlib.import_module("anthropic").APIStatusError(str(event), response=response, body=event)
    return error


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` in the subset the service takes; as it is where the client cannot translate it."""
    transform = importlib.import_module("anthropic").transform_schema
    try:
        translated: dict[str, Any] = transform(schema)
    except (ValueError, TypeError, AttributeError, AssertionError):
        return schema
    return translated


def _header(response: "Response", name: str) -> str | None:
    value = response.headers.get(name)
    return one_line(value, 100) if value else None


def _cached(usage: Usage, estimate: int) -> int:
    """How many of a prompt's `estimate` tokens its provider reads from its cache when the conversation goes on."""
    return int(estimate * (usage.prompt - usage.input) / usage.prompt) if usage.prompt else 0


async def _nothing() -> None:
    """Nobody wants to know when it is sent."""
