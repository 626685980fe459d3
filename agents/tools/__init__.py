"""Tools an agent has inside its mission's worktree, and the sandbox its commands run in."""
