"""The engine: routing, missions, models, tools, workspaces, dispatch, store. Runs with no terminal."""
