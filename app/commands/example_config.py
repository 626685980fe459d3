"""The commented file that `warroom config init` writes. Every value in it is the default, commented out."""

EXAMPLE = """\
# War Room's settings. Every value below is the default: take the # off to change it.
# A repository's own warroom.toml goes over this file, and WARROOM_ variables go over both:
# WARROOM_COOLDOWN__REST_S=0, WARROOM_TIERS__LOCAL__MODEL=qwen2.5-coder:1.5b
# `warroom config show` prints what is in force and where it came from.

[budget]
# daily_usd = 5.0                  # a hard cap for every UTC day, reserved before it is spent
# task_usd = 1.0                   # a hard cap for every task
# warn_at = 0.8                    # share of the daily cap from which on it warns

[routing]
# preset = "free-first"            # or balanced, fast, bands
# judge = "haiku"                  # the tier that assesses what rules cannot, or "none"
# max_missions = 8                 # attempts at one task, all tiers together
# samples = 4                      # fresh tries of a local tier after its retry, where a check decides

# A table [tiers.NAME] changes the default tier of that name, or makes a new one (with provider and model).
[tiers.local]
# provider = "ollama"              # or "anthropic" for anything that speaks the Messages API
# model = "qwen2.5-coder:7b"
# endpoints = []                   # [{ url = "http://localhost:11434", slots = 1 }]; empty: OLLAMA_HOST
# slots = 1                        # missions at once, where endpoints is empty
# num_ctx = 16384                  # tokens; fixed per model, a change reloads it
# max_tokens = 4096                # of one reply
# keep_alive = "10m"
# way = "auto"                     # direct, loop; auto: by the probed grade and the kind of task
# band = [1, 6]                    # the complexities it is for
# enabled = true

[tiers.haiku]
# model = "claude-haiku-5-5"

[tiers.sonnet]
# model = "claude-sonnet-5-5"

[tiers.opus]
# model = "claude-opus-5-5"

[cooldown]
# rest_s = 3.0                     # a local agent's rest between missions
# reset_every = 3                  # missions until the model is unloaded and loaded afresh; 0: never

[check]
# command = "make verify"          # what proves a result; unset: found (make verify, make test, pytest, npm, ...)
# timeout_s = 300.0
# show = true                      # show the check to the agent: it is the specification

[mission]
# max_steps = 25
# timeout_s = 600.0
# tool_timeout_s = 120.0
# output_cap = 12000               # characters of a tool's output that a model sees

[sandbox]
# kind = "auto"                    # bubblewrap where it works; "bubblewrap" insists, "none" goes without
# network = false

[sound]
# enabled = false

[screen]
# theme = "ember"
# plain_speech = false
# ascii = false

[keys]
# quit = "q"
"""
