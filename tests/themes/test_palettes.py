"""Every theme has every token, and what it writes can be read."""

import re

import pytest
from textual.color import Color

from themes import STYLESHEET
from themes.palettes import HUES, THEME_NAMES, themes, tokens

HEALTHS = {"ready", "working", "stuck", "cooling", "needs-you", "offline"}


def luminance(colour: Color) -> float:
    """Relative luminance as WCAG 2 defines it."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Color, other: Color) -> float:
    """WCAG 2's contrast ratio, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_names() -> None:
    assert THEME_NAMES == ("ember", "crimson", "cobalt", "daylight")
    assert [theme.name for theme in themes()] == list(THEME_NAMES)


@pytest.mark.parametrize("name", THEME_NAMES)
def test_every_theme_has_the_same_tokens(name: str) -> None:
    own = tokens(HUES[name])
    assert set(own) == set(tokens(HUES["ember"]))
    assert {f"health-{health}" for health in HEALTHS} <= set(own)
    assert {"tier-local", "tier-haiku", "tier-sonnet", "tier-opus"} <= set(own)
    assert {f"complexity-{band}" for band in ("low", "medium", "high", "extreme")} <= set(own)


@pytest.mark.parametrize("name", THEME_NAMES)
def test_text_stands_out_from_every_background(name: str) -> None:
    hues = HUES[name]
    written = [
        hues.text,
        hues.quiet,
        hues.primary,
        hues.accent,
        hues.green,
        hues.amber,
        hues.red,
        hues.blue,
        hues.magenta,
    ]
    for background in (hues.background, hues.panel, hues.cursor):
        for colour in (*written, hues.grey):
            ratio = contrast(Color.parse(background), Color.parse(colour))
            assert ratio >= 4.0, f"{name}: {colour} on {background} is {ratio:.2f}"


def test_ember_is_the_seeds_hud() -> None:
    hues = HUES["ember"]
    assert (hues.background, hues.panel, hues.border) == ("#0a0f1c", "#0f172a", "#1e2937")
    assert (hues.primary, hues.accent, hues.amber) == ("#14f5c7", "#06b6d4", "#facc15")


def test_the_stylesheet_names_tokens_never_colours() -> None:
    assert not re.search(r":[^;]*#[0-9a-fA-F]{3,8}\b[^{]*;", STYLESHEET.read_text(encoding="utf-8"))
