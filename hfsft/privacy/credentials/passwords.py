"""Passwords that a name tells: `password = Tr0ub4dor&3xyz`, `--token 9fk2...`, "mật khẩu là ...".

A value of six characters and more under a name for passwords, in 15 languages and in code. None are: what code reads
from elsewhere (`os.environ`, `input()`), other names (`new_password2`), words (`required`), what comes in every manual
(`password123`, `changeme`), and values under names that say something about passwords (`password_hash`, `token_id`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hfsft.letters.late_patterns import at_first_use

NAMES = (
    *("passw", "pwd", "passphrase", "passcode", "secret", "token", "kennwort", "contrase"),
    *(
        f"{kind}{sign}{what}"
        for kind in ("api", "access", "auth")
        for sign in ("", "_", "-", " ")
        for what in ("key", "pass")
    ),
    *("mot de passe", "senha", "mật khẩu", "пароль", "密码", "密碼", "口令", "パスワード", "비밀번호", "암호", "hasło"),
    *("wachtwoord", "şifre", "parola", "kata sandi", "รหัสผ่าน", "पासवर्ड", "كلمة المرور", "كلمة السر"),
)
"""In small letters: one of them stands before every password that is found."""

_NAME = (
    r"(?:passw(?:or)?d|passwd|passwort|pwd|passphrase|passcode|secret|token"
    r"|(?:api|access|auth)[_\- ]?(?:key|pass)|kennwort|contraseña|mot de passe|senha|mật khẩu|пароль|密码|密碼|口令"
    r"|パスワード|비밀번호|암호|hasło|wachtwoord|şifre|parola|kata sandi|รหัสผ่าน|पासवर्ड|كلمة المرور|كلمة السر)"
)
_ABOUT = (
    r"(?:hash|hashed|digest|salt|id|ids|len|length|size|count|min|max|limit|type|kind|name|label|field|column|file|path"
    r"|url|uri|link|endpoint|policy|rules?|regex|pattern|format|hint|expiry|expires?|age|ttl|date|time|timestamp|at|in"
    r"|env|class|version|algorithm|encoder|validators?|confirmation|reset|usage|budget|manager|provider|arn|ref)"
)
_SAYS = r"(?:is|was|are|là|es|est|ist|lautet|é|è|это)"
_AFTER = (
    r"(?:[\"'\]]{0,2}\s{0,3}(?::\s?(?i:str|string)\s{1,3}=|:=|=>|===?|[=:：]|\||[\"']\s?,(?=\s?[\"']))\s{0,3}"
    rf"(?:!!binary )?|\s(?=[\"'`])|\s{{1,3}}{_SAYS}:?\s{{1,3}}|\s?(?:是|为|為|は|은|는)\s?[:：]?\s?|>)"
)
_PLACE = at_first_use(
    rf"(?<!hashed_)(?<!hash_)(?<!encrypted_)(?<!enc_){_NAME}(?P<more>\d?(?:[_\-][A-Za-z0-9]{{1,20}}){{0,6}}){_AFTER}"
    r"(?:\"(?P<double>[^\"\s]{6,200})\"|'(?P<single>[^'\s]{6,200})'|`(?P<tick>[^`\s]{6,200})`"
    r"|(?P<bare>[!#-&(-;=?-_a-~]{6,200}))",
    re.IGNORECASE,
)
_OPTION = at_first_use(
    r"(?<!\S)--?[a-z\-]{0,20}(?:password|passwd|passphrase|pwd|token|secret)[ =]{1,2}(?P<bare>[!#-&(-;=?-_a-~]{6,200})",
    re.IGNORECASE,
)
_TOLD = at_first_use(rf"(?:\A|[_\-]){_ABOUT}\Z", re.IGNORECASE)
_END = ".,;:)]}\\|"  # ends a sentence, a call or a row of a table rather than a password
_CODE = at_first_use(
    r"\A(?:[A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)+(?:[(\[].*)?|.*\w[(\[].*|[$%{<\[(].*[}>\])%]?|\$\w+|&\w+;?|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
    r"|(?:https?:|file:|\.{0,2}/|~/|[A-Za-z]:[\\/]).*|[A-Za-z]+\d{0,3}(?:[_\-/|,:][A-Za-z]+\d{0,3})*|[\d.,:/\-]{1,10}"
    r"|\w+(?:\|\w+(?::\w+)?)+|.*(?:==.|&&|\|\||->|\\[nrt]).*)\Z"
)
_EXAMPLE = at_first_use(
    r"([x*.0#•])\1{4}|your|replace|placeholder|\.\.\.|example|sample|dummy|change[_\-]?me|<|\A0?123456\d*\Z",
    re.IGNORECASE,
)
_MANUAL = at_first_use(
    r"(?:(?:my|new|old|the|user|db|super|strong|secure|p[a@4][s5$]{2}w[o0]r?d|pass|abcd?|let|me|in|qwerty?|admin|root|guest"
    r"|welcome|secret|token|string|test|demo|hunter|foo|bar|key|access|auth|api)[_\-@]?)+\d{0,8}\W{0,3}",
    re.IGNORECASE,
)
_WORDY = at_first_use(r"[a-z]{1,40}\d{1,3}[a-z]+|\d{1,3}[a-z\-]+")  # `min8chars`, `8-character`


def find(text: str, folded: str) -> Iterator[tuple[int, int]]:
    """Where each begins and ends; `folded` is the text in small letters."""
    if not any(name in folded for name in NAMES):
        return
    for pattern in (_PLACE, _OPTION):
        for match in pattern.finditer(text):
            groups = match.groupdict()
            if _TOLD.search(groups.get("more") or ""):
                continue
            kind = next(name for name, value in groups.items() if value is not None and name != "more")
            start, end = match.span(kind)
            if kind == "bare":
                end = start + len(groups[kind].rstrip(_END))
            if _chosen(text[start:end], quoted=kind != "bare"):
                yield start, end


def _chosen(value: str, quoted: bool) -> bool:
    """Whether somebody or a generator chose the value, as a password and not as a name or an example."""
    if not value.isascii() or len(set(value)) < 5 or not re.search("[0-9]", value) or _EXAMPLE.search(value):
        return False
    if _CODE.fullmatch(value) or _MANUAL.fullmatch(value):
        return False
    kinds = sum(bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", "[0-9]", "[^A-Za-z0-9]"))
    if quoted or kinds == 4:
        return len(value) >= 6
    return len(value) >= 8 and (kinds > 1 or value.isdigit()) and not _WORDY.fullmatch(value)
