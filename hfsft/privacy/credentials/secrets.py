"""Secrets in texts: keys as providers issue them, private keys, and passwords where their place tells what they are.

A secret is known by its form (`ghp_...`, `AKIA...`, a private key, a JSON Web Token) or by where it stands (an
`Authorization` header, the userinfo or the query of an address, a field called `api_key`). The forms are those of
detect-secrets, as far as they are exact, and of providers that it does not know. Placeholders (`your-key-here`,
`xxxxxxxx`, `${TOKEN}`) are none. Chance strings are not looked for: hashes, ids and base64 are everywhere in data.
"""

from __future__ import annotations

import importlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from hfsft.keys import LOOKS_LIKE_KEY, PREFIXES
from hfsft.letters.late_patterns import at_first_use
from hfsft.privacy.credentials import passwords
from hfsft.privacy.found import Found

SUSPECT = r"[A-Za-z0-9_\-/+=]{18}|[=:>]\s{0,3}[\"']?[A-Za-z0-9_~+\-][A-Za-z0-9._~+/=\-]{15}|://[^\s/@]*@|-----BEGIN "
"""Without a match, in Python or in RE2, a text holds no secret but perhaps a short password.

What most texts are dismissed by at once.
"""


@dataclass(frozen=True)
class _SecretForm:
    """One kind of secret; one of `anchors`, in small letters, is in every text that holds it."""

    kind: str
    anchors: tuple[str, ...]
    pattern: re.Pattern[str]
    secret: int = 0  # the group of the pattern that is the secret itself
    check: Callable[[str], bool] = lambda _: True


def find(text: str, short: bool = True) -> list[Found]:
    """The secrets in a text, in their order; where two forms overlap, the one that begins first and is longest.

    With `short=False` without what only its name makes a password, which is as likely one of an example. Takes time
    that grows with the text, whatever stands in it.
    """
    folded = text.lower()
    found = []
    if _SUSPECT.search(text):
        found += [
            Found(form.kind, *match.span(form.secret))
            for form in _forms()
            if any(anchor in folded for anchor in form.anchors)
            for match in form.pattern.finditer(text)
            if form.check(match[form.secret])
        ]
    if short:
        found += [Found("password", start, end) for start, end in passwords.find(text, folded)]
    return list(_apart(sorted(found, key=lambda each: (each.start, -each.end))))


@cache
def loosely() -> str:
    """An expression for RE2, the engine of Arrow: without a match, too, nothing is found with `short=False`."""
    return "|".join(f"(?i:{_loose(form)})" if form.pattern.flags & re.I else f"(?:{_loose(form)})" for form in _forms())


def _loose(form: _SecretForm) -> str:
    """The form without what RE2 cannot read: what must or must not stand around, and bounds above its own."""
    kept, depth, inside = [], 0, 0  # `inside`: how deep the group lies that is left out, 0 for none
    for piece in re.findall(
        r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?<?[=!]|[()]|[^\\\[()]+|.", form.pattern.pattern, re.DOTALL
    ):
        depth += piece.startswith("(") - (piece == ")")
        if piece.startswith(("(?=", "(?!", "(?<=", "(?<!")) and not inside:
            inside = depth
        if not inside:
            kept.append(piece)
        elif piece == ")" and depth < inside:
            inside = 0
    return re.sub(r"\{(\d+),\d{4,}\}", r"{\1,}", "".join(kept))


def _apart(found: list[Found]) -> Iterator[Found]:
    end = -1
    for each in found:
        if each.start >= end:
            yield each
            end = each.end


_SUSPECT = at_first_use(SUSPECT)
_FILLER = at_first_use(
    r"([x*.0#])\1{5}|\byours?[-_ ]|[-_]yours?[-_]|replace|placeholder|\.\.\.|^[<{$%]|[$<{]{1,2}[A-Z_a-z]", re.IGNORECASE
)
_NAME = at_first_use(r"[A-Za-z]{1,60}\d{0,3}(?:[_\-./][A-Za-z]{1,60}\d{0,3})+")  # `my_secret_token1`
_WORDS = {"pass", "passwd", "password", "pwd", "secret", "token", "key", "user", "username", "apikey", "api_key"}


def _issued(value: str) -> bool:
    """Whether a value of the right form may be a key: no placeholder, and not spelled in words alone."""
    return not _FILLER.search(value) and bool(re.search("[0-9A-Z]", value))


def _random(value: str) -> bool:
    """Whether a value that only its place makes a secret looks like one: letters and digits, hardly any twice."""
    if not (_issued(value) and re.search("[0-9]", value) and re.search("[A-Za-z]", value)):
        return False
    if _NAME.fullmatch(value):
        return False
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values()) >= 3


def _drawn(value: str) -> bool:
    """Whether a value under a name that says little (`key`) is random: capitals, small letters and digits, mixed."""
    return _random(value) and bool(re.search("[a-z]", value) and re.search("[A-Z]", value)) and "." not in value


def _password(value: str) -> bool:
    """Whether what stands before the @ of an address is a password, and no word for one."""
    return not _FILLER.search(value) and value.casefold() not in _WORDS and len(set(value)) > 1


def _token(value: str) -> bool:
    """Whether head and content of a JSON Web Token are JSON."""
    from detect_secrets.plugins.jwt import JwtTokenDetector

    return JwtTokenDetector.is_formally_valid(value.rpartition(".")[0])


