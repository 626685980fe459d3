"""Redaction: secrets go, wherever they stand; hashes, UUIDs and code stay; twice is as good as once."""

import base64
import json
import string
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.redact import MARK, redact, redact_all

ROOT = Path(__file__).parents[2]
ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


def letters(alphabet: str, least: int, most: int | None = None) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=least, max_size=most or least)


def after(prefix: str, alphabet: str, least: int, most: int | None = None) -> st.SearchStrategy[str]:
    return letters(alphabet, least, most).map(lambda rest: prefix + rest)


KEYS = st.one_of(
    after("sk-ant-api03-", ALNUM + "_-", 40, 95),
    after("sk-proj-", ALNUM + "_-", 40, 120),
    after("sk-or-v1-", HEX, 64),
    after("sk-", ALNUM, 48),
    after("AIza", ALNUM + "_-", 35),
    after("AKIA", string.ascii_uppercase + "234567", 16),
    after("ghp_", ALNUM, 36),
    after("github_pat_", ALNUM + "_", 82),
    after("glpat-", ALNUM + "_-", 20),
    after("xoxb-", string.digits + "-" + ALNUM, 40),
    after("sk_live_", ALNUM, 24),
    after("hf_", ALNUM, 34),
    after("gsk_", ALNUM, 52),
    after("npm_", ALNUM, 36),
    after("pypi-AgEIcHlwaS5vcmc", ALNUM + "_-", 120),
    after("https://hooks.slack.com/services/", ALNUM + "/", 44),
    st.tuples(letters(ALNUM, 20), letters(ALNUM, 30), letters(ALNUM + "_-", 43)).map(
        lambda parts: f"eyJ{parts[0]}.eyJ{parts[1]}.{parts[2]}"
    ),
)
RANDOM = letters(ALNUM, 24, 44).filter(
    lambda text: any(letter.isdigit() for letter in text[1:-1]) and len(set(text)) > 12 and not text.isdigit()
)
"""What a machine makes up."""
PASSWORDS = st.one_of(
    RANDOM, st.sampled_from(["hunter2", "s3cr3t!", "tr0ub4dor&3", "Xk9#mP2$vL", "qwerty123", "p@ssw0rd-9"])
)
AROUND = st.sampled_from(["", " ", "\n", "see: ", " # ", '("', "', ", "\t", "…", "é", ";", "="])
BEHIND = st.sampled_from(["", " ", "\n", '")', "', ", "\t", "…", ";"])
PROSE = st.text(string.ascii_letters + string.digits + " .,\n()", max_size=60)


def private_key(kind: str, body: bytes, break_: str = "\n", before: str = "") -> str:
    coded = base64.b64encode(body).decode()
    lines = [coded[at : at + 64] for at in range(0, len(coded), 64)]
    name = f"{kind} PRIVATE KEY".strip()
    return break_.join(before + line for line in (f"-----BEGIN {name}-----", *lines, f"-----END {name}-----"))


@given(key=KEYS, before=AROUND, behind=BEHIND, prose=PROSE)
@settings(deadline=None)
def test_keys_of_known_formats_go_and_nothing_else_does(key: str, before: str, behind: str, prose: str) -> None:
    text = f"{prose}{before} {key}{behind}"
    redacted = redact(text)
    assert key not in redacted
    assert key[-16:] not in redacted[len(prose) :]
    assert MARK in redacted
    assert redacted.startswith(prose)


ASSIGNMENTS = [
    'password = "{}"',
    "password='{}'",
    "self.db_password: str = '{}'",
    'connect(user="ann", password="{}", port=5432)',
    '{{"password": "{}"}}',
    '{{\\"apiKey\\": \\"{}\\"}}',
    'os.environ["API_KEY"] = "{}"',
    "const clientSecret = `{}`;",
    "$config['secret_key'] => '{}',",
    "DB_PASSWORD={}",
    "export STRIPE_SECRET={}",
    'API_KEY="{}"',
    "  - MYSQL_ROOT_PASSWORD={}",
    "+SECRET_KEY='{}'",
    "docker run -e REDIS_PASSWORD={} redis",
    "https://example.org/v1/things?limit=3&api_key={}&page=2",
    "tool --api-key={} --verbose",
    'curl -H "X-Api-Key: {}" https://example.org',
    "<password>{}</password>",
    "postgres://ann:{}@db.example.org:5432/shop",
    "redis://:{}@cache",
    'if password == "{}":',
]


