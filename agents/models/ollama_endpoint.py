"""Where an Ollama is: the person's setting or OLLAMA_HOST, made into one full URL, and the client that talks to it."""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from agents.models.errors import BadRequest
from agents.sanitize import one_line

if TYPE_CHECKING:
    from ollama import AsyncClient

OLLAMA_PORT = 11434


def endpoint_url(url: str | None, environ: Mapping[str, str]) -> str:
    """The full URL of the server: `url` if given, else OLLAMA_HOST, else this machine.

    A configured URL without a port means 11434 for http. In OLLAMA_HOST "http://name" means port 80, as it does for
    Ollama's own command. An address to listen on (0.0.0.0) becomes this machine. Raises BadRequest for what is no URL.
    """
    given = (url or "").strip()
    asked = given or environ.get("OLLAMA_HOST", "").strip() or "127.0.0.1"
    scheme, separator, rest = asked.partition("://")
    if not separator:
        scheme, rest = "http", asked
    scheme = scheme.lower()
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        port = parts.port
    except ValueError as error:
        raise _no_url(asked) from error
    if scheme not in {"http", "https"} or any(c.isspace() or not c.isprintable() for c in asked):
        raise _no_url(asked)
    if port is None:
        port = _default_port(scheme, has_scheme=bool(separator), configured=bool(given))
    path = parts.path.strip("/")
    return f"{scheme}://{_host(parts)}:{port}" + (f"/{path}" if path else "")


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_this_machine(url: str) -> bool:
    """Whether `url` is served by this machine: loopback, one of its addresses, or its own name. Asks no name server, so
    another name for this machine counts as another machine."""
    if is_loopback(url):
        return True
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        own = socket.gethostname().lower()
        return host.endswith(".localhost") or host in {own, own.partition(".")[0], f"{own}.local"}
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))  # which the system allows for its own addresses only
    except OSError:
        return False
    return True


async def open_client(url: str, *, connect_s: float, direct: bool = False) -> "AsyncClient":
    """The official client for `url`, with a time limit on connecting and, unlike its default, no other of its own:
    how long to wait for an answer is decided by the caller. `direct`: through no proxy, and no redirection is followed.
    Imports the client off the event loop's thread."""
    ollama = await asyncio.to_thread(import_module, "ollama")
    httpx = await asyncio.to_thread(import_module, "httpx")

    def opened() -> "AsyncClient":  # certificates are read even where none is needed: a tenth of a second
        client: AsyncClient = ollama.AsyncClient(
            url,
            timeout=httpx.Timeout(None, connect=connect_s),
            # A proxy from the environment must never stand between us and this machine.
            trust_env=not (direct or is_loopback(url)),
            follow_redirects=not direct,
        )
        return client

    return await asyncio.to_thread(opened)


def _default_port(scheme: str, *, has_scheme: bool, configured: bool) -> int:
    if scheme == "https":
        return 443
    return OLLAMA_PORT if configured or not has_scheme else 80


def _host(parts: SplitResult) -> str:
    host = parts.hostname or "127.0.0.1"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return f"[{host}]" if address.version == 6 else host


def _no_url(asked: str) -> BadRequest:
    return BadRequest(
        f"{one_line(asked, 80)!r} is not the address of an Ollama server; write it like http://127.0.0.1:{OLLAMA_PORT}."
    )