_BEFORE = r"(?<![A-Za-z0-9_\-])"
_REST = r"[A-Za-z0-9_\-]"
_FIELD = r"(?:api|access|secret|private|auth|account|client|service|app|master|signing|encryption|storage)"

_KNOWN = {
    "aws.AWSKeyDetector": ("AWS key", ("a3t", "abia", "acca", "akia", "asia", "aws")),
    "azure_storage_key.AzureStorageKeyDetector": ("Azure storage key", ("accountkey=",)),
    "discord.DiscordBotTokenDetector": ("Discord token", (".",)),
    "github_token.GitHubTokenDetector": ("GitHub token", ("gh",)),
    "gitlab_token.GitLabTokenDetector": ("GitLab token", ("gl", "gr1348941")),
    "mailchimp.MailchimpDetector": ("Mailchimp key", ("-us",)),
    "pypi_token.PypiTokenDetector": ("PyPI token", ("pypi-",)),
    "sendgrid.SendGridDetector": ("SendGrid key", ("sg.",)),
    "slack.SlackDetector": ("Slack token", ("xox", "hooks.slack")),
    "square_oauth.SquareOAuthDetector": ("Square secret", ("sq0csp-",)),
    "telegram_token.TelegramBotTokenDetector": ("Telegram token", (":",)),
    "twilio.TwilioKeyDetector": ("Twilio key", ("ac", "sk")),
}
"""Detectors of detect-secrets whose expressions are exact, and linear in any text."""

_PRIVATE_KEY = at_first_use(
    r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:\\[nrt]|[\s\"'+,|#>]){0,40}(?:Proc-Type|Version:|Comment:|[A-Za-z0-9+/=]{10})"
    r"(?:(?:[^-]|-(?!----)){0,10000}-----END [A-Z0-9 ]{0,40}-----)?"
)
_JWT = at_first_use(_BEFORE + r"eyJ[A-Za-z0-9_\-]{5,}\.eyJ[A-Za-z0-9_\-]{5,}\.[A-Za-z0-9_\-]{10,}")
_USERINFO = at_first_use(r"://[^\s/?#@:'\"<>`]{0,100}:([^\s/?#@'\"`]{3,200})@[A-Za-z0-9\[]")
_QUERY = at_first_use(
    r"[?&](?:[A-Za-z0-9]{1,20}[_\-])?(?:key|token|secret|password|passwd|sig|signature|apikey|subscription-key)"
    r"=([A-Za-z0-9%._~+/\-]{16,})",
    re.IGNORECASE,
)
_HEADER = at_first_use(
    r"(?:authorization[\"']?\s{0,3}[:=,]\s{0,3}[\"']?(?:[a-z]{1,12} {1,3})?|\bbearer {1,3})([A-Za-z0-9._~+/=\-]{16,})",
    re.IGNORECASE,
)
_ASSIGNED = at_first_use(
    r"(?:\b|(?<!hashed)(?<!hash)(?<!encrypted)_)"
    rf"(?:{_FIELD}[_\- ]?(?:access[_\- ]?)?key|(?:{_FIELD}[_\- ]?)?(?:token|secret|password|passwd))"
    r"[\"']?\s{0,3}(?:=|:|=>|:=)\s{0,3}[\"']?([A-Za-z0-9_~+\-][A-Za-z0-9._~+/=\-]{15,199})",
    re.IGNORECASE,
)
_KEY = at_first_use(r"(?i:\bkey)[\"']?\s{0,3}[=:]\s{0,3}[\"']([A-Za-z0-9._~+/=\-]{24,200})[\"']")


@cache
def _forms() -> tuple[_SecretForm, ...]:
    """Every form; read once, and only where a text may hold one."""
    issued = [
        _SecretForm(
            kind, (start.lower(),), re.compile(f"{_BEFORE}{re.escape(start)}{_REST}{{{least},}}"), check=_issued
        )
        for start, (kind, least, _) in PREFIXES.items()
        if kind != "API key"  # these are found by LOOKS_LIKE_KEY
    ]
    known = []
    for where, (kind, anchors) in _KNOWN.items():
        module, name = where.split(".")
        detector = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)
        for pattern in detector.denylist:
            bounded = re.compile(f"{_BEFORE}(?:{pattern.pattern})", pattern.flags)
            known.append(_SecretForm(kind, anchors, bounded, pattern.groups if kind == "AWS key" else 0, _issued))
    return (
        _SecretForm("private key", ("-----begin ",), _PRIVATE_KEY),
        _SecretForm("JSON Web Token", ("eyj",), _JWT, check=_token),
        *known,
        *issued,
        _SecretForm("API key", ("",), LOOKS_LIKE_KEY, check=_issued),
        _SecretForm("password in an address", ("://",), _USERINFO, 1, _password),
        _SecretForm("key in an address", ("key=", "token=", "secret=", "passw", "sig"), _QUERY, 1, _random),
        _SecretForm("authorization", ("authorization", "bearer"), _HEADER, 1, _random),
        _SecretForm("key in a field", ("key", "token", "secret", "passw"), _ASSIGNED, 1, _random),
        _SecretForm("key in a field", ("key",), _KEY, 1, _drawn),
    )
