"""Every theme has every token, and what it writes can be read."""

import re
from itertools import combinations
from math import dist
from pathlib import Path

import pytest
from textual.color import Color

from themes import OVER, STYLESHEET
from themes.palettes import ABOUT, HUES, THEME_NAMES
from themes.tokens import themes, tokens

HEALTHS = {"ready", "working", "stuck", "cooling", "needs-you", "offline"}


OWN_COLOURS = [name for name, hues in HUES.items() if not hues.ansi]
DEUTERANOPIA = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)
"""Machado, Oliveira and Fernandes 2009, table 1, severity 1.0, for linear RGB."""
_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
_WHITE = (0.95047, 1.0, 1.08883)

Triple = tuple[float, ...]


def times(matrix: tuple[Triple, ...], vector: Triple) -> Triple:
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)


def linear(colour: str) -> Triple:
    """sRGB without its gamma."""
    parts = Color.parse(colour).normalized
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def deuteranope(colour: str) -> Triple:
    """How an eye without green cones sees it, as linear RGB."""
    return tuple(min(1.0, max(0.0, part)) for part in times(DEUTERANOPIA, linear(colour)))


def lab(vector: Triple) -> Triple:
    """CIE L*a*b* of linear RGB, where distance is how different two colours look (CIE 1976)."""
    x, y, z = (
        part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116
        for part in (part / white for part, white in zip(times(_XYZ, vector), _WHITE, strict=True))
    )
    return (116 * y - 16, 500 * (x - y), 200 * (y - z))


def luminance(colour: Color) -> float:
    """Relative luminance as WCAG 2 defines it."""
    return times(_XYZ[1:2], linear(colour.hex6))[0]


def contrast(one: Color, other: Color) -> float:
    """WCAG 2's contrast ratio, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_names() -> None:
    assert THEME_NAMES == ("ember", "crimson", "cobalt", "daylight", "deuter", "ansi")
    assert [theme.name for theme in themes()] == list(THEME_NAMES) == list(ABOUT)


@pytest.mark.parametrize("name", THEME_NAMES)
def test_every_theme_has_the_same_tokens(name: str) -> None:
    own = tokens(HUES[name])
    assert set(own) == set(tokens(HUES["ember"]))
    assert {f"health-{health}" for health in HEALTHS} <= set(own)
    assert {"tier-local", "tier-haiku", "tier-sonnet", "tier-opus"} <= set(own)
    assert {f"complexity-{band}" for band in ("low", "medium", "high", "extreme")} <= set(own)


@pytest.mark.parametrize("name", OWN_COLOURS)
def test_every_token_stands_out_from_every_background(name: str) -> None:
    hues = HUES[name]
    written = {token: colour for token, colour in tokens(hues).items() if token not in {"frame", "cursor-row"}}
    wanted = 7.0 if name == "deuter" else 4.5
    for background in (hues.background, hues.panel, hues.cursor):
        for token, colour in {**written, "text": hues.text}.items():
            ratio = contrast(Color.parse(background), Color.parse(colour))
            assert ratio >= wanted, f"{name}: {token} {colour} on {background} is {ratio:.2f}"


@pytest.mark.parametrize("name", OWN_COLOURS)
def test_healths_are_told_apart(name: str) -> None:
    seen = {health: lab(linear(tokens(HUES[name])[f"health-{health}"])) for health in HEALTHS}
    for one, other in combinations(seen, 2):
        assert dist(seen[one], seen[other]) >= 20, f"{name}: {one} and {other}"


def test_deuteranopes_tell_the_healths_of_deuter_apart() -> None:
    seen = {health: lab(deuteranope(tokens(HUES["deuter"])[f"health-{health}"])) for health in HEALTHS}
    for one, other in combinations(seen, 2):
        assert dist(seen[one], seen[other]) >= 20, f"{one} and {other}"


def test_ansi_uses_the_terminals_own_colours_only() -> None:
    colours = {*tokens(HUES["ansi"]).values(), HUES["ansi"].background, HUES["ansi"].text}
    assert all(colour.startswith("ansi_") for colour in colours)
    assert [theme.name for theme in themes() if theme.ansi] == ["ansi"]


def test_ember_is_the_seeds_hud() -> None:
    hues = HUES["ember"]
    assert (hues.background, hues.panel) == ("#0a0f1c", "#0f172a")
    assert (hues.primary, hues.amber) == ("#14f5c7", "#facc15")


@pytest.mark.parametrize("sheet", [STYLESHEET, OVER], ids=lambda sheet: sheet.stem)
def test_the_stylesheets_name_tokens_never_colours(sheet: Path) -> None:
    assert not re.search(r":[^;]*#[0-9a-fA-F]{3,8}\b[^{]*;", sheet.read_text(encoding="utf-8"))
