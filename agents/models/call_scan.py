"""Goes through a reply once and finds what may be a call, and the code blocks that are none."""

import re
from dataclasses import dataclass
from typing import Any

from agents.models.call_shapes import Asked, KnownTools, Refused
from agents.models.loose import LooseReader, NotAValue, whole

MAX_ATTEMPTS = 64
"""Objects that turn out to be no calls before the search ends."""
_FENCE = r"(?P<fence>^[ \t]{0,12}(?P<ticks>`{3,}|~{3,})(?P<info>[^\n]{0,200})(?:\n|\Z))"
_XML = r"(?P<xml><function=(?P<function>[\w.\-]{1,80})>)"
_OBJECT = r"(?P<object>(?:^[ \t>*,\[\-]{0,40}|[:>`\[][ \t\n]{0,8})(?P<brace>\{))"
_PARAMETER = re.compile(r"\s*<parameter=([\w.\-]{1,80})>\n?(.*?)\n?</parameter>", re.DOTALL)
_MORE_OBJECTS = re.compile(r"[\s,;]{0,40}(?=\{)")
_MORE_CALLS = re.compile(r"[\s,;)→|>\-]{0,40}")
_TAGS = re.compile(r"</?\|?(?:tool_calls?|tools|function_calls?|function|tool_code)\|?>", re.IGNORECASE)
_CALL_LIKE = re.compile(r"""["'](?:name|tool|tool_name|function|action)["']\s{0,9}:""")
_ARGUMENT_LIKE = re.compile(r"""["'](?:arguments|parameters|args|params|path|content|command|input)["']\s{0,9}:""")


@dataclass(frozen=True)
class Block:
    """A fenced code block. `language` is lower case."""

    language: str
    content: str
    closed: bool


