"""`make bench`: prints ratios and rates, asserts nothing. Run it on a quiet machine."""

import asyncio

from tests.bench import cancels, dispatch, engine, events, follow, screen, sounds, startup


def main() -> None:
    """Every benchmark, one after the other."""
    startup.version()
    startup.first_paint()
    asyncio.run(events.through_store_and_bus())
    asyncio.run(follow.behind())
    asyncio.run(engine.per_tool_call())
    asyncio.run(engine.per_tool_call(engine.MANY_CALLS))
    asyncio.run(dispatch.many_tasks())
    asyncio.run(dispatch.speed_up())
    asyncio.run(cancels.cancels())
    asyncio.run(sounds.storm())
    screen.screen()


if __name__ == "__main__":
    main()