@pytest.mark.parametrize("line", ASSIGNMENTS)
@given(secret=PASSWORDS)
@settings(max_examples=25, deadline=None)
def test_what_is_called_a_secret_goes(line: str, secret: str) -> None:
    if "&" in secret and "?" in line or "#" in secret and ("?" in line or "://" in line):
        secret = "hunter2"  # such a password would be written %26 there
    text = f"first = 1\n{line.format(secret)}\nlast = 2\n"
    redacted = redact(text)
    assert redacted == text.replace(secret, MARK)


@given(secret=RANDOM)
@settings(deadline=None)
def test_a_token_goes_where_it_looks_random(secret: str) -> None:
    for line in (
        'token = "{}"',
        "GITHUB_TOKEN={}",
        'getenv("TOKEN", "{}")',
        "Authorization: Bearer {}",
        "token: {}",
        "aws_secret_access_key = {}",
        "deploy --token {} --force",
        "https://{}@git.example.org/shop.git",
    ):
        assert secret not in redact(line.format(secret)), line


@given(
    name=st.from_regex(r"[A-Z][A-Z0-9_]{2,12}", fullmatch=True), secret=RANDOM, quote=st.sampled_from(["", '"', "'"])
)
@settings(deadline=None)
def test_random_text_in_lines_like_those_of_an_env_file_goes(name: str, secret: str, quote: str) -> None:
    if len(set(secret)) < 16:
        return
    text = f"A=1\n{name}={quote}{secret}{quote}\nB=2\n"
    assert redact(text) == f"A=1\n{name}={quote}{MARK}{quote}\nB=2\n"


@given(
    kind=st.sampled_from(["", "RSA", "EC", "OPENSSH", "ENCRYPTED"]),
    body=st.binary(min_size=100, max_size=400),
    break_=st.sampled_from(["\n", "\r\n", "\\n"]),
    before=st.sampled_from(["", "    ", "+"]),
    cut=st.sampled_from(["none", "head", "tail"]),
)
@settings(deadline=None)
def test_private_keys_go_whole_or_cut(kind: str, body: bytes, break_: str, before: str, cut: str) -> None:
    key = private_key(kind, body, break_, before)
    lines = key.split(break_)
    shown = {"none": lines, "head": lines[1:], "tail": lines[:-1]}[cut]
    redacted = redact(f"x = 1\n{break_.join(shown)}\ny = 2\n")
    assert MARK in redacted
    assert not any(line[-20:] in redacted for line in lines[1:-1] if len(line) > 24)
    assert redacted.startswith("x = 1\n")
    assert redacted.endswith("y = 2\n")


def test_a_pgp_key_has_headers() -> None:
    body = base64.b64encode(bytes(range(256))).decode()
    frame = "PGP PRIVATE KEY BLOCK-----"
    text = f"-----BEGIN {frame}\nVersion: GnuPG v2\n\n{body}\n=abcd\n-----END {frame}"
    assert redact(f"a\n{text}\nb") == f"a\n{MARK}\nb"


HASHES = st.one_of(
    letters(HEX, 40),
    letters(HEX, 64),
    letters(HEX, 7, 12),
    st.uuids().map(str),
    st.uuids().map(lambda found: UUID(str(found)).hex),
)
CONTEXTS = [
    "commit {}",
    "{}",
    "COMMIT={}",
    "RUN_ID={}",
    "export BUILD='{}'",
    "image: shop@sha256:{}",
    'revision = "{}"',
    '{{"id": "{}", "seq": 4}}',
    "https://example.org/shop/commit/{}",
    "IMAGE=registry.example.org/shop/app-{}",
    "index {}..e69de29 100644",
    "key: {}",
]


@pytest.mark.parametrize("context", CONTEXTS)
@given(found=HASHES)
@settings(max_examples=40, deadline=None)
def test_hashes_and_uuids_stay(context: str, found: str) -> None:
    assert redact(context.format(found)) == context.format(found)


