"""How hard is a task, and which tiers are tried in which order: pure functions over what is known."""
