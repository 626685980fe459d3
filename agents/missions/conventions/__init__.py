"""What a project tells those who work on it, found, matched to a task and cut to what a prompt has room for."""
