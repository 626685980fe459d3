"""What the official client raises, told as our own errors with the fix in them."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

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
    SpendLimit,
    StreamCut,
    TimedOut,
    Unreachable,
)
from agents.models.limits import retry_after_s
from agents.sanitize import one_line

if TYPE_CHECKING:
    import anthropic

_KEY = re.compile(r"\bsk-[A-Za-z0-9_*-]{4,}")
_TOO_LONG = re.compile(
    r"prompt is too long"
    r"|exceeds? (?:the )?(?:available |maximum |model'?s? )*context"
    r"|(?:maximum|available) context (?:length|size|window)"
    r"|exceed_context_size",
    re.IGNORECASE,
)
_COUNTS = re.compile(r"(\d+) tokens? > (\d+)", re.ASCII)
_NO_TOOLS = re.compile(r"does not support tools|tools? param(?:eter)? requires|requires --jinja", re.IGNORECASE)
_NO_CREDIT = re.compile(r"credit balance is too low", re.IGNORECASE)
_TYPES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_BUSY = frozenset({503, 529})
NO_KEY = (
    "Claude needs an API key and none was found. Set ANTHROPIC_API_KEY (console.anthropic.com, API keys), "
    "or work with local models only."
)


def errors_of_the_client() -> tuple[type[Exception], ...]:
    """What a call to the client may raise. In mid-stream its transport speaks bare; broken JSON is a ValueError."""
    import anthropic
    import httpx2

    return (
        anthropic.AnthropicError,
        httpx2.HTTPError,
        httpx2.InvalidURL,
        httpx2.StreamError,
        OSError,
        ValueError,
        RecursionError,
    )


def typed_error(error: Exception, *, where: str, model: str, now: datetime) -> ModelError:
    """`error` of the client as one of ours. `where`: the endpoint, as a person knows it."""
    import anthropic
    import httpx2

    if isinstance(error, anthropic.APIStatusError):
        told = _of_status(error, where, model, now)
        told.request_id = one_line(error.request_id, 100) if error.request_id else None
        return told
    causes = tuple(_causes(error))
    detail = _safe(str(causes[-1]) or type(causes[-1]).__name__)
    if isinstance(error, anthropic.CredentialsError):
        return NotAllowed(f"The credentials for {where} could not be loaded: {detail}. Set ANTHROPIC_API_KEY.")
    if any(isinstance(cause, httpx2.UnsupportedProtocol | httpx2.InvalidURL) for cause in causes):
        return BadRequest(f"{where} is not a usable address. Write it like http://localhost:8080, without /v1.")
    if any(isinstance(cause, httpx2.LocalProtocolError) for cause in causes):
        return NotAllowed(f"The request to {where} could not be sent: {detail}. Check ANTHROPIC_API_KEY.")
    if any(isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.ProxyError) for cause in causes):
        return Unreachable(f"Nobody answers at {where}: {detail}. Check the network, or that the server is running.")
    if any(isinstance(cause, httpx2.TimeoutException) for cause in causes):
        return TimedOut(f"{where} stopped answering. Try again.")
    if isinstance(error, httpx2.DecodingError | ValueError | RecursionError):
        return BadResponse(f"{where} sent something that is not the Messages protocol: {detail}. Try again.")
    if any(isinstance(cause, httpx2.HTTPError | httpx2.StreamError | OSError) for cause in causes):
        return StreamCut(f"{where} closed the connection before {model} had finished: {detail}. Try again.")
    return BadResponse(f"The call to {where} failed: {detail}. Try again.")


def _of_status(error: "anthropic.APIStatusError", where: str, model: str, now: datetime) -> ModelError:
    # An error in mid-stream has the stream's status, 200, and tells the truth in its type.
    status = error.status_code if error.status_code >= 400 else _TYPES.get(str(error.type), 500)
    detail = _safe(_message_of(error))
    wait = retry_after_s(error.response.headers, now)
    if status == 429 and error.error_code != "enforced_spend_limit_reached":
        return RateLimited(f"{where} limits the rate of calls: {detail}. It passes by itself.", retry_after=wait)
    if status in {402, 429} or _NO_CREDIT.search(detail):
        return SpendLimit(
            f"{where} refuses to spend more: {detail}. Raise the limit or the credit there, or use local models."
        )
    if status in {401, 403}:
        return NotAllowed(f"{where} does not accept the credential: {detail}. Check ANTHROPIC_API_KEY.")
    if status == 413 or _TOO_LONG.search(detail) or _body_type(error) == "exceed_context_size_error":
        return _overflow(error, model, detail)
    if _NO_TOOLS.search(detail):
        return NoToolSupport(f"{model} at {where} takes no tools: {detail}.")
    if status in {408, 409, 425} or status >= 500:
        return Overloaded(
            f"{where} is overloaded or broken for the moment: {detail}. Try again.",
            busy=status in _BUSY,
            retry_after=wait,
        )
    if status == 404:
        return _not_found(error, where, model, detail)
    return BadRequest(f"{where} refuses the request: {detail}.")


def _not_found(error: "anthropic.APIStatusError", where: str, model: str, detail: str) -> ModelError:
    if error.type == "not_found_error" or model in detail:
        return NotPulled(f"{where} does not have the model {model}: {detail}. Check the tier's model name.")
    return BadRequest(
        f"{where} does not serve the Messages API ({detail}). Check the address; it is written without /v1."
    )


def _overflow(error: "anthropic.APIStatusError", model: str, detail: str) -> ContextOverflow:
    body = error.body if isinstance(error.body, dict) else {}
    inner = body.get("error")
    fields: dict[str, Any] = inner if isinstance(inner, dict) else {}
    prompt, limit = fields.get("n_prompt_tokens"), fields.get("n_ctx")
    if counts := _COUNTS.search(detail):
        prompt, limit = int(counts[1]), int(counts[2])
    return ContextOverflow(
        f"The prompt does not fit {model}: {detail}.",
        prompt_tokens=prompt if isinstance(prompt, int) else None,
        limit=limit if isinstance(limit, int) else None,
    )


def _message_of(error: "anthropic.APIStatusError") -> str:
    """The server's own words, whatever shape it gave them."""
    body = error.body
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, str):
            return inner
        if isinstance(inner, dict) and isinstance(inner.get("message"), str) and inner["message"]:
            return str(inner["message"])
    if isinstance(body, str) and body and "<" not in body[:200]:
        return body
    return f"status {error.status_code}"


def _body_type(error: "anthropic.APIStatusError") -> str | None:
    return str(error.type) if error.type else None


def _safe(text: str) -> str:
    """Foreign text fit for a sentence of ours: one line, no key in it, no full stop at its end."""
    return one_line(_KEY.sub("sk-…", text)).rstrip(". ")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and what caused it, outermost first."""
    seen: BaseException | None = error
    for _ in range(6):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__
