"""What can go wrong between us and a model. Every adapter raises these and nothing else."""

from agents.tasks import Usage


class ModelError(Exception):
    """A call to a model failed. `str(error)` is one plain sentence with the fix in it, safe to show."""

    kind = "error"
    retryable = False
    """True: the same request may succeed in a moment."""
    environment = True
    """True: the surroundings failed, not the task: exit code 3, never a reason to escalate or to call a task failed."""

    throttled = False
    """True: the provider has too much to do: it passes, and all who share the credential had better slow down."""

    def __init__(self, message: str, *, retry_after: float | None = None, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds the provider asked us to wait, if it said so."""
        self.usage = usage or Usage()
        """Tokens the provider counted before it broke: they were paid for."""
        self.request_id: str | None = None
        """The provider's own number of the call, where it gave one."""


class Unreachable(ModelError):
    """Nobody answers at the endpoint: connection refused, name not found, connect time-out."""

    kind = "unreachable"
    retryable = True


class RadioSilence(ModelError):
    """Nothing may be sent to another machine, and the model is on one: `[routing] mode = "local-only"`."""

    kind = "radio_silence"


class NotPulled(ModelError):
    """The endpoint answers but does not have the model."""

    kind = "not_pulled"


class Overloaded(ModelError):
    """The server is busy or broken for the moment: 500, 502, 503, 504, 529, an overload in mid-stream.

    `busy`: it says itself that it has too much to do.
    """

    kind = "overloaded"
    retryable = True

    def __init__(
        self, message: str, *, busy: bool = False, retry_after: float | None = None, usage: Usage | None = None
    ) -> None:
        super().__init__(message, retry_after=retry_after, usage=usage)
        self.throttled = busy


class RateLimited(ModelError):
    """429 that passes with time. `retry_after` is the provider's wish."""

    kind = "rate_limited"
    retryable = True
    throttled = True


class SpendLimit(ModelError):
    """The provider's own spending limit or billing (402, spend-limit 429): waiting does not help."""

    kind = "spend_limit"


class NotAllowed(ModelError):
    """401, 403: no credential, or a wrong one."""

    kind = "not_allowed"


class TimedOut(ModelError):
    """No connection, first byte or next chunk within its limit."""

    kind = "timed_out"
    retryable = True


class StreamCut(ModelError):
    """The stream ended before the model said it was done."""

    kind = "stream_cut"
    retryable = True


class BadResponse(ModelError):
    """The server answered with something that is not the protocol: HTML, broken JSON, a line without a message."""

    kind = "bad_response"
    retryable = True


class BadRequest(ModelError):
    """The server refuses the request itself; sending it again changes nothing."""

    kind = "bad_request"


class ContextOverflow(ModelError):
    """The prompt does not fit the model's window, or was silently truncated. The mission compacts and tries again."""

    kind = "context_overflow"
    environment = False

    def __init__(self, message: str, *, prompt_tokens: int | None = None, limit: int | None = None) -> None:
        super().__init__(message)
        self.prompt_tokens = prompt_tokens
        self.limit = limit


class NoToolSupport(ModelError):
    """The model takes no tools; the mission falls back to text or to a JSON schema."""

    kind = "no_tools"
    environment = False
