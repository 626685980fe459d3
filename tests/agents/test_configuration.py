"""Settings from files and variables: what wins, where it came from, and errors that lead to the fix."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.configuration import Configuration, ConfigurationError, load_settings, warroom_home
from agents.configuration.toml_file import read_toml
from agents.settings import Endpoint
from agents.tasks import Way

Load = Callable[..., Configuration]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads with a repository file, a user file and variables given as text; the person trusts the repository."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    user = tmp_path / "config" / "warroom" / "config.toml"
    user.parent.mkdir(parents=True)

    def run(repo: str | bytes = "", own: str = "", trusted: bool = True, **environ: str) -> Configuration:
        (tmp_path / "warroom.toml").write_bytes(repo if isinstance(repo, bytes) else repo.encode())
        user.write_text(own)
        return load_settings(tmp_path, home=tmp_path / "home", environ=environ, trusted=trusted)

    return run


def refused(load: Load, repo: str | bytes = "", own: str = "", **environ: str) -> str:
    """The message of the error."""
    with pytest.raises(ConfigurationError) as caught:
        load(repo, own, **environ)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_defaults_need_no_file(load: Load) -> None:
    found = load()
    assert found.settings.budget.daily_usd == 5.0
    assert set(found.origins.values()) == {"default"}
    assert found.origins["tiers.local.model"] == "default"
    assert found.warnings == ()


def test_variables_over_repository_over_user_over_defaults(load: Load) -> None:
    found = load(
        "[cooldown]\nrest_s = 2\nreset_every = 5\n",
        "# mine\n[cooldown]\nrest_s = 1\n\n[budget]\ntask_usd = 0.25\n",
        WARROOM_COOLDOWN__REST_S="0",
    )
    assert (found.settings.cooldown.rest_s, found.settings.cooldown.reset_every) == (0, 5)
    assert found.settings.budget.task_usd == 0.25
    assert found.origins["cooldown.rest_s"] == "WARROOM_COOLDOWN__REST_S"
    assert found.origins["cooldown.reset_every"] == "warroom.toml:3"
    assert found.origins["budget.task_usd"] == "config.toml:6"
    assert [path.name for path in found.files] == ["config.toml", "warroom.toml"]


def test_a_tier_table_merges_over_the_default_tier(load: Load) -> None:
    found = load("[tiers.local]\nway = 'direct'\n", WARROOM_TIERS__LOCAL__MODEL="qwen2.5-coder:1.5b")
    local = found.settings.tiers["local"]
    assert (local.model, local.way, local.provider, local.band) == ("qwen2.5-coder:1.5b", Way.DIRECT, "ollama", (1, 6))
    assert "opus" in found.settings.tiers


def test_a_new_tier_gives_provider_and_model(load: Load) -> None:
    assert load("[tiers.big]\nprovider = 'ollama'\nmodel = 'm'\n").settings.tiers["big"].model == "m"
    assert "tiers.big.provider is missing" in refused(load, "\n[tiers.big]\nmodel = 'm'\n")
    assert "warroom.toml, line 2" in refused(load, "\n[tiers.big]\nmodel = 'm'\n")


def test_a_variable_finds_a_tier_with_a_hyphen_and_may_hold_json(load: Load) -> None:
    found = load(
        "[tiers.Fast-One]\nprovider = 'ollama'\nmodel = 'm'\n",
        WARROOM_TIERS__FAST_ONE__BAND="[2, 3]",
        WARROOM_TIERS__FAST_ONE__ENDPOINTS='[{"url": "http://gpu:11434", "slots": 2}]',
        WARROOM_TIERS='{"Fast-One": {"band": [1, 1], "num_ctx": 2048}}',
        WARROOM_HOME="/somewhere",
    )
    tier = found.settings.tiers["Fast-One"]
    assert (tier.band, tier.num_ctx) == ((2, 3), 2048)
    assert tier.endpoints == (Endpoint(url="http://gpu:11434", slots=2),)
    assert found.origins["tiers.Fast-One.num_ctx"] == "WARROOM_TIERS"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("[cooldown]\n\nrest = 3\n", 3, "cooldown.rest. Did you mean rest_s?"),
        ("rest_s = 3\n", 1, "Did you mean cooldown.rest_s?"),
        ("[cooldwon]\nrest_s = 3\n", 1, "cooldwon. Did you mean cooldown?"),
        ("[routing]\npreset = 'ballanced'\n", 2, "Did you mean 'balanced'?"),
        ("[routing]\njudge = 'hiku'\n", 2, "routing.judge is 'hiku', which is no tier. Did you mean haiku?"),
        ("[screen]\nx = '''\na\n'''\nzzz = 1\n", 2, "It may be one of theme, plain_speech, ascii."),
        ("[budget]\ndaily_usd = -1\n", 2, "budget.daily_usd is -1: it must be greater than or equal to 0."),
        ("[budget]\ndaily_usd = inf\n", 2, "budget.daily_usd is inf: it must be a finite number."),
        ("cooldown = 3\n", 1, "cooldown is 3: it must be a table."),
        ("[tiers.local]\nband = [\n  7,\n  1\n]\n", 2, "band is [7, 1]: a band is [from, to]"),
        ("[tiers.local]\nway = 'lop'\n", 2, "must be 'auto' or 'direct' or 'loop'. Did you mean 'loop'?"),
        ("[tiers.local]\nprovider = 'simulation'\n", 2, "runs in `warroom demo` only"),
        ("[tiers.local]\nendpoints = [{ url = 'localhost' }]\n", 2, "endpoints[0].url is 'localhost'"),
        ("[[tiers.local.endpoints]]\nurl = 'http://a'\nslot = 3\n", 1, "unknown key slot"),
        ("[tiers.local]\nendpoints = [{ urll = 'http://a' }]\n", 2, "endpoints has an unknown key urll;"),
        ("[tiers.local]\nendpoints = [{ slots = 2 }]\n", 2, "tiers.local.endpoints[0].url is missing."),
        ("a = [\n", 2, "not valid TOML"),
        ("[cooldown]\nrest_s = 1\nrest_s = 2\n", 3, "not valid TOML: Cannot overwrite a value."),
        (b"[check]\ncommand = '\xff'\n", 2, "not UTF-8"),
    ],
)
def test_an_error_names_file_line_key_and_the_nearest_key(
    load: Load, tmp_path: Path, text: str | bytes, line: int, says: str
) -> None:
    message = refused(load, text)
    assert message.startswith(f"{tmp_path / 'warroom.toml'}, line {line}: ")
    assert says in message


def test_every_problem_is_told_each_with_its_own_file(load: Load) -> None:
    message = refused(load, "[screen]\ntheme = 3\n", "[cooldown]\nrest_s = 'long'\n", WARROOM_BUDGET__WARN_AT="7")
    assert len(message.splitlines()) == 3
    assert "config.toml, line 2: cooldown.rest_s is 'long': it must be a number." in message
    assert "warroom.toml, line 2: screen.theme is 3" in message
    assert "WARROOM_BUDGET__WARN_AT: budget.warn_at is '7'" in message


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("WARROOM_COOLDWN__REST_S", "0", "'cooldwn'. Did you mean cooldown?"),
        ("WARROOM_COOLDOWN__REST", "0", "'cooldown.rest'. Did you mean rest_s?"),
        ("WARROOM_COOLDOWN__REST_S", "soon", "cooldown.rest_s is 'soon': it must be a number."),
        ("WARROOM_TIERS__LOCAL__BAND", "1-6", "must be JSON; for example [1, 6]"),
        ("WARROOM_TIERS__LOCAL__MODLE", "m", "Did you mean model?"),
        ("WARROOM_TIERS__NEW__MODEL", "m", "tiers.new.provider is missing"),
    ],
)
def test_a_variables_error_names_the_variable(load: Load, name: str, value: str, says: str) -> None:
    message = refused(load, **{name: value})
    assert message.startswith(f"{name}: ")
    assert says in message


def test_hostile_names_and_values_do_not_reach_the_terminal(load: Load) -> None:
    message = refused(load, '["\\u001b[31mred"]\nx = 1\n[check]\ncommand = ["\\u001b]0;owned\\u0007"]\n')
    assert "\x1b" not in message
    assert "\x07" not in message
    assert "no name for a tier" in refused(load, '[tiers."a\\nb"]\nprovider = "ollama"\nmodel = "m"\n')


def test_a_huge_or_strange_file_is_refused(load: Load, tmp_path: Path) -> None:
    assert "longer than" in refused(load, "# " + "x" * 70_000)
    assert "nested too deeply" in refused(load, "a = " + "[" * 30_000)
    assert "nested too deeply" in refused(load, "a." * 40 + "a = 1")
    assert "more than 100 parts" in refused(load, "a." * 30_000 + "a = 1")
    assert "nested too deeply" in refused(load, "a = " + "[" * 40 + "]" * 40)
    (tmp_path / "warroom.toml").unlink()
    (tmp_path / "warroom.toml").mkdir()
    with pytest.raises(ConfigurationError, match="not a regular file"):
        load_settings(tmp_path, home=tmp_path / "home", environ={}, trusted=True)


def test_endpoints_of_a_trusted_repository_and_the_persons_own_are_obeyed(load: Load) -> None:
    found = load(
        "[tiers.haiku]\nmax_tokens = 500\n",
        "[tiers.haiku]\nendpoints = [{ url = 'http://gateway:8080' }]\n",
        WARROOM_TIERS__OPUS__ENDPOINTS='[{"url": "http://other:8080"}]',
    )
    assert found.warnings == ()
    assert found.settings.tiers["haiku"].endpoints[0].url == "http://gateway:8080"
    assert found.settings.tiers["opus"].enabled


def test_what_is_done_without_asking_is_never_said_by_a_repository(load: Load) -> None:
    repo = "[sandbox]\nask = ['git push*']\nunwalled = 'allow'\nheadless = 'wait'\n"
    found = load(repo, "[sandbox]\nunwalled = 'refuse'\n", trusted=True)
    sandbox = found.settings.sandbox
    assert (sandbox.unwalled, sandbox.headless, sandbox.ask) == ("refuse", "refuse", ("git push*",))
    said = "\n".join(found.warnings)
    assert "warroom.toml, line 3: sandbox.unwalled is not obeyed" in said
    assert "line 4: sandbox.headless" in said
    assert found.origins["sandbox.unwalled"] == "config.toml:2"
    assert load("", WARROOM_SANDBOX__UNWALLED="allow").settings.sandbox.unwalled == "allow"


def test_home_is_the_variable_or_the_platforms_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert warroom_home({"WARROOM_HOME": "/srv/room"}) == Path("/srv/room")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert warroom_home({"WARROOM_HOME": "~/room"}) == tmp_path / "room"
    assert warroom_home({"WARROOM_HOME": " "}).name == "warroom"


_NAMES = st.text("abc", min_size=1, max_size=3)
_VALUES = st.sampled_from(
    ["1", '"a # [b"', "'c]'", '"""x\n[y]\n"z" = """', "'''\n[q]\n'''", "[\n 1, # ]\n 2\n]", '{ a = [1], "b c" = "}" }']
)


@given(st.dictionaries(_NAMES, st.dictionaries(_NAMES, _VALUES, max_size=3), max_size=3), st.booleans())
def test_every_key_is_found_on_its_line(tmp_path_factory: pytest.TempPathFactory, tables: dict, crlf: bool) -> None:
    text, expected = "# top [x]\n\n", {}
    for table, pairs in tables.items():
        expected[(table,)] = text.count("\n") + 1
        text += f"[{table}] # [no]\n"
        for key, value in pairs.items():
            expected[(table, key)] = text.count("\n") + 1
            text += f'"{key}" = {value} # k = [\n\n'
    path = tmp_path_factory.getbasetemp() / "lines.toml"
    path.write_bytes((text.replace("\n", "\r\n") if crlf else text).encode())
    found = read_toml(path)
    assert found is not None
    assert {key: found.lines[key] for key in expected} == expected
