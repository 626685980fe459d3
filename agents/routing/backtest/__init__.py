"""Replays routing policies over recorded outcomes, and says how sure the difference is.

From `outcomes_file` or `history` come the lines, from `learning` odds that never saw the line they are used on, from
`policies` what is tried in which order, from `replay` what that comes to in expectation, and from `judging` one row per
policy. Attempts are taken to be independent given the line: where a file has only pass rates nothing else can be
known."""
