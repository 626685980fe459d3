"""The Ollama adapter: the official client on native /api/chat, streamed."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import cast

from agents.clock import Clock
from agents.models.chat import ChatRequest, Finished, Loading, Message, Part, StopReason, TextDelta
from agents.models.errors import BadRequest, BadResponse, ContextOverflow, NotPulled, Overloaded, RadioSilence
from agents.models.ollama_errors import cut, ended_by_server, model_error
from agents.models.ollama_inventory import ModelFacts, same_model
from agents.models.ollama_server import OllamaServer
from agents.models.ollama_wire import ChatLine, WireCall, chat_body, stays_loaded, tool_calls
from agents.models.patience import patient
from agents.models.silence import elsewhere
from agents.models.tokens import estimate_request
from agents.sanitize import one_line, sanitize
from agents.settings import TierSettings
from agents.tasks import Usage

_MAX_REPLY_CHARS = 4_000_000
"""More than any num_predict makes: a server that does not stop."""
_UNLOAD_LOOKS = 20
_UNLOAD_LOOK_S = 0.25
_RESERVE_SHARE = 8
"""At least this fraction of the window is kept for the reply."""


class OllamaModel:
    """One model on one Ollama server. Implements ChatModel; one request at a time per slot is the caller's care.

    Counts the server leaves out are 0 in `Usage`: Ollama omits what is zero, and old servers omit cached prompts.
    """

    def __init__(
        self, model: str, *, url: str | None, settings: TierSettings, clock: Clock, direct: bool = False
    ) -> None:
        """`direct`: see OllamaServer; a model that the server hands on to another one is refused too."""
        self._model = model
        self._direct = direct
        self._settings = settings
        self._clock = clock
        self._server = OllamaServer(url, connect_s=settings.connect_s, direct=direct)
        self._facts: ModelFacts | None = None

    @property
    def model(self) -> str:
        """The model's name, as the server knows it."""
        return self._model

    @property
    def provider(self) -> str:
        """ollama."""
        return "ollama"

    @property
    def window(self) -> int:
        """Tokens of prompt and reply together: num_ctx, or what the model was trained to read if that is less (known
        once it was asked)."""
        trained = self._facts.context_length if self._facts else None
        return min(self._settings.num_ctx, trained or self._settings.num_ctx)

    @property
    def server(self) -> OllamaServer:
        """The server behind it: to load, unload and look at memory."""
        return self._server

    async def stream(self, request: ChatRequest) -> AsyncIterator[Part]:
        """Send `request`; yield parts as they come, `Finished` last. See ChatModel.

        Raises ContextOverflow before anything is sent when the prompt cannot fit, and afterwards when the server shows
        that it cut the prompt or ran into the end of the window.
        """
        started = self._clock.monotonic()
        prompt = estimate_request(request)
        self._check_fits(prompt, request)
        reply = _Reply(turn=len(request.messages))
        settings = self._settings
        # While a tool call is being written, servers are silent until it is complete.
        between_s = (
            max(settings.between_chunks_s, settings.first_byte_s) if request.tools else settings.between_chunks_s
        )
        lines = patient(
            self._lines(request, prompt), first_s=settings.first_byte_s, between_s=between_s, clock=self._clock
        )
        try:
            async with aclosing(lines) as open_lines:
                async for line in open_lines:
                    if isinstance(line, Loading):
                        yield line
                    elif text := reply.add(line):
                        yield TextDelta(text=text)
        except Exception as error:
            if not ended_by_server(error):
                raise model_error(error, url=self._server.url, model=self._model) from error
            reply.ended_by_server = True
        if reply.last is None and not reply.ended_by_server:
            raise cut(self._server.url)
        yield self._finished(reply, prompt, request, seconds=self._clock.monotonic() - started)

    async def reload(self) -> None:
        """Take the model out of memory and bring it back as requests will use it, so that the next one finds it fresh
        and does not wait. Raises the errors of models.errors.

        A model that does not stay in memory anyway (keep_alive 0) is only taken out.
        """
        await self._server.unload(self._model)
        settings = self._settings
        if not stays_loaded(settings.keep_alive):
            return
        with suppress(BadRequest, BadResponse):  # not every server that speaks /api/chat has /api/ps
            for _ in range(_UNLOAD_LOOKS):  # one that is still going would take the new one along
                if not any(same_model(one.name, self._model) for one in await self._server.loaded()):
                    break
                await self._clock.sleep(_UNLOAD_LOOK_S)
        await self._server.load(
            self._model, num_ctx=settings.num_ctx, keep_alive=settings.keep_alive, wait_s=settings.first_byte_s
        )

    async def aclose(self) -> None:
        """Close the client."""
        await self._server.aclose()

    async def _lines(self, request: ChatRequest, prompt: int) -> AsyncIterator[ChatLine]:
        """The lines of the reply, up to the one that says it is done."""
        client = await self._server.client()
        facts = await self._known_facts()
        self._check_fits(prompt, request)
        body = chat_body(
            self._model,
            request,
            num_ctx=self._settings.num_ctx,
            num_predict=self._num_predict(prompt, request),
            keep_alive=self._settings.keep_alive,
            think=False if facts.thinks else None,
        )
        # Not client.chat(): it has no truncate and no shift, drops most of a tool's schema, and loses a whole reply to
        # tool-call arguments that come as a string.
        lines = await client._request(ChatLine, "POST", "/api/chat", json=body, stream=True)
        async with aclosing(cast(AsyncGenerator[ChatLine, None], lines)) as open_lines:
            async for line in open_lines:
                yield line
                if line.done:
                    return

    async def _known_facts(self) -> ModelFacts:
        if self._facts is None:
            try:
                self._facts = await self._server.facts(self._model)
            except NotPulled:
                raise
            except (BadRequest, BadResponse):
                self._facts = ModelFacts()  # not every server that speaks /api/chat has /api/show
            except Overloaded:
                return ModelFacts()
        if self._direct and self._facts.remote:
            raise RadioSilence(elsewhere(self._model))
        return self._facts

    def _check_fits(self, prompt: int, request: ChatRequest) -> None:
        reserve = min(request.max_tokens, self.window // _RESERVE_SHARE)
        if prompt > self.window - reserve:
            raise self._overflow(f"The prompt of about {prompt} tokens leaves no room for a reply", prompt)

    def _num_predict(self, prompt: int, request: ChatRequest) -> int:
        return max(1, min(request.max_tokens, self.window - prompt))

    def _finished(self, reply: "_Reply", prompt: int, request: ChatRequest, *, seconds: float) -> Finished:
        last = reply.last or ChatLine.model_validate({"message": {}})
        self._check_was_read(last, prompt)
        calls = tool_calls(reply.calls, turn=reply.turn)
        stop = StopReason.TOOLS if calls else StopReason.END
        if reply.ended_by_server:
            stop = StopReason.MAX_TOKENS
        elif last.done_reason == "length" and not calls:
            if last.prompt_eval_count and last.eval_count < self._num_predict(prompt, request):
                used = last.prompt_eval_count + last.eval_count
                if used >= self.window - 16:
                    raise self._overflow("The reply ran into the end of the window", last.prompt_eval_count)
            stop = StopReason.MAX_TOKENS
        return Finished(
            message=Message(role="assistant", content=sanitize("".join(reply.texts)), tool_calls=calls),
            usage=Usage(input=last.prompt_eval_count, output=last.eval_count),
            stop=stop,
            seconds=seconds,
            load_seconds=last.load_seconds,
            tokens_per_second=last.tokens_per_second,
        )

    def _check_was_read(self, last: ChatLine, prompt: int) -> None:
        """A server that ignores truncate:false drops the oldest messages without a word; only the count betrays it.

        Looked at only where the prompt is large against the window: our figure is an estimate.
        """
        read = last.prompt_eval_count
        if read and prompt > self.window // 2 and read < prompt // 2:
            raise self._overflow(f"The server read only {read} of about {prompt} tokens of prompt", prompt)

    def _overflow(self, what: str, prompt: int) -> ContextOverflow:
        return ContextOverflow(
            f"{what}: {one_line(self._model, 100)} has a window of {self.window} tokens. "
            "Give the task less to read, or raise num_ctx of this tier.",
            prompt_tokens=prompt,
            limit=self.window,
        )


@dataclass
class _Reply:
    """What came so far."""

    turn: int
    texts: list[str] = field(default_factory=list)
    calls: list[WireCall] = field(default_factory=list)
    last: ChatLine | None = None
    ended_by_server: bool = False
    _chars: int = 0

    def add(self, line: ChatLine) -> str:
        """Take in `line`; the text of it to show. Calls may be on any line, the last one too."""
        self.calls.extend(line.message.tool_calls)
        if line.done:
            self.last = line
        text = line.message.content
        self.texts.append(text)
        self._chars += len(text)
        if self._chars > _MAX_REPLY_CHARS:
            raise BadResponse("The server sent a reply without end; it was stopped. Try again.")
        return sanitize(text)