@pytest.mark.parametrize(
    "line",
    [
        "token = tokenizer.next_token()",
        'token = "IDENTIFIER"',
        "tokens = 12_000",
        "MAX_TOKENS=4096",
        "max_tokens: 16000",
        "password: str",
        "password: string;",
        "api_key: str | None = None",
        "token: u32,",
        "secret: Uint8Array",
        'password = request.form["password"]',
        'api_key = os.environ["ANTHROPIC_API_KEY"]',
        'os.environ.get("API_KEY", "")',
        'fields = ["username", "password", "email2"]',
        'password_field = "password"',
        'PASSWORD_FILE="/run/secrets/db_password"',
        "SECRET_KEY_FILE=/etc/keys/key.pem",
        "DB_PASSWORD=${DB_PASSWORD}",
        "GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}",
        "TOKEN=$(cat token.txt)",
        "API_KEY=<your api key>",
        "API_KEY=your-api-key-here",
        'password="..."',
        'password = "{password}"',
        'password = "%s" % name',
        'url = f"postgres://{user}:{password}@{host}/shop"',
        "postgres://user:password@localhost/shop",
        "git@github.com:ann/shop.git",
        "ssh://git@example.org/shop.git",
        "https://example.org:8080/a@b",
        'prompt = "Enter your password: "',
        'if "-----BEGIN PRIVATE KEY-----" in text and "-----END PRIVATE KEY-----" in text:',
        "PATH=/usr/local/lib/python3.11/site-packages/bin",
        "PYTHONPATH=/home/ann/projects/shop-2024/src",
        "WHEEL=textual-8.2.8-py3-none-any.whl",
        "INTEGRITY=sha512-9Sqm0yS2q9V5Jf0x1bC3d4E5f6G7h8I9j0K1l2M3n4O5p6==",
        "class AuthenticationMiddlewareForTheWholeApplication2:",
        "assert token_count == 12 and secret_santa == 'ann'",
        "sk-fading-circle-container sk-1 sk-spinner",
        "AUTH=CRAM-MD5",
        'token = r"[A-Za-z_][A-Za-z0-9_]*"',
        "return hmac.compare_digest(token, expected_token)",
        "    pass\n    x = 'abcdefgh12345678'",
    ],
)
def test_ordinary_code_and_settings_stay(line: str) -> None:
    assert redact(line) == line
    assert redact(f"a = 1\n{line}\nb = 2") == f"a = 1\n{line}\nb = 2"


def test_our_own_code_stays_as_it_is() -> None:
    ours = [path for room in ("agents", "app", "sounds", "themes") for path in (ROOT / room).rglob("*.py")]
    assert len(ours) > 100
    for path in ours:
        text = path.read_text()
        assert redact(text) == text, path


PIECES = st.one_of(
    KEYS,
    PASSWORDS,
    HASHES,
    PROSE,
    st.binary(min_size=80, max_size=120).map(lambda body: private_key("RSA", body)),
    st.sampled_from(
        [
            "password",
            "API_KEY",
            "=",
            ": ",
            '"',
            "'",
            "\n",
            "\\n",
            '\\"',
            "://",
            "@",
            ":",
            "Bearer ",
            ",",
            "<",
            ">",
            "--token ",
        ]
    ),
    st.sampled_from([MARK, "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "&", "?", "token"]),
)


@given(pieces=st.lists(PIECES, max_size=14))
@settings(max_examples=300, deadline=None)
def test_redacting_again_changes_nothing(pieces: list[str]) -> None:
    once = redact("".join(pieces))
    assert redact(once) == once


@given(text=st.text(max_size=300))
@settings(deadline=None)
def test_any_text_can_be_redacted(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@given(key=KEYS, secret=RANDOM)
@settings(deadline=None)
def test_structures_are_redacted_inside(key: str, secret: str) -> None:
    row = {
        "seq": 7,
        "cost": None,
        "text": f"use {key}",
        "env": {"DB_PASSWORD": secret, "HOME": "/home/ann"},
        "calls": [{"arguments": {"command": f"export API_KEY={secret}"}}, ("token", 3)],
    }
    redacted = redact_all(row)
    assert json.dumps(redacted)
    assert key not in str(redacted)
    assert secret not in str(redacted)
    assert redacted["env"] == {"DB_PASSWORD": MARK, "HOME": "/home/ann"}
    assert (redacted["seq"], redacted["cost"], redacted["calls"][1]) == (7, None, ["token", 3])
    assert row["env"]["DB_PASSWORD"] == secret, "the original is as it was"


FRAMES = ["-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----\n", "A" * 63 + "\n"]
WORDS = [f'password="{"a" * 80}1x"', "token = " + "Ab" * 90 + "-9", "A" * 90 + "1=" + "b" * 90 + "2\n"]
PARTS = ["password", "password=", 'password="', "a://b:", "Bearer ", "api_", "\\", *FRAMES, *WORDS]


@pytest.mark.parametrize("piece", PARTS)
def test_no_text_takes_longer_than_its_length(piece: str) -> None:
    """Were any of it quadratic, 200,000 characters would take minutes; the test's own limit says so."""
    text = piece * (200_000 // len(piece))
    assert len(redact(text)) <= len(text) * 12
