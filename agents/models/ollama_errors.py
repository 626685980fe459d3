"""What went wrong between us and an Ollama server, as one of our errors: the client raises nearly anything."""

from agents.models.errors import (
    BadRequest,
    BadResponse,
    ContextOverflow,
    ModelError,
    NotAllowed,
    NoToolSupport,
    NotPulled,
    Overloaded,
    RateLimited,
    StreamCut,
    TimedOut,
    Unreachable,
)
from agents.sanitize import one_line

_MID_STREAM = -1
"""The client's status code for an {"error": ...} line."""
_TOO_LONG = (
    "exceed_context_size",
    "exceeds the available context",
    "longer than the context length",
    "input length exceeds",
)
_ENDED_BY_SERVER = ("invalid tool call arguments", "token repeat limit reached")
_NO_MEMORY = ("requires more system memory", "out of memory", "cudamalloc failed")
_BUSY = frozenset({408, 500, 502, 503, 504})


def model_error(error: Exception, *, url: str, model: str = "") -> ModelError:
    """`error` of the client, of its transport or of reading a reply, as the ModelError that says what to do."""
    import httpx
    from ollama import ResponseError

    if isinstance(error, ModelError):
        return error
    if isinstance(error, ResponseError):
        return _refusal(error_text(error), error.status_code, url=url, model=one_line(model, 100))
    if isinstance(error, (ConnectionError, httpx.ConnectError, httpx.ConnectTimeout)):
        return Unreachable(
            f"No Ollama server answers at {url}. Start it with `ollama serve`, or say where it runs: "
            "the tier's endpoint, or OLLAMA_HOST."
        )
    if isinstance(error, (TimeoutError, httpx.TimeoutException)):
        return TimedOut(f"The Ollama server at {url} did not answer in time. Try again; it may be loading a model.")
    if isinstance(error, (httpx.NetworkError, httpx.RemoteProtocolError)):
        return cut(url)
    return BadResponse(
        f"The server at {url} sent something that is not Ollama's protocol ({type(error).__name__}). "
        "Try again; if it stays so, look at what really runs at this address."
    )


def cut(url: str) -> StreamCut:
    """The reply ended before it was done."""
    return StreamCut(f"The Ollama server at {url} ended the connection in the middle of a reply. Try again.")


def ended_by_server(error: Exception) -> bool:
    """Whether the server gave up on what the model wrote: a tool call cut at the token limit, the same token for ever.

    The same request would end the same way, so this is the end of a reply and no failure of the surroundings.
    """
    from ollama import ResponseError

    return isinstance(error, ResponseError) and _mentions(error_text(error), _ENDED_BY_SERVER)


def error_text(error: Exception) -> str:
    """What the server said, on one safe line."""
    said = getattr(error, "error", None)
    if isinstance(said, dict):
        said = said.get("message") or said.get("error") or said
    return one_line(str(said if said is not None else error), 300)


def _refusal(said: str, status: int, *, url: str, model: str) -> ModelError:
    if _mentions(said, _TOO_LONG):
        return ContextOverflow(f"The prompt is longer than {model or 'the model'} can read: {said}")
    if _mentions(said, ("does not support tools",)):
        return NoToolSupport(f"{model} takes no tools. Use it for direct replies, or choose a model with tool support.")
    if _mentions(said, _NO_MEMORY):
        return BadRequest(
            f"{model} does not fit the memory at {url}: {said}. Use a smaller model or a smaller num_ctx."
        )
    if status == 404:
        return _missing(said, url=url, model=model)
    if status in {401, 403}:
        return NotAllowed(f"The server at {url} refuses access: {said}. Check OLLAMA_API_KEY.")
    if status == 429:
        return RateLimited(f"The server at {url} asks us to slow down: {said}")
    if status == _MID_STREAM or status in _BUSY or status >= 500:
        return Overloaded(
            f"The Ollama server at {url} failed: {_unless_html(said)} Try again, and see its log if it stays so."
        )
    return BadRequest(f"The Ollama server at {url} refuses the request ({status}): {_unless_html(said)}")


def _missing(said: str, *, url: str, model: str) -> ModelError:
    if "page not found" in said or said.startswith("<"):
        return BadRequest(f"What answers at {url} is not an Ollama server. Check the tier's endpoint, or OLLAMA_HOST.")
    return NotPulled(
        f"Model {model} is not pulled: `ollama pull {model}`, or `warroom models pull {model}` (server: {url})."
    )


def _unless_html(said: str) -> str:
    """A proxy's error page says nothing a person can use."""
    if said.startswith("<"):
        return "it answered with a web page."
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _mentions(said: str, phrases: tuple[str, ...]) -> bool:
    lower = said.lower()
    return any(phrase in lower for phrase in phrases)
