"""The commented file that `warroom config init` writes: every setting with its default, commented out."""

import json
from collections.abc import Iterator
from typing import Any

from agents.settings import Settings

NOTE_COLUMN = 34

_TEMPLATE = """\
# War Room's settings. Every value below is the default: take the # off to change it.
# A repository's own warroom.toml goes over this file, and WARROOM_ variables go over both:
# WARROOM_COOLDOWN__REST_S=0, WARROOM_TIERS__LOCAL__MODEL=qwen2.5-coder:1.5b
# `warroom config show` prints what is in force and where it came from.

[budget]
# daily_usd = @  # a hard cap for every UTC day, reserved before it is spent
# task_usd = @  # a hard cap for every task
# warn_at = @  # share of the daily cap from which on it warns

[routing]
# preset = @  # or balanced, fast, bands
# judge = @  # the tier that assesses what rules cannot, or "none"
# max_missions = @  # attempts at one task, all tiers together
# samples = @  # fresh tries of a local tier after its retry, where a check decides
# free_s = @  # seconds after which a task gets no more free retries and samples
# unsolved_usd = @  # what a task that ends unsolved costs you
# wrong_usd = @  # what a wrong result that the check accepts costs you
# false_accept = @  # the share of wrong results that your checks accept
# explore = @  # how often something cheaper than the plan is tried first, to learn about it

[routing.goes]
# boilerplate = @  # local, cloud or either: raises or lowers the odds of local models at such work
# tests = @  # after a pattern
# component = @
# migration = @
# client = @  # functions of an API client
# types = @
# architecture = @
# debugging = @
# review = @
# refactor = @  # across files

[orchestrate]
# tries = @  # of a part, before the planner is asked what should change
# keep_check = @  # the check a model wrote is part of the result, as a test
# adopt_check = @  # it counts as the task's own: what turns it green is proven

[dispatch]
# max_running = @  # tasks under way at once in this home; 0: as many as there are slots
# max_in_review = @  # start nothing new while so many results wait for review; 0: no limit
# auto_accept = @  # accept what is proven without asking
# on_conflict = @  # or "retry": an agent gets the conflict as its brief
# on_hangup = @  # a lost terminal loses only the screen; "pause" stops the squad too
# stall_s = @  # a mission whose files and failing tests stand still for so long is stuck
# review_every = @  # a stronger tier reads every so-manyth local result; 0: only when asked
# lease_s = @  # a War Room on another machine not heard for so long is dead

# A table [tiers.NAME] changes the default tier of that name, or makes a new one (with provider and model).
[tiers.local]
# provider = @  # or "anthropic" for anything that speaks the Messages API
# model = @
# endpoints = @  # [{ url = "http://localhost:11434", slots = 1 }]; empty: OLLAMA_HOST
# slots = @  # missions at once, where endpoints is empty
# num_ctx = @  # tokens; fixed per model, a change reloads it
# max_tokens = @  # of one reply
# keep_alive = @
# way = @  # direct, loop; auto: by the probed grade and the kind of task
# band = @  # the complexities it is for
# enabled = @

[tiers.haiku]
# model = @

[tiers.sonnet]
# model = @

[tiers.opus]
# model = @

[cooldown]
# rest_s = @  # a local agent's rest between missions
# reset_every = @  # missions until the model is unloaded and loaded afresh; 0: never

[check]
# command = "make verify"  # what proves a result; unset: found (make verify, make test, pytest, npm, ...)
# timeout_s = @
# show = @  # show the check to the agent: it is the specification

[mission]
# max_steps = @
# timeout_s = @
# tool_timeout_s = @
# output_cap = @  # characters of a tool's output that a model sees

[sandbox]
# kind = @  # the best that works here; "bubblewrap", "landlock", "sandbox-exec" insist, "none" goes without
# network = @  # "loopback": servers that a command starts itself; "all"
# ask = @  # commands that are asked about even so: ["git push*", "npm publish*"]
# unwalled = @  # an agent's commands where there is no wall: "ask", "allow", "refuse"; in your own file only
# headless = @  # what is asked where there is no screen: "refuse", or "wait" for `warroom answer`
# redact_prompts = @  # keep secrets from paid models; "all": from local ones too, "off": from none
# memory_mb = @  # of all processes of one command together, as are those below
# processes = @
# disk_mb = @  # what it may add to the worktree
# file_mb = @  # a single file
# cpu_s = @  # processor seconds of a single process

[mcp]
# accept = @  # other agents that call War Room in may merge results; counts in your own file only
# repos = @  # where they may have work done besides the folder the server was started in; likewise

[sound]
# enabled = @  # true, false; "ask": the screen asks once
# muted = @  # the key m
# volume = @  # 0 to 1; the keys [ and ]
# verbosity = @  # or "important", "needs-you"
# mute = @  # events and categories never heard: ["task.posted", "task.progress"]
# quiet_hours = @  # local time without any sound: "22:00-07:00"
# pack = @  # `warroom sounds list` names them
# backend = @  # or "miniaudio", "simpleaudio", "player", "bell"

[screen]
# theme = @
# plain_speech = @
# ascii = @

[keys]
# quit = "q"  # ? lists the actions; a key is written like "f5", "ctrl+t" or "comma"
"""


def example() -> str:
    """The file's text. Taking a # off changes nothing yet: the value behind it is the default."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    table: dict[str, Any] = {}
    defaults = Settings().model_dump(mode="json")
    for line in _TEMPLATE.splitlines():
        if line.startswith("["):
            table = defaults
            for name in line.strip("[]").split("."):
                table = table[name]
        setting, _, note = line.partition("  # ")
        key = setting.removeprefix("# ").partition(" = ")[0]
        if setting.endswith(" = @"):
            # What JSON writes for these values TOML reads.
            setting = f"# {key} = {json.dumps(table[key])}"
        yield f"{setting:<{NOTE_COLUMN}} # {note}" if note else setting
