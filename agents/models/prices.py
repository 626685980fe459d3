"""What a call costs, in whole nano-dollars: no float ever touches money."""

import re
import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from agents.tasks import NANO, Frozen, Usage

_PER_TOKEN = Decimal(NANO) / 1_000_000
_CLASSES = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
_SNAPSHOT = re.compile(r"-\d{8}$", re.ASCII)
_LOCAL = frozenset({"ollama", "simulation"})


class Band(Frozen):
    """Prices per token, in nano-dollars, of requests whose prompt is at most `prompt_up_to` tokens (None: any)."""

    prompt_up_to: int | None = None
    input: int
    output: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int

    def cost_nano(self, usage: Usage) -> int:
        """What `usage` costs in this band."""
        return sum(getattr(self, name) * getattr(usage, name) for name in _CLASSES)


class Price(Frozen):
    """The price of one model: bands by length of the prompt, shortest first; the band prices the whole request."""

    bands: tuple[Band, ...]

    def cost_nano(self, usage: Usage) -> int:
        """What one call with `usage` cost, in nano-dollars. Price calls one by one: a sum may fall in another band."""
        return self._band(usage.prompt).cost_nano(usage)

    def worst_case_nano(self, prompt_tokens: int, max_tokens: int) -> int:
        """The most a call can cost, in nano-dollars, if its prompt holds at most `prompt_tokens` tokens.

        Every prompt token counts as the dearest class we cause: written to the cache for five minutes.
        """
        reachable = self.bands[: self.bands.index(self._band(prompt_tokens)) + 1]
        return max(
            prompt_tokens * max(band.input, band.cache_write_5m, band.cache_read) + max_tokens * band.output
            for band in reachable
        )

    def _band(self, prompt_tokens: int) -> Band:
        for band in self.bands:
            if band.prompt_up_to is None or prompt_tokens <= band.prompt_up_to:
                return band
        return self.bands[-1]


FREE = Price(bands=(Band(input=0, output=0, cache_read=0, cache_write_5m=0, cache_write_1h=0),))
"""Local and simulated models."""


def price_of(provider: str, model: str) -> Price | None:
    """The price of `model` at `provider`; None where it is not known, which is never the same as free."""
    if provider in _LOCAL:
        return FREE
    if provider != "anthropic":
        return None
    known = _price_list()[1]
    return known.get(model) or known.get(_SNAPSHOT.sub("", model))


def call_price(provider: str, model: str, *, free: bool = False) -> Price | None:
    """What a tier's calls cost: nothing on a server of one's own (`free`); None where nobody knows.

    A simulated Claude spends simulated dollars at the real one's price; the screen says SIMULATION.
    """
    if free:
        return FREE
    name = model.removeprefix("SIMULATION ")
    paid = provider == "simulation" and name.startswith("claude")
    return price_of("anthropic" if paid else provider, name)


def price_date() -> str:
    """The day the price list was read, ISO 8601."""
    return _price_list()[0]


def read_price_list(text: str) -> tuple[str, dict[str, Price]]:
    """The date and the prices by model name in `text` (see prices.toml).

    Raises ValueError for a price that is not a whole number of nano-dollars per token, or bands out of order.
    """
    document = tomllib.loads(text, parse_float=Decimal)
    prices: dict[str, Price] = {}
    for entry in document["model"]:
        price = Price(bands=tuple(_read_band(band) for band in entry["band"]))
        limits = [band.prompt_up_to for band in price.bands]
        if limits[-1] is not None or None in limits[:-1] or limits[:-1] != sorted(filter(None, limits)):
            raise ValueError(f"{entry['names'][0]}: bands go from short to long prompts, the last without a limit.")
        for name in entry["names"]:
            if name in prices:
                raise ValueError(f"{name} has two prices.")
            prices[name] = price
    return str(document["date"]), prices


def _read_band(band: dict[str, Any]) -> Band:
    nano: dict[str, int] = {}
    for name in _CLASSES:
        exact = Decimal(band[name]) * _PER_TOKEN
        if exact != int(exact) or exact < 0:
            raise ValueError(f"{name} = {band[name]} is not a whole number of nano-dollars per token.")
        nano[name] = int(exact)
    return Band(prompt_up_to=band.get("prompt_up_to"), **nano)


@cache
def _price_list() -> tuple[str, dict[str, Price]]:
    return read_price_list((files("agents.models") / "prices.toml").read_text(encoding="utf-8"))
