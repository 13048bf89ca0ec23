"""secrets: keys, tokens and passwords in a row's texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from hfsft.filters.privacy.rewriting import Rewriting
from hfsft.privacy.credentials.secrets import find
from hfsft.privacy.found import Found


class Secrets(Rewriting):
    """Keys and tokens as providers issue them, private keys, and keys and passwords that their place gives away.

    Such places are an address, an `Authorization` header, a field called `api_key`, `secret` or `password`, an option
    (`--password ...`) and a sentence (`my password is ...`), in 15 languages. What stands there counts where somebody
    or a generator chose it: letters with digits, from six characters on in quotes and from eight without.

    Each is replaced by a placeholder such as `<GITHUB_TOKEN_1>`. Placeholders and examples of manuals (`your-key-here`,
    `${TOKEN}`, `password123`) stay, and so do hashes, ids and base64 that nothing calls a secret, what code reads from
    elsewhere (`os.environ`), and values under names that only speak of passwords (`password_hash`, `token_id`).

    In the files that detect-secrets tests itself with, 16 of the 23 lines are found whose secret is given away by its
    form or by a word before it, and no other line; missed are words without a digit, `password123` and its kind, and
    what stands lines below its name. Of 6,016 rows of ordinary text, code and sums 2 are taken: a password that was
    asked for, and an `enc_password` of 32 characters. detect-secrets as it is set finds 18 of the 23 and 8 lines more,
    and takes 6 of the rows.
    """

    name: ClassVar[str] = "secrets"
    version: ClassVar[int] = 2
    values: ClassVar[str] = "0 and up, a whole number"
    blind: ClassVar[str] = (
        "Passwords and tokens that neither their form nor a word beside them gives away, passwords of words alone "
        "(`correct-horse`), and those of every manual (`password123`)."
    )
    example: ClassVar[str] = """\
    filters:
      - secrets: {do: reject}
    """

    libraries: ClassVar[tuple[str, ...]] = ("detect-secrets",)

    def find(self, text: str) -> Sequence[Found]:
        """The secrets in a text."""
        return find(text)
