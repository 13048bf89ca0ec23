"""What a secret is: told by the name beside it, by its place in an address, or by its own look.

api-key: 5f0c7e1d2b9a4c6e    https://me:pass@host/v1?key=s3cr3t    sk-proj-...
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

HIDDEN = "***"
SHORTEST = 4
"""Characters of a secret that is searched for: a shorter one would be found in any text."""


class Prefix(NamedTuple):
    """What is known of keys that begin in one way: of which `kind` they are, and how many characters follow at `least`.

    Such a key is found in rows and in releases. Where `in_recipes`, one with 16 characters or more is refused in a
    recipe and cut out of an error text too: these are keys of services that recipes ask, or that stand beside them.
    """

    kind: str = "API key"
    least: int = 16
    in_recipes: bool = True


PREFIXES = {
    "hf_": Prefix(),
    "api_org_": Prefix(),
    "sk-": Prefix(),
    "gsk_": Prefix(),
    "xai-": Prefix(),
    "glpat-": Prefix(),
    "AIza": Prefix(),
    "AKIA": Prefix(),
    "ASIA": Prefix(),
    "rk_test_": Prefix(),
    **{f"gh{letter}_": Prefix() for letter in "pousr"},
    **{f"xox{letter}-": Prefix() for letter in "abeprs"},
    "github_pat_": Prefix("GitHub token", 30),
    "nvapi-": Prefix("NVIDIA key", 20),
    "r8_": Prefix("Replicate token", 30),
    "fw_": Prefix("Fireworks key", 20),
    "csk-": Prefix("Cerebras key", 20),
    "pplx-": Prefix("Perplexity key", 30),
    "tgp_v1_": Prefix("Together key", 30),
    "dop_v1_": Prefix("DigitalOcean token", 40),
    "doo_v1_": Prefix("DigitalOcean token", 40, in_recipes=False),
    "shpat_": Prefix("Shopify token", 30, in_recipes=False),
    "shpss_": Prefix("Shopify token", 30, in_recipes=False),
    "sk_live_": Prefix("Stripe key", 16),
    "sk_test_": Prefix("Stripe key", 16),
    "rk_live_": Prefix("Stripe key", 16),
    "whsec_": Prefix("Stripe key", 30),
    "xapp-": Prefix("Slack token", 20, in_recipes=False),
    "npm_": Prefix("npm token", 36),
    "hvs.": Prefix("Vault token", 24, in_recipes=False),
    "ntn_": Prefix("Notion token", 40, in_recipes=False),
    "lin_api_": Prefix("Linear key", 30, in_recipes=False),
    "PMAK-": Prefix("Postman key", 30, in_recipes=False),
    "dckr_pat_": Prefix("Docker token", 20, in_recipes=False),
    "dp.pt.": Prefix("Doppler token", 30, in_recipes=False),
    "ya29.": Prefix("Google token", 20),
    "GOCSPX-": Prefix("Google client secret", 20, in_recipes=False),
    "AGE-SECRET-KEY-1": Prefix("age key", 50, in_recipes=False),
    "wandb_v1_": Prefix("Weights & Biases key", 20, in_recipes=False),
    "sbp_": Prefix("Supabase key", 30, in_recipes=False),
    "sb_secret_": Prefix("Supabase key", 20, in_recipes=False),
}
"""How keys begin -> what they are: the one list for recipes, error texts, rows and releases."""

# A key is told from a name in code and from a placeholder by a long run of letters that has a capital or a digit. None
# may stand in a recipe, which is published, or in an error, which people paste into questions.
LOOKS_LIKE_KEY = re.compile(
    rf"\b({'|'.join(re.escape(start) for start, prefix in PREFIXES.items() if prefix.in_recipes)})"
    r"(?![A-Za-z0-9_\-]{0,20}?X{8}|[A-Za-z0-9_\-]{0,20}?x{8}|[A-Za-z0-9_\-]{0,20}?0{8}|\w{9}EXAMPLE\b)"
    r"(?=[A-Za-z0-9_\-]{0,60}?[A-Z0-9][A-Za-z0-9]{11}|[A-Za-z0-9_\-]{0,60}?[A-Za-z0-9]{11}[A-Z0-9])[A-Za-z0-9_\-]{16,}"
    r"|(-----BEGIN [A-Z ]{0,30}PRIVATE KEY)-----(?:\s|\\n){1,40}[A-Za-z0-9+/=]{16}"
)

LOGIN = re.compile(
    r"\b(?:(?:Basic|Bearer)\s+(?=[^\s\d]{0,200}\d)[A-Za-z0-9+/=_.~\-]{12,2000}"  # no words: there is a digit in it
    r"|eyJ[A-Za-z0-9_\-]{8,4000}\.[A-Za-z0-9_\-]{8,4000}(?:\.[A-Za-z0-9_\-]{0,4000})?)"  # a JSON Web Token
)
"""A login as it stands in a header; text about logins may hold one too."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# Words of other meanings, in which the letters of a secret's name stand by chance, or with numbers beside them.
_HARMLESS = re.compile(
    r"keywords?|keyboards?|keynotes?|monkeys?|turkeys?|hockey|donkeys?|journeys?|keyframes?|hotkeys?"
    r"|tokeniz\w*|tokenis\w*|authors?(?!i)|authenticit\w*|authoritative|authority"
)
_IN_HEADERS = re.compile(
    r"key|token|secret|passw|passphrase|passcode|pwd|credential|signature|auth|cookie|bearer|jwt|hmac|session"
)
_IN_FIELDS = re.compile(
    r"secret|passw|passphrase|passcode|pwd|credential|signature|authori[sz]ation|cookie|bearer|jwt|oauth|(user|proxy|db)pass"
)
_GLUED = re.compile(r"(api|access|private|master|account|subscription|signing|encryption|auth|shared|function)keys?$")
_SHORT = {"pass", "pw", "sig", "sas", "pat", "pin", "otp", "cred", "creds", "auth", "login"}
# Beside these, `token` and `key` are no secret: eos_token, stop_token, token_limit, prompt_cache_key.
_COUNTED = {
    "eos", "bos", "pad", "unk", "sep", "cls", "mask", "stop", "special", "start", "end", "begin", "image", "first",
    "max", "min", "most", "least", "count", "limit", "budget", "type", "types", "new", "per", "prompt", "completion",
    "input", "output", "thinking", "reasoning", "cache", "sort", "group", "partition", "primary", "foreign",
}  # fmt: skip
# What an address may say in the clear, as `?api-version=2024-10-21`.
_QUERY = {
    "apiversion", "version", "v", "model", "deployment", "deploymentid", "region", "location", "alt", "stream",
    "format", "download", "project", "tier", "route", "lang", "revision", "ref",
}  # fmt: skip
_PLAIN = re.compile(r"[\w.\-]{0,40}")
_RUN = re.compile(r"[A-Za-z0-9+/=]{20,}")
_LOGIN_AT = re.compile(r"(?!mailto:)[^\s/@:?#]{1,200}:[^\s/@?#]{1,200}@[A-Za-z0-9\-]{1,100}[.:][A-Za-z0-9.\-:]{1,300}")
_ADDRESS = re.compile(r"(?<![A-Za-z0-9+.\-])[A-Za-z][A-Za-z0-9+.\-]{0,30}://\S+")

