"""What is taken for a secret, what is not, and that looking takes time that grows with the text."""

from __future__ import annotations

import base64
import json
import time

import pytest

from hfsft.privacy.credentials.secrets import SUSPECT, find, loosely

# Put together here, so that nobody's scanner takes this file for a leak.
LETTERS = "Zq3Xw8Rt5Lm2Kp9Vb4Nc7Hd1Sf6Gj0YaEuIoTyUiQwErAsDf"
HEX = "9f86d081884c7d659a2feaa0c55ad015"
NUMBER = "5210987634"


def part(**content: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


SECRETS = {
    "hugging face": ("API key", "hf" + "_" + LETTERS[:34]),
    "openai": ("API key", "sk" + "-proj-" + LETTERS[:40]),
    "anthropic": ("API key", "sk" + "-ant-api03-" + LETTERS[:40]),
    "groq": ("API key", "gsk" + "_" + LETTERS),
    "google": ("API key", "AI" + "za" + LETTERS[:35]),
    "github": ("GitHub token", "ghp" + "_" + LETTERS[:36]),
    "github, fine-grained": ("GitHub token", "github" + "_pat_" + LETTERS),
    "gitlab": ("GitLab token", "glpat" + "-" + LETTERS[:20]),
    "aws": ("AWS key", "AK" + "IA" + "QYLPMN5HFIQR7XYA"),
    "slack": ("Slack token", "xox" + f"b-{NUMBER}-{NUMBER}-" + LETTERS[:24]),
    "slack hook": ("Slack token", "https://hooks.slack.com/" + "services/T0ABCDEFG/B0ABCDEFG/" + LETTERS[:24]),
    "stripe": ("Stripe key", "sk" + "_live_" + LETTERS[:24]),
    "nvidia": ("NVIDIA key", "nvapi" + "-" + LETTERS),
    "replicate": ("Replicate token", "r8" + "_" + LETTERS[:37]),
    "cerebras": ("Cerebras key", "csk" + "-" + LETTERS),
    "npm": ("npm token", "npm" + "_" + LETTERS[:36]),
    "pypi": ("PyPI token", "pypi-" + "AgEIcHlwaS5vcmc" + LETTERS * 2),
    "sendgrid": ("SendGrid key", "SG" + f".{LETTERS[:22]}.{LETTERS[:43]}"),
    "telegram": ("Telegram token", f"{NUMBER}:" + LETTERS[:35]),
    "web token": ("JSON Web Token", f"{part(alg='HS256', typ='JWT')}.{part(sub='4711')}.{LETTERS[:43]}"),
    "private key": ("private key", "-----BEGIN " + f"RSA PRIVATE KEY-----\n{LETTERS}\n-----END RSA PRIVATE KEY-----"),
    "in JSON": ("private key", "-----BEGIN " + f"PRIVATE KEY-----\\n{LETTERS}\\n-----END PRIVATE KEY-----"),
    "locked": (
        "private key",
        "-----BEGIN " + f"EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{LETTERS}\n-----END EC PRIVATE KEY-----",
    ),
}
PLACED = {
    "postgres://app:{}@db.example.com/shop": ("password in an address", "Tr0ub4dor"),
    "see https://ana:{}@example.com.": ("password in an address", "hunter2"),
    "https://api.example.com/v1?api-version=2024-10-21&api-key={}": ("key in an address", HEX),
    "https://store.example.com/a.csv?se=2026&sig={}": ("key in an address", LETTERS[:40] + "%3D"),
    "curl -H 'Authorization: Bearer {}' x": ("authorization", HEX),
    '{{"Authorization": "Basic {}"}}': ("authorization", "YW5hOmh1bnRlcjI0NzEx"),
    'aws_secret_access_key = "{}"': ("AWS key", LETTERS[:38] + "/+"),
    "AWS_SECRET_ACCESS_KEY={}": ("key in a field", LETTERS[:38] + "/+"),
    "api_key: {}": ("key in a field", HEX),
    "password: {}": ("key in a field", LETTERS[:20]),
    "DB_PASSWD={}": ("key in a field", LETTERS[:24]),
    '"client_secret": "{}"': ("key in a field", LETTERS[:30]),
}
NONE = [
    "How do I reset my password?",
    "The file begins with -----BEGIN PRIVATE KEY----- and ends with a line like it.",
    "Set HF_TOKEN to your token, such as hf_xxxxxxxxxxxxxxxxxxxxxxxxx1",
    "export OPENAI_API_KEY=sk-your-key-here-1234567890",
    "Authorization: Bearer YOUR_API_KEY_GOES_HERE_1",
    "mongodb://user:password@localhost:27017/shop and postgres://user:${PASSWORD}@db/x",
    "https://example.com:8080/a@b and mailto:ana@example.com",
    'api_key = os.environ["OPENAI_API_KEY_OF_MINE_2"]',
    "commit 2fd976b41111031313107792b40d5cfd1a8baf90, sha256 " + HEX * 2,
    "hashed_password = '" + HEX + "'",
    "id 203db13e-70c7-462b-9a3d-bf32640cb0be, sk-learn-based-pipelines, a ski-resort-in-the-mountains",
    "Donaudampfschifffahrtsgesellschaftskapitaen and antidisestablishmentarianism",
    "def get_access_token(self): return self._refresh_access_token_if_needed_1()",
    "token: The smallest unit that a model reads; tokens_per_minute: 100000",
    "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk" * 4,
    "eyJ" + "hbGciOi and so on",
    "请把密码发给我。" * 20,
]


@pytest.mark.parametrize(("kind", "secret"), SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("around", ["{}", "Use {}, please.", 'x = "{}"\n', "(`{}`)", "键：{}。"])
def test_a_secret_is_found_by_its_form(kind: str, secret: str, around: str) -> None:
    text = around.format(secret)
    (found,) = find(text)
    assert found.kind == kind
    assert text[found.start : found.end] == secret


@pytest.mark.parametrize(("text", "found"), PLACED.items())
def test_a_secret_is_found_by_its_place(text: str, found: tuple[str, str]) -> None:
    kind, secret = found
    said = text.format(secret)
    assert [(each.kind, said[each.start : each.end]) for each in find(said)] == [(kind, secret)]


@pytest.mark.parametrize("text", NONE)
def test_what_is_none(text: str) -> None:
    assert find(text) == []


def test_several_in_one_text_stand_in_their_order() -> None:
    secrets = [secret for _, secret in SECRETS.values()]
    text = " and ".join(secrets)
    assert [text[each.start : each.end] for each in find(text)] == secrets


PIECES = [
    *("eyJ", "eyJaaaaa.", "AKIA", "aws key'", "ghp_", "glpat-", "xoxb-1-", "SG.a", "-us1", "MMMMMMMM.", "12345678:"),
    *("://a:", "://a:b", "?key=", "api_key = '", "Bearer ", "token", "=", "hvs.", "pypi-AgEIcHlwaS5vcmc", "sk-"),
    *("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----AAAAAAAAAA", "-----BEGIN A A A ", "a", "9", "/"),
]


@pytest.mark.parametrize("piece", PIECES)
def test_looking_takes_no_longer_than_the_text_is_long(piece: str) -> None:
    text = piece * (200_000 // len(piece)) + "x"
    find(text[:100])
    started = time.process_time()
    find(text)
    assert time.process_time() - started < 2  # with the square of the size it were minutes


@pytest.mark.parametrize(
    "secret", [secret for _, secret in SECRETS.values()] + [t.format(s) for t, (_, s) in PLACED.items()]
)
def test_what_arrow_dismisses_holds_no_secret(secret: str) -> None:
    import pyarrow
    import pyarrow.compute as compute

    for pattern in (SUSPECT, loosely()):
        assert compute.match_substring_regex(pyarrow.array([f"x {secret}"]), pattern)[0].as_py()
        assert not compute.match_substring_regex(pyarrow.array(["How do I reset my password?"]), pattern)[0].as_py()
