"""The dialog that posts a task: title, brief, check, priority, tier."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.events import Paste
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Select, TextArea

from app.screen.actions import bindings
from app.screen.dialog import Dialog, Plain
from app.screen.wording import message_of

if TYPE_CHECKING:
    from agents.tasks import Task
    from app.screen.estimate import Estimated

AUTO = "auto"
_PAUSE_S = 0.2
"""How long nothing is typed before what was typed is estimated."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person wrote. `go`: dispatch it at once."""

    title: str
    brief: str
    check: str | None
    priority: int
    tier: str | None
    go: bool


class TitleInput(Input):
    """One line; what is pasted below its first line is the brief, not lost."""

    class More(Message):
        """The lines below the first."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    def _on_paste(self, event: Paste) -> None:
        _, _, rest = event.text.strip().partition("\n")
        if rest.strip():
            self.post_message(self.More(rest.strip()))


class NewTaskDialog(Dialog[Draft]):
    """Answers a draft that can be posted, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog_post", "dialog_go")]

    def __init__(
        self,
        tiers: Sequence[str],
        task: Task | None = None,
        *,
        title: str = "",
        estimated: Estimated | None = None,
        paid: Collection[str] = (),
    ) -> None:
        """`tiers` are the names a person may pin; `task` is one that is to be changed; `title`: what is known of it;
        `estimated` tells while they type what it would be, `paid` are the tiers that cost money."""
        self._estimated = estimated
        self._paid = paid
        self._estimating = self._stale = False
        self._wait: Timer | None = None
        self._tiers = tiers
        self._title = task.title if task else title
        self._changed = task
        super().__init__()

    def compose(self) -> ComposeResult:
        """The fields, in the order they are asked."""
        with VerticalScroll(classes="dialog", id="new-task", can_focus=False):
            task = self._changed
            title = TitleInput(self._title, placeholder="Add a slug helper", id="title", select_on_focus=False)
            yield self._titled(title, "Title")
            brief = TextArea(task.brief if task else "", id="brief", soft_wrap=True, tab_behavior="focus")
            brief.cursor_blink = False
            brief.border_title = "Brief (more words, if it needs them)"
            yield brief
            yield self._input(
                "check",
                "Check: a command that fails now and passes when it is done",
                "pytest -q tests/test_slug.py",
                value=(task.check or "") if task else "",
            )
            with Horizontal(id="row"):
                yield self._input("priority", "Priority 1–10", "", value=str(task.priority) if task else "5")
                pinned: str = task.tier if task and task.tier and task.tier in self._tiers else AUTO
                options = [(Content(name), name) for name in (AUTO, *self._tiers)]
                tier: Select[str] = Select(options, value=pinned, allow_blank=False, id="tier")
                yield tier
            yield Plain("", id="estimate")
            yield Plain("", id="problem")
            verb = "post" if task is None else "change"
            keys = f"⏎ or ctrl+o {verb}   ctrl+g {verb} and dispatch   tab next   esc leave"
            yield Plain(Content.styled(keys, "$info"), classes="answers")

    def _input(self, name: str, title: str, placeholder: str, value: str = "") -> Input:
        return self._titled(Input(value=value, placeholder=placeholder, id=name, select_on_focus=False), title)

    def _titled(self, field: Input, title: str) -> Input:
        field.cursor_blink = False
        field.border_title = title
        return field

    def on_mount(self) -> None:
        """Start with the title. The frame of a choice is its value's."""
        self.query_one("#tier SelectCurrent").border_title = "Tier"
        self.query_one("#title", Input).focus()

    def on_title_input_more(self, event: TitleInput.More) -> None:
        """A text of several lines was pasted as the title."""
        brief = self.query_one("#brief", TextArea)
        brief.insert(event.text, location=brief.document.end)

    def on_input_changed(self) -> None:
        """Something else is written."""
        self._estimate_soon()

    def on_text_area_changed(self) -> None:
        """Something else is written."""
        self._estimate_soon()

    def on_select_changed(self) -> None:
        """Another tier."""
        self._estimate_soon()

    def _estimate_soon(self) -> None:
        """Once nothing was typed for a moment; never more than five times a second."""
        if self._estimated is not None:
            if self._wait is not None:
                self._wait.stop()
            self._wait = self.set_timer(_PAUSE_S, self._estimate)

    def _estimate(self) -> None:
        if self._estimating:
            self._stale = True
        elif self._estimated is not None:
            self._estimating = True
            self.run_worker(self._show_estimate(self._estimated), group="estimate", exit_on_error=False)

    async def _show_estimate(self, estimated: Estimated) -> None:
        from app.screen.estimate import Wording, estimate_lines

        try:
            wording = Wording(
                self.query_one("#title", Input).value.strip(),
                self.query_one("#brief", TextArea).text.strip(),
                self.query_one("#check", Input).value.strip() or None,
                self._tier(),
            )
            lines = estimate_lines(await estimated(wording), self._paid) if wording.title else []
            self.query_one("#estimate", Plain).update(Content("\n").join(lines))
        except Exception as error:
            self.query_one("#estimate", Plain).update(Content.styled(message_of(error), "$warn"))
        finally:
            self._estimating = False
            if self._stale:
                self._stale = False
                self._estimate_soon()

    def _tier(self) -> str | None:
        tier = self.query_one("#tier", Select).value
        return str(tier) if tier != AUTO else None

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a one-line field posts."""
        event.stop()
        self.action_post(False)

    def action_post(self, go: bool) -> None:
        """Answer with the draft, or say what is wrong with it."""
        title = self.query_one("#title", Input).value.strip()
        priority = self.query_one("#priority", Input).value.strip()
        if not title:
            self._refuse("A task needs a title.", "#title")
            return
        if not priority.isascii() or not priority.isdigit() or not 1 <= int(priority[:3]) <= 10:
            self._refuse("The priority is a whole number from 1 (later) to 10 (first).", "#priority")
            return
        self.dismiss(
            Draft(
                title=title[:500],
                brief=self.query_one("#brief", TextArea).text.strip(),
                check=self.query_one("#check", Input).value.strip() or None,
                priority=int(priority),
                tier=self._tier(),
                go=go,
            )
        )

    def _refuse(self, why: str, field: str) -> None:
        self.query_one("#problem", Plain).update(Content.styled(why, "$bad"))
        self.query_one(field, Input).focus()
