"""`warroom answer ID allow|allow-mission|deny`: a person's word on what an agent asks, wherever it waits."""

import asyncio
from pathlib import Path

import click

from agents.permission import Answer, Ask
from app.commands.approvals import ask_row
from app.commands.console import put_json, say
from app.commands.opening import FOLDER, notebook

ANSWERS = (Answer.ALLOW, Answer.ALLOW_MISSION, Answer.DENY)


class AskId(click.ParamType[int]):
    """A7 or 7."""

    name = "id"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        text = str(value).strip()
        digits = text[1:] if text[:1] in {"A", "a"} else text
        if not (digits.isascii() and digits.isdigit() and 0 < len(digits) < 16 and int(digits)):
            self.fail(f"{text!r} is no ask: write A7 or 7; `warroom approvals` lists them.", param, ctx)
        return int(digits)


@click.command()
@click.argument("ask", type=AskId(), metavar="ID")
@click.argument("answer", type=click.Choice([answer.value for answer in ANSWERS]))
@click.option("--message", default="", metavar="TEXT", help="What the agent is told, with deny.")
@click.option("--remember", is_flag=True, help="Allow this pattern in this repository from now on.")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON per ask that was answered.")
def command(*, ask: int, answer: str, message: str, remember: bool, repo: Path, as_json: bool) -> None:
    """Answer what an agent asks, and with it everything that asks the same for the same reason.

    allow: this once. allow-mission: commands like it, as `warroom approvals` shows them, for the rest of the mission.
    deny: it is not run; the agent reads the message and goes on.
    """
    said = Answer(answer)
    if message and said is not Answer.DENY:
        raise click.UsageError("--message is what the agent is told when it may not: use it with deny.")
    if remember and said is Answer.DENY:
        raise click.UsageError("--remember is for what is allowed: leave it out with deny.")
    answered = asyncio.run(_answer(repo, ask, said, message=message, remember=remember))
    for one in answered:
        if as_json:
            put_json(ask_row(one, answered))
        else:
            say(f"{one.label} {said.value}: {one.agent} on T{one.task} goes on.")
    if remember and not as_json:
        row = ask_row(answered[0])
        say(f"Remembered for this repository: {row['pattern']}  [{row['reach']}]. `warroom approvals --remembered`")


async def _answer(folder: Path, number: int, answer: Answer, *, message: str, remember: bool) -> tuple[Ask, ...]:
    from agents.dispatch.approvals import answer_asks
    from agents.dispatch.owner import new_owner

    async with notebook(folder) as (store, _):
        ask = await store.ask(number)
        if ask is None:
            raise click.UsageError(f"there is no ask A{number}: `warroom approvals` lists them.")
        same = [other.id for other in await store.waiting_asks(ask.repo) if other.same_as(ask)]
        by = f"a person ({new_owner()})"
        return await answer_asks(store, same or [number], answer, message=message, remember=remember, by=by)
