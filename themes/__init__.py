"""Palettes and stylesheets. Every theme defines the same tokens, so a widget names a meaning, never a colour."""

from pathlib import Path

STYLESHEET = Path(__file__).parent / "warroom.tcss"
"""The command center's layout and its use of the tokens."""
OVER = Path(__file__).parent / "over.tcss"
"""The same for screens and dialogs over it."""
