"""Where calls go: the worker process, the system's own player, the terminal's bell and notifications, or nowhere."""
