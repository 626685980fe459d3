"""Where the Messages API is, and which key may go there."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from agents.sanitize import one_line

_HOME = "api.anthropic.com"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_CREDENTIALS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE")
"""What the client looks at, in this order, when it is given no key."""
_NO_KEY = "local"
"""The client wants some key; a server that takes none does not look at it."""


@dataclass(frozen=True)
class ClaudeEndpoint:
    """An address and its key.

    A key of the environment goes to Anthropic, to ANTHROPIC_BASE_URL and to this machine, never to any other address:
    a repository's own configuration may name one.
    """

    url: str | None
    """The base URL without /v1, which the client adds; None: Anthropic itself."""
    key: str | None
    """The key to send; None leaves the choice to the client, which knows the environment and its own profiles."""

    @classmethod
    def find(cls, url: str | None, key: str | None, environ: Mapping[str, str]) -> "ClaudeEndpoint":
        """`url` of the settings, else ANTHROPIC_BASE_URL, else Anthropic; `key` if given, else as the class says."""
        chosen = environ.get("ANTHROPIC_BASE_URL", "").strip()
        address = (url or chosen).strip().rstrip("/").removesuffix("/v1") or None
        if key and key.strip():
            return cls(address, key.strip())
        host = _host_of(address)
        if host in _LOOPBACK:
            return cls(address, environ.get("ANTHROPIC_API_KEY") or environ.get("ANTHROPIC_AUTH_TOKEN") or _NO_KEY)
        secure = address is None or address.startswith("https://")
        trusted = (host == _HOME and secure) or (chosen != "" and _origin(address) == _origin(chosen))
        return cls(address, None if trusted else _NO_KEY)

    @property
    def where(self) -> str:
        """The endpoint as a person knows it: one line without credentials."""
        if self.url is None or _host_of(self.url) == _HOME:
            return _HOME
        scheme, netloc, path = _origin(self.url)
        return one_line(f"{scheme}://{netloc}{path}" if netloc else self.url)

    def account(self, environ: Mapping[str, str]) -> str:
        """Who shares one rate limit: a hash of the address and of the credential that goes there."""
        credential = self.key or next((environ[name] for name in _CREDENTIALS if environ.get(name)), "")
        address = ("https", _HOME, "") if self.url is None else _origin(self.url)
        return hashlib.sha256("\0".join((*address, credential)).encode("utf-8", "surrogatepass")).hexdigest()

    def serves_local(self, model: str) -> bool:
        """Somebody else's server with somebody else's model: it obeys a temperature and knows no output_config."""
        return _host_of(self.url) != _HOME and not model.startswith("claude")


def _host_of(url: str | None) -> str:
    if url is None:
        return _HOME
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _origin(url: str | None) -> tuple[str, str, str]:
    """Scheme, host with port, and path; empty where there is no sense in `url`."""
    try:
        parts = urlsplit((url or "").rstrip("/").removesuffix("/v1"))
    except ValueError:
        return "", "", ""
    return parts.scheme, parts.netloc.rpartition("@")[2], parts.path
