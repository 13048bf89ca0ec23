"""secrets: keys, tokens and passwords in a row's texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from hfsft.filters.privacy.rewriting import Rewriting
from hfsft.privacy.found import Found
from hfsft.privacy.secrets import find


class Secrets(Rewriting):
    """Keys and tokens as providers issue them, private keys, and keys and passwords that their place gives away.

    Such places are an address, an `Authorization` header and a field called `api_key`, `secret` or `password` with a
    value of 20 letters, digits and `._~+/=-` or more, hardly any of them twice.

    Each is replaced by a placeholder such as `<GITHUB_TOKEN_1>`. Placeholders of manuals (`your-key-here`, `${TOKEN}`)
    stay, and so do hashes, ids and base64 that nothing calls a secret.

    In the files that detect-secrets tests itself with, 10 of the 23 lines are found whose secret is given away by its
    form or by a word before it, and no other line; missed are passwords shorter than 20 characters (6 of the 13), and
    values after other names (`VERY_SECRET_TOO`, `key`). Of 6,016 rows of ordinary text, code and sums 1 is taken, for
    an `enc_password` of 32 characters. detect-secrets as it is set finds 18 of the 23, and 8 lines more.
    """

    name: ClassVar[str] = "secrets"
    values: ClassVar[str] = "0 and up, a whole number"
    blind: ClassVar[str] = (
        "Passwords and tokens that neither their form nor a word beside them gives away, and short passwords (under 20 "
        "characters) but in an address."
    )
    example: ClassVar[str] = """\
    filters:
      - secrets: {do: reject}
    """

    libraries: ClassVar[tuple[str, ...]] = ("detect-secrets",)

    def find(self, text: str) -> Sequence[Found]:
        """The secrets in a text."""
        return find(text)
