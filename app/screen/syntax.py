"""Colours of code in a diff, by the file's name. Pygments comes with Textual; what it cannot colour stays plain."""

from __future__ import annotations

from collections.abc import Mapping

from pygments.lexers import get_lexer_for_filename
from pygments.token import Token
from pygments.util import ClassNotFound
from textual.content import Content
from textual.highlight import HighlightTheme, TokenType, highlight

from app.screen.patch import FilePatch, PatchLine

_MOST = 200_000
"""Characters of one file's hunks that are coloured; a lexer takes its time."""


class Colours(HighlightTheme):
    """Kinds of words in our own tokens: few, since a diff has colours of its own."""

    STYLES: dict[TokenType, str] = {
        Token.Comment: "$quiet italic",
        Token.Keyword: "$info",
        Token.Operator.Word: "$info",
        Token.Literal.String: "$warn",
        Token.String: "$warn",
        Token.Literal.Number: "$loud",
        Token.Name.Function: "bold",
        Token.Name.Class: "bold",
        Token.Name.Decorator: "$info",
        Token.Name.Tag: "$info",
    }


def coloured(file: FilePatch) -> Mapping[int, Content]:
    """The text of each line of `file`, by the identity of the line. Empty where nothing knows the language."""
    language = _language(file.path)
    if not language:
        return {}
    known: dict[int, Content] = {}
    for signs in ("- ", "+ "):
        lines = [line for hunk in file.hunks for line in hunk.lines if line.sign in signs]
        if sum(len(line.text) for line in lines) <= _MOST:
            known |= _side(lines, language)
    return known


def _side(lines: list[PatchLine], language: str) -> dict[int, Content]:
    code = "\n".join(line.text for line in lines)
    content = highlight(code, language=language, theme=Colours, tab_size=0)
    pieces = content.split("\n", allow_blank=True)
    if [piece.plain for piece in pieces] != [line.text for line in lines]:
        return {}  # a lexer that changes the text is not to be trusted with it
    return {id(line): piece for line, piece in zip(lines, pieces, strict=True)}


def _language(path: str) -> str:
    try:
        lexer = get_lexer_for_filename(path.rpartition("/")[2])
    except (ClassNotFound, ValueError):
        return ""
    return str(lexer.aliases[0]) if lexer.aliases else ""
