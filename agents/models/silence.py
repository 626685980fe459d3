"""Radio silence, `[routing] mode = "local-only"`: nothing is sent to any other machine.

What may be asked then: an Ollama, or a server of one's own that speaks the Messages API (`free = true`), at this
machine's loopback or at a private address the person has named in `routing.local_hosts`. Addresses only, but for
localhost: a name would have to be looked up, and that is sent out too."""

import ipaddress
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from agents.models.claude_endpoint import ClaudeEndpoint
from agents.models.errors import BadRequest, RadioSilence
from agents.models.ollama_endpoint import endpoint_url
from agents.sanitize import one_line
from agents.settings import Routing, TierSettings

LOCAL_ONLY = "local-only"
SAID = "RADIO SILENCE"


def is_silent(routing: Routing) -> bool:
    """Whether nothing may be sent out."""
    return routing.mode == LOCAL_ONLY


def refusal(tier: TierSettings, url: str | None, routing: Routing, environ: Mapping[str, str] = os.environ) -> str:
    """Why a tier's model at `url` (None: the client's own default) must not be asked; empty when it may."""
    if not is_silent(routing) or tier.provider == "simulation":
        return ""
    model = one_line(tier.model, 80)
    if tier.provider == "anthropic":
        address = ClaudeEndpoint.find(url, None, environ).url
        if not tier.free:
            return f"{SAID}: {model} is a paid service, and nothing is sent out (routing.mode is {LOCAL_ONLY!r})"
    else:
        if _runs_elsewhere(tier.model):
            return elsewhere(tier.model)
        try:
            address = endpoint_url(url, environ)
        except BadRequest as error:
            return str(error)
    return _refused_address(address, routing)


def refusal_of_all(tier: TierSettings, routing: Routing, environ: Mapping[str, str] = os.environ) -> str:
    """The same, of all the tier's endpoints: one that is elsewhere closes the tier."""
    urls: list[str | None] = [endpoint.url for endpoint in tier.endpoints]
    return next((why for url in urls or [None] if (why := refusal(tier, url, routing, environ))), "")


def refuse(tier: TierSettings, url: str | None, routing: Routing) -> None:
    """Raises RadioSilence where `refusal` has a reason."""
    if why := refusal(tier, url, routing):
        raise RadioSilence(why)


def elsewhere(model: str) -> str:
    """What to say of a model that an Ollama hands on."""
    return f"{SAID}: Ollama hands {one_line(model, 80)} on to its own cloud, and nothing is sent out"


def _refused_address(address: str | None, routing: Routing) -> str:
    host = _host(address)
    if host == "localhost" or (host and host in routing.local_hosts):
        return ""
    try:
        if ipaddress.ip_address(host).is_loopback:
            return ""
    except ValueError:
        host = host or "an address without a host"
    return (
        f"{SAID}: {one_line(host, 80)} is not this machine. A private address may be allowed: "
        f'routing.local_hosts = ["10.0.0.5"]'
    )


def _host(address: str | None) -> str:
    try:
        return (urlsplit(address or "https://api.anthropic.com").hostname or "").lower()
    except ValueError:
        return ""


def _runs_elsewhere(model: str) -> bool:
    """Ollama's cloud models, by their tag: gpt-oss:120b-cloud, kimi-k2:cloud."""
    tag = model.lower().rsplit("/", 1)[-1].partition(":")[2]
    return tag == "cloud" or tag.endswith("-cloud")