# The same in a line of text, of which nobody knows what it means.
_NAMED = re.compile(
    r"([\w.\-]{0,40}(?:key|token|secret|passw|pwd|credential|signature|auth|cookie|bearer)[\w.\-]{0,40}[\"']?\s{0,8}[:=]"
    r"\s{0,8})([^\s,{}\[\]#][^\n]*)",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\b(?:Basic|Bearer)\s{1,8}\S{6,2000}|eyJ[A-Za-z0-9_.\-]{20,8000}")
_USERINFO = re.compile(r"(?<=//)[^\s/@?#]{1,300}@|(?<![^\s\"'(,=])[^\s/@:?#\"']{1,100}:[^\s/@:?#\"']{1,200}@")
_VALUES = re.compile(r"(?<=[?&])([\w.\-]{1,60})=([^&\s\"'#]{1,2000})")


def header_speaks(name: str) -> bool:
    """Whether a header's name says that its value is a secret, in any case and with any separators."""
    words = set(_words(name))
    return bool(_IN_HEADERS.search(_HARMLESS.sub("", letters(name))) or words & _SHORT)


def field_speaks(name: str, value: Any) -> bool:
    """Whether a field's name says that this value, a text or a number, is a secret."""
    if value is None or isinstance(value, bool) or value == "":
        return False
    words = _words(name)
    letters = _HARMLESS.sub("", "".join(words))
    if _IN_FIELDS.search(letters) or set(words) & _SHORT or _GLUED.search(letters):
        return True
    looks = isinstance(value, str) and opaque(value) and "cache" not in words
    if isinstance(value, float) or (set(words) & _COUNTED and not looks):
        return False
    if words[-1:] == ["token"] or letters.endswith("token"):
        return not isinstance(value, int) or value > 10**9
    if looks and {"key", "keys", "token"} & set(words):  # key_value, api_key_2
        return True
    secret_tokens = words[-1:] == ["tokens"] and bool(set(words) & {"access", "api", "auth", "refresh", "bearer"})
    return secret_tokens or words[-1:] in (["key"], ["keys"])


def opaque(value: str) -> bool:
    """Whether a text holds a long run of letters and digits that no person writes, as keys without a prefix are."""
    return any(
        any(letter.isdigit() for letter in run) and any(letter.isalpha() for letter in run) and len(set(run)) > 7
        for run in _RUN.findall(value)
    )


def in_address(address: str, asked: bool = True) -> Iterator[tuple[str, str]]:
    """What stands in an address that only its owner may know, each as (what it is, the secret).

    Of one that is `asked`, a server's, all of a query is one but what servers are known to be told there; of any other,
    such as a page's, only what its name or its look says.
    """
    rest = address if "://" in address or address.startswith("//") else f"//{address}"
    try:
        parts = urlsplit(rest)
    except ValueError:  # no address that can be read: none that can be asked
        return
    if "@" in parts.netloc:
        yield "a user or a password", parts.netloc.rpartition("@")[0]
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if not value and not (opaque(name) or LOOKS_LIKE_KEY.search(name)):
            continue
        looks = opaque(value or name) or LOOKS_LIKE_KEY.search(value or name)
        if not (asked or looks or _query_speaks(name, value)):
            continue
        if letters(name) not in _QUERY or not _PLAIN.fullmatch(value) or opaque(value):
            yield f"the value of `{name}`" if value else "a value", value or name
    for piece in parts.path.split(";")[1:]:
        if "=" in piece:
            yield "a value behind ;", piece.partition("/")[0]
    if parts.fragment and "=" in parts.fragment:
        yield "a value behind #", parts.fragment


def _query_speaks(name: str, value: str) -> bool:
    return letters(name) == "code" or (header_speaks(name) and field_speaks(name, value))


def addresses(text: str) -> list[str]:
    """The addresses in a text; of a text that is a login at a host (`me:pass@proxy:3128`), that one."""
    return [f"//{text}"] if _LOGIN_AT.fullmatch(text) else _ADDRESS.findall(text)


def masked(text: str) -> str:
    """A line of an unknown file with all that may be a secret as stars, each letter one: places stay where they are."""
    text = LOOKS_LIKE_KEY.sub(lambda found: "*" * len(found[0]), text)
    text = _SCHEME.sub(lambda found: "*" * len(found[0]), text)
    text = _USERINFO.sub(lambda found: "*" * (len(found[0]) - 1) + "@", text)
    text = _VALUES.sub(_value, text)
    return _NAMED.sub(_after_name, text)


def _value(found: re.Match[str]) -> str:
    plain = letters(found[1]) in _QUERY and _PLAIN.fullmatch(found[2]) and not opaque(found[2])
    return found[0] if plain else f"{found[1]}={'*' * len(found[2])}"


def _after_name(found: re.Match[str]) -> str:
    name = re.split(r"[\"':=\s]", found[1], maxsplit=1)[0]
    value = found[2].strip().strip("\"'")
    public = value.lower() in ("true", "false", "null", "~", "") or name.lower() in NAMES
    secret = not public and (header_speaks(name) and field_speaks(name, _number(value)))
    return found[1] + "*" * len(found[2]) if secret else found[0]


NAMES = {"api_key_env", "api_key_header", "env"}
"""Fields of a recipe that name a variable or a header; one may hold the key itself by mistake, see `is_name`."""


def is_name(value: str) -> bool:
    """Whether a text can be the name of an environment variable that a person chose, rather than a key."""
    return (
        re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,79}", value) is not None
        and not LOOKS_LIKE_KEY.search(value)
        and not any(opaque(part) for part in value.split("_"))
    )