class CallScan:
    """One pass over one reply. `found` holds calls and refusals in order; `broken` says why the pass stopped early."""

    def __init__(self, text: str, known: KnownTools) -> None:
        self.text = text
        self.found: list[Asked | Refused] = []
        self.blocks: list[Block] = []
        self.broken: str | None = None
        self._known = known
        self._reader = LooseReader(text)
        self._call = _call_pattern(known)
        self._start = re.compile("|".join((_FENCE, _XML, _OBJECT, f"(?P<call>{self._call.pattern})")), re.MULTILINE)
        self._attempts = 0
        self._taken: list[tuple[int, int]] = []
        self._fence: tuple[str, str, int] | None = None
        """Ticks, info and content offset of the fence whose content is being searched for calls."""

    def run(self) -> None:
        """Find everything."""
        at = 0
        while self.broken is None and self._attempts < MAX_ATTEMPTS:
            start = self._start.search(self.text, at)
            if start is None:
                return
            if start["fence"] is not None:
                at = self._at_fence(start)
            elif start["xml"] is not None:
                at = self._at_function(start)
            elif start["object"] is not None:
                at = self._at_object(start.start("brace"))
            else:
                at = self._at_call(start)

    def prose(self) -> str:
        """The text without what was taken."""
        pieces: list[str] = []
        at = 0
        for start, end in self._taken:
            pieces.append(self.text[at:start])
            at = max(at, end)
        pieces.append(self.text[at:])
        text = _TAGS.sub("", "".join(pieces))
        return re.sub(r"^[ \t]{0,12}(?:`{3,}|~{3,})[a-z_]{0,12}[ \t]*$", "", text, flags=re.MULTILINE)

    def _at_fence(self, start: re.Match[str]) -> int:
        ticks, info, at = start["ticks"], start["info"].strip(), start.end()
        if self._fence is not None and not info:
            self._fence = None
            return at
        first = self._reader.skip(at)
        if re.compile(r"\[?\s{0,9}\{|<(?:tool_call|tools|function)").match(self.text, first) or self._call.match(
            self.text, self.text.rfind("\n", 0, first) + 1
        ):
            self._fence = (ticks, info, at)
            return at
        return self._take_block(ticks, info, at)

    def _take_block(self, ticks: str, info: str, at: int) -> int:
        closing = re.compile(rf"^[ \t]{{0,12}}{re.escape(ticks[0])}{{{len(ticks)},}}[ \t]*$", re.MULTILINE)
        end = closing.search(self.text, at)
        content = self.text[at : end.start() if end else len(self.text)]
        words = re.split(r"[^\w+#\-]", info.lower(), maxsplit=1)
        self.blocks.append(Block(language=words[0], content=whole(content), closed=end is not None))
        self._attempts += 1
        return end.end() if end else len(self.text)

    def _at_object(self, at: int) -> int:
        try:
            value, end = self._reader.value(at)
        except NotAValue as error:
            return self._unreadable(at, error)
        verdict = self._known.judge(value, alone=self._alone(at, end))
        if verdict is None and isinstance(value.get("tool_calls"), list):
            for item in value["tool_calls"]:
                inner = self._known.judge(item, alone=False) if isinstance(item, dict) else None
                self.found += [inner] if inner is not None else []
            self._taken.append((at, end))
            return end
        if verdict is None:
            self._attempts += 1
            if self._fence is not None:
                ticks, info, content = self._fence
                self._fence = None
                return self._take_block(ticks, info, content)
            return end
        return self._take(at, end, verdict)

    def _alone(self, at: int, end: int) -> bool:
        """True when the object is the whole reply, or the whole of its only fence."""
        outside = self.text[max(0, at - 400) : at] + self.text[end : end + 400]
        return not re.sub(r"```[a-z]{0,9}|[\s`]", "", _TAGS.sub("", outside)) and at < 400

    def _take(self, at: int, end: int, verdict: Asked | Refused) -> int:
        self.found.append(verdict)
        self._taken.append((at, end))
        more = _MORE_OBJECTS.match(self.text, end)
        return self._at_object(more.end()) if more and len(self.found) < MAX_ATTEMPTS else end

    def _unreadable(self, at: int, error: NotAValue) -> int:
        members = error.members
        stopped = error.cut or self.text[error.at : error.at + 1] in {"<", "`"}
        complete = any(isinstance(members.get(key), dict) for key in ("arguments", "parameters"))
        if stopped and complete and isinstance(members.get("name"), str):
            # Only the last brace is missing: every argument was closed.
            verdict = self._known.judge(members, alone=False)
            if verdict is not None:
                return self._take(at, error.at, verdict)
        beginning = self.text[at : at + 600]
        if _CALL_LIKE.search(beginning) and (_ARGUMENT_LIKE.search(beginning) or error.cut):
            self.broken = self._why(error)
            return len(self.text)
        self._attempts += 1
        return at + 1

    def _why(self, error: NotAValue) -> str:
        if error.cut:
            return "Your tool call was cut off before its end, so it was not run. Send a shorter one."
        line = self.text.count("\n", 0, error.at) + 1
        return f'Your tool call is not valid JSON ({error} in line {line}); inside a string write \\" and \\n.'

    def _at_function(self, start: re.Match[str]) -> int:
        """<function=name><parameter=key>value</parameter></function>, as the Qwen3 coders write it."""
        name, at = self._known.resolve(start["function"]), start.end()
        arguments: dict[str, Any] = {}
        while parameter := _PARAMETER.match(self.text, at):
            arguments[parameter[1]] = whole(parameter[2])
            at = parameter.end()
        closing = re.compile(r"\s*</function>").match(self.text, at)
        if closing is None:
            self.broken = "Your tool call was cut off before its end, so it was not run. Send a shorter one."
            return len(self.text)
        verdict: Asked | Refused = Refused(f'There is no tool "{start["function"]}".')
        if name is not None:
            verdict = Asked(name, {key: self._typed(name, key, value) for key, value in arguments.items()})
        return self._take(start.start(), closing.end(), verdict)

    def _typed(self, name: str, key: str, value: str) -> Any:
        schema = self._known.properties(name).get(key)
        if not isinstance(schema, dict) or schema.get("type") in {None, "string"}:
            return value
        try:
            return LooseReader(value).value(0)[0]
        except NotAValue:
            return value

    def _at_call(self, start: re.Match[str]) -> int:
        tool, begin, at = start["tool"], start.start("call"), start.end()
        while True:
            try:
                positional, named, end = self._reader.call_arguments(at)
            except NotAValue as error:
                self.broken = (
                    self._why(error) if error.cut else f"Your call of {tool} could not be read: write it as JSON."
                )
                return len(self.text)
            self.found.append(self._known.positional(tool, positional, named))
            self._taken.append((begin, end))
            more = _MORE_CALLS.match(self.text, end)
            following = _name_pattern(self._known).match(self.text, more.end() if more else end)
            if following is None or len(self.found) >= MAX_ATTEMPTS:
                return end
            tool, begin, at = following["tool"], following.start(), following.end()


def mentions_call(code: str, known: KnownTools) -> bool:
    """Does a line of `code` call one of the tools as if it were a function?"""
    return re.search(rf"(?<![\w.]){_alternatives(known)}\s{{0,4}}\(", code) is not None


def _alternatives(known: KnownTools) -> str:
    return "(?:" + "|".join(re.escape(name) for name in sorted(known.by_name, key=len, reverse=True)) + ")"


def _name_pattern(known: KnownTools) -> re.Pattern[str]:
    return re.compile(rf"(?P<tool>{_alternatives(known)})[ \t]{{0,4}}\(")


def _call_pattern(known: KnownTools) -> re.Pattern[str]:
    prefix = r"^[ \t]{0,40}(?:<\|?\w{1,20}\|?>[ \t]{0,9})?(?:[A-Za-z_]\w{0,40}[ \t]{0,4}=[ \t]{0,4})?(?:await[ \t]+)?"
    owner = r"(?:print\()?(?:functions\.|tools\.|default_api\.)?"
    return re.compile(prefix + owner + _name_pattern(known).pattern, re.MULTILINE)
