"""The bill of orchestrated work, for a person and for `costs --json`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.commands.console import paint, put, put_painted, say, table
from app.commands.report import usd
from app.screen.words import count, dollars

if TYPE_CHECKING:
    from agents.routing.bill import Bill, Share

RECENT = 20
"""Tasks that are listed without --json: the last ones."""


def bill_rows(bills: "Sequence[Bill]", titles: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    """A line of JSON for each task."""
    for bill in bills:
        local = bill.of(free=True)
        yield {
            "by": "orchestrated",
            "task": bill.task,
            "title": titles.get(bill.task, ""),
            "cloud": {share.step: _figures(share) for share in bill.of(free=False)},
            "cloud_usd": usd(bill.cloud_nano),
            "local": {share.step: _figures(share) for share in local},
            "local_seconds": round(sum(share.seconds for share in local), 3),
            "local_output_share": None if bill.local_share is None else round(bill.local_share, 4),
            "all_cloud_est_usd": usd(bill.estimate_nano) if bill.instead else None,
            "all_cloud_tier": bill.instead or None,
        }


def print_bills(bills: "Sequence[Bill]", titles: Mapping[int, str]) -> None:
    """A table with a line for each task; nothing where nothing was orchestrated."""
    if not bills:
        return
    shown = bills[-RECENT:]
    heads = ("ORCHESTRATED", "CLOUD IN/OUT", "PLAN", "CHECK", "REVIEW", "CLOUD", "LOCAL IN/OUT", "LOCAL TIME",
             "LOCAL OUTPUT", "ALL CLOUD (EST.)")  # fmt: skip
    lines = table([heads, *(_cells(bill, titles) for bill in shown)], cut=0)
    put()
    put_painted(paint(lines[0], "bold"))
    for text in lines[1:]:
        put(text)
    if len(bills) > len(shown):
        say(f"{len(bills) - len(shown)} earlier ones; --json lists them.", "dim")
    tiers = sorted({bill.instead for bill in shown if bill.instead})
    if tiers:
        say(
            f"All cloud is an estimate: the local tokens at the price of {' or '.join(tiers)} beside the advice.", "dim"
        )


def _cells(bill: "Bill", titles: Mapping[int, str]) -> tuple[str, ...]:
    paid = {share.step: dollars(share.used.cost_nano) for share in bill.of(free=False)}
    share = bill.local_share
    return (
        f"T{bill.task} {titles.get(bill.task, '')}",
        _tokens(bill.of(free=False)),
        *(paid.get(step, "-") for step in ("plan", "check", "review")),
        dollars(bill.cloud_nano),
        _tokens(bill.of(free=True)),
        f"{sum(one.seconds for one in bill.of(free=True)):.0f} s",
        "n/a" if share is None else f"{share:.0%}",
        dollars(bill.estimate_nano) if bill.instead else "n/a",
    )


def _tokens(shares: "Sequence[Share]") -> str:
    return f"{count(sum(s.used.usage.prompt for s in shares))}/{count(sum(s.used.usage.output for s in shares))}"


def _figures(share: "Share") -> dict[str, Any]:
    usage = share.used.usage
    return {
        "calls": share.used.steps,
        "spent_usd": usd(share.used.cost_nano),
        "seconds": share.seconds,
        "tokens": {
            "input": usage.input,
            "output": usage.output,
            "cache_read": usage.cache_read,
            "cache_write": usage.cache_write_5m + usage.cache_write_1h,
        },
    }
