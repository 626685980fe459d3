"""One attempt at a task by one agent: brief, way of working, check, outcome."""
