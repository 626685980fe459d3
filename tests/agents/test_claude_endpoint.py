import pytest

from agents.models.claude_endpoint import ClaudeEndpoint

KEY = {"ANTHROPIC_API_KEY": "secret"}


@pytest.mark.parametrize(
    ("url", "environ", "key"),
    [
        (None, KEY, None),  # the client reads the environment itself
        ("https://api.anthropic.com", KEY, None),
        ("http://127.0.0.1:8080", KEY, "secret"),
        ("http://localhost:8080/v1", {"ANTHROPIC_AUTH_TOKEN": "token"}, "token"),
        ("http://[::1]:8080", {}, "local"),
        (
            "https://gateway.example/anthropic",
            {**KEY, "ANTHROPIC_BASE_URL": "https://gateway.example/anthropic/"},
            None,
        ),
    ],
)
def test_the_key_of_the_environment_goes_where_the_person_sent_it(
    url: str | None, environ: dict[str, str], key: str | None
) -> None:
    assert ClaudeEndpoint.find(url, None, environ).key == key


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example",
        "http://api.anthropic.com",
        "https://api.anthropic.com.evil.example",
        "https://api.anthropic.com@evil.example",
        "http://gateway.example/anthropic",
        "https://gateway.example:8443/anthropic",
    ],
)
def test_a_repositorys_configuration_cannot_send_the_key_elsewhere(url: str) -> None:
    environ = {**KEY, "ANTHROPIC_BASE_URL": "https://gateway.example/anthropic"}
    assert ClaudeEndpoint.find(url, None, environ).key == "local"


def test_a_key_given_by_hand_is_used_anywhere() -> None:
    assert ClaudeEndpoint.find("https://evil.example", " mine ", KEY).key == "mine"


@pytest.mark.parametrize(
    ("url", "address", "where"),
    [
        (None, None, "api.anthropic.com"),
        ("http://h:1/v1/", "http://h:1", "http://h:1"),
        ("http://user:pw@h:1/p", "http://user:pw@h:1/p", "http://h:1/p"),
        ("http://h/\x1b[31mx", "http://h/\x1b[31mx", "http://h/x"),
    ],
)
def test_the_address_is_told_without_credentials(url: str | None, address: str | None, where: str) -> None:
    endpoint = ClaudeEndpoint.find(url, None, {})
    assert (endpoint.url, endpoint.where) == (address, where)


def test_local_models_are_those_of_others_at_others() -> None:
    home = ClaudeEndpoint.find(None, None, {})
    other = ClaudeEndpoint.find("http://localhost:1", None, {})
    assert not home.serves_local("claude-haiku-5-5")
    assert not other.serves_local("claude-haiku-5-5")
    assert other.serves_local("qwen2.5-coder:7b")
