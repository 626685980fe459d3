"""Secrets that can be told by their own shape: keys of the big providers, and private key blocks."""

import re
from collections.abc import Iterator

_FORMATS = (
    r"sk-ant-[A-Za-z0-9_-]{16,}",  # Anthropic
    r"sk-(?:proj|svcacct|admin|None|or-v1)-[A-Za-z0-9_-]{20,}",  # OpenAI, OpenRouter
    r"sk-[A-Za-z0-9]{32,}",  # OpenAI of old, DeepSeek
    r"AIza[A-Za-z0-9_-]{35}",  # Google
    r"ya29\.[A-Za-z0-9_-]{20,}",
    r"GOCSPX-[A-Za-z0-9_-]{20,}",
    r"(?:AKIA|ASIA|AROA|AIDA|AGPA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])",  # AWS
    r"gh[pousr]_[A-Za-z0-9]{36,255}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{22,255}",
    r"gl(?:pat|dt|rt|cbt|ptt|ft|oas|soat|agent)-[A-Za-z0-9_-]{20,}",  # GitLab
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"xapp-\d-[A-Za-z0-9-]{10,}",
    r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
    r"whsec_[A-Za-z0-9+/=]{24,}",
    r"hf_[A-Za-z0-9]{30,}",  # Hugging Face
    r"gsk_[A-Za-z0-9]{40,}",  # Groq
    r"xai-[A-Za-z0-9]{60,}",  # xAI
    r"pplx-[A-Za-z0-9]{40,}",  # Perplexity
    r"r8_[A-Za-z0-9]{37,}",  # Replicate
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-[A-Za-z0-9_-]{50,}",
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",  # SendGrid
    r"SK[0-9a-f]{32}(?![A-Za-z0-9])",  # Twilio
    r"\d{8,10}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])",  # Telegram
    r"do[opr]_v1_[a-f0-9]{64}",  # DigitalOcean
    r"dapi[0-9a-f]{32}",  # Databricks
    r"hv[sb]\.[A-Za-z0-9_-]{24,}",  # Vault
    r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",  # Shopify
    r"sbp_[a-f0-9]{40}",  # Supabase
    r"lin_api_[A-Za-z0-9]{32,}",  # Linear
    r"AGE-SECRET-KEY-1[A-Z0-9]{50,}",
    r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",  # a signed JSON web token
)
_KNOWN = re.compile(r"(?<![A-Za-z0-9])(?:" + "|".join(_FORMATS) + ")+")
_RUN = re.compile(r"(?<![A-Za-z0-9+/=_.:-])[A-Za-z0-9+/=_.:-]{16,}")
"""What a key of any format is a part of: looked for first, which is much faster than looking for each of them."""
_AFTER_A_MARK = re.compile(
    r"(?:hooks\.slack\.com/services/|discord(?:app)?\.com/api/webhooks/\d{1,24}/)([A-Za-z0-9/_-]{20,})"
    r"|AccountKey=([A-Za-z0-9+/]{40,}={0,2})"  # Azure
)

_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
# Lines end in a newline or in one that was written as an escape; a diff, a listing or quotes may stand around them.
_BREAK = r"(?:\\[nrt]|[\s\"'+,|>:\-\d])"
_HEADER = r"[A-Za-z][A-Za-z-]{2,20}: [^\n\\]{0,80}"
_BODY = re.compile(rf"{_BREAK}{{0,60}}(?:{_HEADER}{_BREAK}{{1,60}}){{0,4}}[A-Za-z0-9+/=]{{32,}}")
_MORE = re.compile(rf"{_BREAK}{{1,60}}[A-Za-z0-9+/=]{{4,}}(?=\\[nr]|[\s\"']|\Z)")
_BEFORE = re.compile(
    r"(?:(?<=\\n)|(?<![A-Za-z0-9+/=\\]))[A-Za-z0-9+/=]{4,}(?:\\r|\r)?(?:\\n|\n)[\s\"'+,|>:\-\d]{0,60}\Z"
)
_REACH = 140
"""Longer than any line of a key with what may stand around it."""

Span = tuple[int, int]


def known_formats(text: str) -> Iterator[Span]:
    """Where keys of a known format stand in `text`."""
    for run in _RUN.finditer(text):
        for match in _KNOWN.finditer(text, *run.span()):
            yield match.span()
    for match in _AFTER_A_MARK.finditer(text):
        yield match.span(match.lastindex or 0)


def private_keys(text: str) -> Iterator[Span]:
    """Where private key blocks stand, whole ones and those of which a cut left only the head or the tail.

    The words of the frame alone, as code that looks for keys has them, are none.
    """
    at = 0
    while begin := _BEGIN.search(text, at):
        following = _BEGIN.search(text, begin.end())
        at = following.start() if following else len(text)
        if body := _BODY.match(text, begin.end(), at):
            end = _END.search(text, body.end(), at)
            yield begin.start(), end.end() if end else _after_lines(text, body.end())
    for end in _END.finditer(text):
        start = _before_lines(text, end.start())
        if start < end.start():
            yield start, end.end()


def _after_lines(text: str, at: int) -> int:
    """On from `at` over what looks like more lines of a key."""
    while line := _MORE.match(text, at):
        at = line.end()
    return at


def _before_lines(text: str, at: int) -> int:
    """Back from a frame's end over what looks like the lines of a key."""
    long = False
    start = at
    while line := _BEFORE.search(text, max(0, start - _REACH), start):
        start = line.start()
        long = long or line.end() - start > 40
    return start if long else at
