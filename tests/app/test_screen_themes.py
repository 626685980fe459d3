"""Themes on the screen: tried on as a person goes through them, kept with enter, and each state told without colour."""

from pathlib import Path

import pytest
from fake_command import FakeCommand
from screen_pilot import opened, seen, strips

from app.screen.looks import HEALTH, OUTCOME, STATUS
from themes.palettes import HUES, THEME_NAMES


async def test_themes_are_tried_and_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    command = FakeCommand()
    command.put("First")
    async with opened(command) as (app, pilot):
        await pilot.press("t")
        await seen(pilot, "Soviet red on black", "BOUNTY BOARD")
        worn = [app.theme]
        for _ in THEME_NAMES:
            await pilot.press("down")
            worn.append(app.theme)
        assert worn == [*THEME_NAMES, THEME_NAMES[-1]]
        await pilot.press("escape")
        assert app.theme == THEME_NAMES[0]
        assert app.screen is app.center
    assert not list(tmp_path.iterdir())


async def test_the_kept_theme_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    settings = tmp_path / "warroom" / "config.toml"
    settings.parent.mkdir()
    settings.write_text("# mine\n[screen]\nascii = false\n")
    async with opened(FakeCommand()) as (app, pilot):
        await pilot.press("t", "j", "j", "enter")
        await seen(pilot, "Theme: cobalt, saved in")
        assert app.theme == "cobalt"
        assert settings.read_text() == '# mine\n[screen]\nascii = false\ntheme = "cobalt"\n'
        settings.write_text("[screen\n")
        await pilot.press("t", "up", "enter")
        await seen(pilot, "Theme: crimson.", "not valid TOML")
        assert app.theme == "crimson"


@pytest.mark.parametrize("name", THEME_NAMES)
async def test_every_theme_is_drawn_in_its_own_colours(name: str) -> None:
    command = FakeCommand()
    command.put("First")
    async with opened(command) as (app, pilot):
        app.wear(name)
        await pilot.pause()
        backgrounds = {
            segment.style.bgcolor.name
            for strip in strips(app)
            for segment in strip
            if segment.style is not None and segment.style.bgcolor is not None
        }
        if HUES[name].ansi:
            assert backgrounds == {"default"}
        else:
            assert HUES[name].background in backgrounds


def test_every_state_is_told_by_glyph_and_word_too() -> None:
    for looks in (HEALTH, OUTCOME):
        assert len({look.glyph for look in looks.values()}) >= len(looks) - 1, "proven and verified share a tick"
        assert len({look.word for look in looks.values()}) == len(looks)
        assert all(look.ascii.isascii() for look in looks.values())
    assert len({look.word for look in STATUS.values()}) == len(STATUS)


async def test_with_no_colour_the_states_are_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    command = FakeCommand()
    command.put("First")
    async with opened(command) as (app, pilot):
        await seen(pilot, "∘ OPEN")
        for strip in strips(app):
            for segment in strip:
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    if colour is not None and colour.triplet is not None:
                        assert len(set(colour.triplet)) == 1, "greys only"