def _number(value: str) -> Any:
    return int(value) if value.isdecimal() and len(value) < 30 else value


_ESCAPED = re.compile(rb"\\u00([2-7][0-9a-fA-F])|\\/")


class KnownSecrets:
    """Secrets that are known, and how to leave them out of what others say of them."""

    def __init__(self, values: Iterable[str]) -> None:
        known = {part for value in values if value for part in _parts(value) if len(part) >= SHORTEST}
        self._whole = sorted({shape for secret in known for shape in _shapes(secret)}, key=len, reverse=True)
        self._long = [shape.encode() for value in known if _sure(value) for shape in _cased(value)]

    def hide(self, text: str) -> str:
        """The text without a secret in any of the shapes that servers repeat one in, nor the first half of one."""
        for secret in self._whole:
            text = _without(text, secret)
        return scrub(text)

    def stand_in(self, content: bytes) -> bool:
        """Whether a secret stands in an answer; never by chance: only long ones with digits in them are looked for."""
        if self._long and (b"\\u00" in content or b"\\/" in content):  # JSON may write any character by its number
            content += _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()) if found[1] else b"/", content)
        return any(secret in content for secret in self._long)


def scrub(text: str) -> str:
    """The text without anything that looks like a key or a login."""
    return LOGIN.sub(HIDDEN, LOOKS_LIKE_KEY.sub(HIDDEN, text))


