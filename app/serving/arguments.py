"""What the tools take, checked; and the JSON schemas that tell it to a client."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from agents.sanitize import one_line, sanitize
from app.commands.values import MOST_USD

MOST_WAIT_S = 24 * 3600.0
PAGE = 20_000
"""Characters of a diff that one answer holds unless asked otherwise."""
MOST_PAGE = 100_000
ORCHESTRATE = (
    "By a work order: a strong model of the person's plans and reviews, a cheaper one writes. For a task whose parts a "
    "local model can do but not the whole. The order costs money; without this it is tried where that pays."
)


class BadArguments(Exception):
    """What was given cannot be meant; the message says which and why."""


def _number(value: Any) -> Any:
    """Rows say 12 and people say T12; either will do."""
    text = value.strip().removeprefix("T").removeprefix("t") if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else value


def _clean_command(value: Any) -> Any:
    if isinstance(value, str) and ("\0" in value or sanitize(value) != value.replace("\r\n", "\n")):
        raise ValueError("no shell takes such a command: it holds control characters")
    return value


TaskNumber = Annotated[int, Field(ge=1, lt=10**15, description="The task's number, as 12."), BeforeValidator(_number)]


class Arguments(BaseModel):
    """The arguments of a tool: unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Dispatch(Arguments):
    task: str = Field(
        min_length=1,
        max_length=20_000,
        description="What is to be done, complete in itself: name the files, the functions with their arguments, and "
        "what must hold. The agent sees nothing of your conversation.",
    )
    brief: str = Field(
        default="", max_length=100_000, description="More to go by: interfaces, conventions, an example to follow."
    )
    check: Annotated[str | None, BeforeValidator(_clean_command)] = Field(
        default=None,
        min_length=1,
        max_length=10_000,
        description="The shell command whose exit code decides, run in the repository's root. It should fail now and "
        'pass when the work is done, as `pytest -q tests/test_slug.py` or `python3 -c "from slug import slugify; '
        "assert slugify('A b') == 'a-b'\"`. Without it the repository's own check counts, if there is one.",
    )
    tier: str | None = Field(
        default=None, max_length=32, description="This tier only, no escalation, as local. Best left out."
    )
    orchestrate: bool = Field(default=False, description=ORCHESTRATE)
    wait: bool = Field(
        default=True, description="Answer when the work has ended, with progress meanwhile; false: answer at once."
    )
    wait_s: float | None = Field(
        default=None, gt=0, le=MOST_WAIT_S, allow_inf_nan=False, description="Wait at most so many seconds."
    )
    budget_usd: float | None = Field(
        default=None, ge=0, le=MOST_USD, allow_inf_nan=False, description="The most this task may cost, in dollars."
    )
    depends_on: tuple[TaskNumber, ...] = Field(
        default=(), max_length=50, description="Tasks whose results this one builds on."
    )
    repo: str | None = Field(
        default=None, max_length=4096, description="Absolute path of the repository; else the server's own."
    )


class Board(Arguments):
    all: bool = Field(default=False, description="Also older tasks that have ended.")
    repo: str | None = Field(
        default=None, max_length=4096, description="Absolute path of the repository; else the server's own."
    )


class OneTask(Arguments):
    task: TaskNumber


class Show(OneTask):
    wait_s: float | None = Field(
        default=None,
        gt=0,
        le=MOST_WAIT_S,
        allow_inf_nan=False,
        description="Wait at most so many seconds for it to come to rest, with progress meanwhile.",
    )


class Diff(OneTask):
    offset: int = Field(
        default=0, ge=0, lt=10**12, description="Go on from this character: next_offset of the last answer."
    )
    limit: int = Field(default=PAGE, ge=200, le=MOST_PAGE, description="Characters of the diff to answer with.")


class Route(Arguments):
    task: str = Field(min_length=1, max_length=120_000, description="The task in words, as for dispatch.")
    check: str | None = Field(default=None, max_length=10_000, description="The check it would have.")
    tier: str | None = Field(default=None, max_length=32, description="Pinned to this tier.")
    orchestrate: bool = Field(default=False, description=ORCHESTRATE)


class Costs(Arguments):
    since: str | None = Field(default=None, max_length=40, description="From then on: 2026-03-01, 7d or 24h (ago).")


def read(kind: type[Arguments], given: dict[str, Any] | None) -> Any:
    """The arguments of a call. Raises BadArguments."""
    try:
        return kind.model_validate(given or {})
    except ValidationError as error:
        said = []
        for one in error.errors(include_url=False)[:5]:
            name = one_line(".".join(str(part) for part in one["loc"]), 60) or "arguments"
            if one["type"] == "extra_forbidden":
                said.append(f"there is no argument {name}: it may be {', '.join(kind.model_fields)}")
            elif one["type"] == "missing":
                said.append(f"{name} is missing")
            else:
                value = one_line(repr(one["input"])[:200], 60)
                said.append(f"{name} is {value}: {one_line(one['msg'], 200).removeprefix('Value error, ')}")
        raise BadArguments("; ".join(said)) from None


def schema(kind: type[Arguments]) -> dict[str, Any]:
    """The JSON schema of a tool's arguments."""
    found: dict[str, Any] = _without_null(lean(kind.model_json_schema(), "title"))
    return found


def lean(value: Any, *without: str) -> Any:
    """A JSON schema without the keywords `without`, which only cost its reader tokens."""
    if isinstance(value, list):
        return [lean(item, *without) for item in value]
    if not isinstance(value, dict):
        return value
    # A property may be called so, too; then its value is a schema.
    return {key: lean(item, *without) for key, item in value.items() if key not in without or isinstance(item, dict)}


def _without_null(value: Any) -> Any:
    """Nobody writes null for what may be left out."""
    if not isinstance(value, dict):
        return value
    kept = {key: _without_null(item) for key, item in value.items()}
    choices = [one for one in kept.get("anyOf", ()) if one != {"type": "null"}]
    if "default" in kept and kept["default"] is None and len(choices) == 1:
        del kept["anyOf"], kept["default"]
        return choices[0] | kept
    return kept
