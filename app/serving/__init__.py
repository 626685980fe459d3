"""War Room called in by other agents: an MCP server on stdio. Slow to import: only `warroom mcp` does."""