def _parts(value: str) -> Iterator[str]:
    """A secret, what stands behind its scheme, and the password of a `Basic` one."""
    yield value
    scheme, _, rest = value.partition(" ")
    if rest and scheme.isalpha():
        yield rest.strip()
        try:
            user, colon, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return
        if colon:
            yield password
            yield f"{user}:{password}"
    user, colon, password = value.partition(":")
    if colon and password and " " not in value:
        yield password


def _sure(secret: str) -> bool:
    """Whether a secret stands nowhere by chance."""
    return len(secret) >= 16 and any(map(str.isdigit, secret))


def _cased(secret: str) -> Iterator[str]:
    """A secret as it is, and as servers write digits of base 16: all in capitals, or none."""
    yield from {secret, secret.upper(), secret.lower()}


def _shapes(secret: str) -> Iterator[str]:
    yield from _cased(secret) if _sure(secret) else (secret,)
    yield unquote(secret)
    yield from (quote(secret, safe=""), quote(secret), quote_plus(secret))
    quoted = json.dumps(secret)[1:-1]
    yield from (quoted, quoted.replace("/", "\\/"), json.dumps(quoted)[1:-1], html.escape(secret), repr(secret)[1:-1])
    yield from _encoded(secret.encode())


def _encoded(secret: bytes) -> Iterator[str]:
    """A secret as base64, alone or behind other bytes, such as a user: then only letters that those cannot change."""
    for before, unsure in ((0, 0), (1, 2), (2, 3)):
        whole = base64.b64encode(b"\0" * before + secret)
        sure = whole.rstrip(b"=").decode()[unsure : None if (before + len(secret)) % 3 == 0 else -1]
        if len(sure) >= 2 * SHORTEST or not before:
            yield from {whole.decode()[unsure:], sure, sure.replace("+", "-").replace("/", "_")}


def _without(text: str, secret: str) -> str:
    """The text without the secret, nor its beginning where that is too long for chance: others cut what they say."""
    least = min(len(secret), max(8, len(secret) // 2))
    if secret[:least] not in text:
        return text
    kept, place = [], 0
    while (start := text.find(secret[:least], place)) >= 0:
        end = start + least
        while end < len(text) and end - start < len(secret) and text[end] == secret[end - start]:
            end += 1
        kept += [text[place:start], HIDDEN]
        place = end
    return "".join([*kept, text[place:]])


def letters(name: str) -> str:
    """The Latin letters and digits of a name, in small letters: `Max-Tokens` is `maxtokens`."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]


Hide = Callable[[str], str]
"""Takes secrets out of a text that somebody else wrote."""
