"""`make bench`: prints ratios and rates, asserts nothing. Run it on a quiet machine."""

import asyncio

from tests.bench import engine, events, follow, startup


def main() -> None:
    """Every benchmark, one after the other."""
    startup.version()
    startup.first_paint()
    asyncio.run(events.through_store_and_bus())
    asyncio.run(follow.behind())
    asyncio.run(engine.per_tool_call())


if __name__ == "__main__":
    main()
