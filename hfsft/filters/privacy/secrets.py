"""secrets: keys, tokens and passwords in a row's texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from hfsft.filters.privacy.rewriting import Rewriting
from hfsft.privacy.found import Found
from hfsft.privacy.secrets import find


class Secrets(Rewriting):
    """Keys and tokens as providers issue them, private keys, and passwords that their place gives away.

    Each is replaced by a placeholder such as `<GITHUB_TOKEN_1>`. Placeholders of manuals (`your-key-here`, `${TOKEN}`)
    stay, and so do hashes, ids and base64 that nothing calls a secret.
    """

    name: ClassVar[str] = "secrets"
    values: ClassVar[str] = "0 and up, a whole number"
    blind: ClassVar[str] = "Passwords and tokens that neither their form nor a word beside them gives away."
    example: ClassVar[str] = """\
    filters:
      - secrets: {do: reject}
    """

    libraries: ClassVar[tuple[str, ...]] = ("detect-secrets",)

    def find(self, text: str) -> Sequence[Found]:
        """The secrets in a text."""
        return find(text)
