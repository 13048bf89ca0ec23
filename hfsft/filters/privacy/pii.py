"""pii: personal data in a row's texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, field_validator

from hfsft.filters.privacy.rewriting import Rewriting
from hfsft.privacy.found import Found
from hfsft.privacy.phones import REGIONS, USUAL
from hfsft.privacy.pii import KINDS, Kind, find
from hfsft.privacy.placeholders import key_of
from hfsft.privacy.recognised import MODEL_NAME, RECOGNISED, check, installed, versions

if TYPE_CHECKING:
    from hfsft.engine.resources import Resource


class Pii(Rewriting):
    """Personal data: e-mail addresses, telephone and card numbers, IBANs, IP addresses, national ids, logins in URLs.

    Each value is replaced by a placeholder such as `<EMAIL_1>`, the same value by the same one in all texts of a row:
    its turns, context, system prompt, topic and kept columns. Rows stay whole and no value goes anywhere, so that this
    is what it does unless told otherwise. Placeholders that stand in a row already are never given again.

    Telephone numbers are read by libphonenumber's tables, national ids of 40 countries by python-stdnum's check digits,
    cards by Luhn's, IBANs by theirs. Numbers without a check or a form of their own count only behind a word that says
    what they are, in 25 languages; orders, versions, dates, hashes and sums do not. Names of people and street
    addresses are found where `kinds` lists `name` and `address`: presidio asks a spaCy model for them
    (`pip install 'hfsft[names]'`), which takes milliseconds a sentence. With a small English one, 68% of 1,407 names in
    presidio-research were found (81% of the finds are right) and 40% of 1,051 pieces of addresses (no find is wrong);
    larger models find more.

    On 1,996 sentences of presidio-research, where the words before numbers were tuned: all 222 cards, 60 e-mail
    addresses, 28 IBANs and 13 IP addresses, 59 of 60 social security and licence numbers, 143 of 146 telephone numbers,
    and not one find too many. On numbers that faker made in 42 countries, behind words such as "my phone is" in the
    language, which were tuned there too: all telephone numbers in 39 of them, at least 98% in two, all but short codes
    in the last; without such words from 23% to 100%, as a bare row of digits tells nothing. In 22,000 rows of ordinary
    text (dolly, alpaca in English and Chinese, code, sums, Vietnamese, medicine, tools) 30 rows hold finds: addresses
    and numbers given as examples, the number of a helpline, addresses of routers, one number in a list that may be
    none. `python -m tests.benchmarks.bench_pii` prints it by kind.
    """

    name: ClassVar[str] = "pii"
    values: ClassVar[str] = "0 and up, a whole number"
    blind: ClassVar[str] = (
        "Names and street addresses unless asked for, and numbers without a form or check of their own that no word "
        "in front gives away."
    )
    example: ClassVar[str] = """\
    filters:
      - pii: {kinds: [email, phone, card], allow: ["@acme.com"]}
    """

    libraries: ClassVar[tuple[str, ...]] = ("phonenumbers", "python-stdnum")

    kinds: list[Kind] = Field(
        list(KINDS),
        min_length=1,
        description="What to look for; `name` and `address` too where presidio and a spaCy model are installed.",
    )
    recogniser: str | None = Field(
        None,
        pattern=MODEL_NAME,
        description="The installed spaCy model that knows names and places, such as `en_core_web_lg`; left out, the "
        "largest of the recipe's languages that is installed.",
    )
    regions: list[str] | None = Field(
        None,
        min_length=1,
        description="Regions of telephone numbers that are written without their country, as ISO 3166 codes; left out, "
        "those where the recipe's languages are spoken.",
    )
    allow: list[str] = Field(
        [], description="Values that stay, such as the address of one's own support; `@acme.com` for all of a domain."
    )

    @field_validator("regions")
    @classmethod
    def _known(cls, regions: list[str] | None) -> list[str] | None:
        if regions is not None:
            from phonenumbers import SUPPORTED_REGIONS

            for region in regions:
                if region not in SUPPORTED_REGIONS:
                    raise ValueError(f"{region!r} is no region (two capitals of ISO 3166, such as US, GB or DE)")
        return regions

    @property
    def measured(self) -> str:
        """The column with the number of values, called by the kinds where not all are looked for."""
        return self.name if set(self.kinds) == set(KINDS) else f"{self.name}_{'_'.join(self.kinds)}"

    @cached_property
    def _allowed(self) -> tuple[frozenset[str], tuple[str, ...]]:
        values = frozenset(key_of(kind.upper(), value) for value in self.allow for kind in KINDS)
        return values, tuple(value.casefold() for value in self.allow if value.startswith("@"))

    @property
    def _recognises(self) -> bool:
        """Whether names or addresses are looked for."""
        return not set(RECOGNISED).isdisjoint(self.kinds)

    @cached_property
    def model(self) -> str:
        """The spaCy model that is asked; "" where neither names nor addresses are looked for, or none is installed."""
        return (self.recogniser or installed(("en",))) if self._recognises else ""

    def resources(self) -> tuple[Resource, ...]:
        """None. Raises `ModelError` where names or addresses are looked for, and what finds them is not installed."""
        if self._recognises:
            check(self.model)
        return super().resources()

    def identity(self) -> dict[str, Any]:
        """Its arguments, and which tables and models it looks things up in."""
        known = super().identity()
        if not self.model:
            return {name: value for name, value in known.items() if name != "recogniser"}
        return {**known, "recogniser": versions(self.model)}

    def find(self, text: str) -> Sequence[Found]:
        """The personal data in a text."""
        found = find(text, self.kinds, self.regions or USUAL, self.model)
        if not (found and self.allow):
            return found
        values, domains = self._allowed
        return [
            each
            for each in found
            if (key := key_of(each.kind, text[each.start : each.end])) not in values
            and not (domains and key.endswith(domains))
        ]

    def speaking(self, languages: Sequence[str]) -> Pii:
        """The filter with the regions of the languages and a spaCy model for one of them, where it names none."""
        update: dict[str, Any] = {}
        if self.recogniser is None and self._recognises and (model := installed(languages)):
            update["recogniser"] = model
        if self.regions is not None:
            return self.model_copy(update=update)
        regions = dict.fromkeys(region for code in languages for region in REGIONS.get(_base(code), ()))
        return self.model_copy(update={**update, "regions": list(regions) or list(USUAL)})

    def warnings(self, languages: Sequence[str]) -> list[str]:
        """One sentence about those of the data's languages whose telephone numbers it does not know."""
        unknown = [code for code in languages if _base(code) not in REGIONS]
        if not unknown or self.regions is not None or "phone" not in self.kinds:
            return []
        return [
            f"filters[pii] knows no region whose telephone numbers stand in {', '.join(unknown)}: name them in "
            "`pii: {regions: [...]}`"
        ]


def _base(code: str) -> str:
    return code.split("-")[0].lower()
