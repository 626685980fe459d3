"""`warroom resume ID`: let a held task go on."""

from app.commands.holding import holding

command = holding("resume", "resumed", "Let a paused task go on, in the War Room that has it.")
