"""`warroom pause ID`: held before its next step, wherever it runs."""

from app.commands.holding import holding

command = holding("pause", "paused", "Hold a task before its next step, also one that another War Room works on.")
