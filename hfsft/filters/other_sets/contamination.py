"""contamination: rows that hold items of evaluation sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from hfsft.embedding import VECTORS, packaged, unknown_words
from hfsft.engine.resources import Work
from hfsft.engine.step import Bound, Step
from hfsft.errors import ModelError
from hfsft.filters.cells import texts
from hfsft.filters.other_sets.against import KIND, Against, AnyAgainst, ComparesSets
from hfsft.filters.other_sets.meant import MeantItems
from hfsft.filters.other_sets.planted import Finder
from hfsft.filters.text.tokens import words
from hfsft.hashing import digest
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.columns import OF
from hfsft.rows.other_sets.items import HeldItem, HeldItems, held_items
from hfsft.rows.views import READS, WHOLE, said
from hfsft.similarity.contained import LEVELS, Contained, Hit, Level

MEANING: Level = "meaning"
ORDER: tuple[Level, ...] = (*LEVELS, MEANING)
ASKED, ANSWERED = "instruction", "response"
ROLES = {"assistant": ANSWERED}  # who says what; all others speak for the question

if TYPE_CHECKING:
    from hfsft.errors import Place


class HeldIndex(NamedTuple):
    """Items, and where they are found."""

    items: list[HeldItem]
    found_by: Contained


class ItemsLoader:
    """The items of some sets with their index, as a resource."""

    def __init__(self, sets: Sequence[Mapping[str, Any]], base: str, index: Mapping[str, Any]) -> None:
        self._sets = [held_items(Against.model_validate(each).other_set(Path(base))) for each in sets]
        self._index = dict(index)

    def identity(self) -> str:
        """A hash of what they are read from. Raises `SourceError` where that is not there."""
        return digest([each.identity() for each in self._sets])

    def load(self) -> HeldIndex:
        """All items; an answer counts where it is no shorter than a run of words."""
        least = self._index["words"]
        every = (item for each in self._sets for item in each.items())
        found = [item for item in every if not item.answer or words(item.text) >= least]
        return HeldIndex(found, Contained([item.text for item in found], **self._index))


class Contamination(ComparesSets):
    """The item of an evaluation set that a row holds, and how it was found, as `gsm8k/test 117 (ngrams 0.83)`.

    Words of the normal form are compared and no signs, so that case, marks, spacing and wrapped lines make no
    difference; of a script without spaces two signs, or four letters, count as a word. An item is its question, the
    question with its choices, or an answer of at least eight words. The levels, of which the first is told: `exact`, a
    text that has the words of an item and no others; `ngrams`, one that holds at least half of the item's runs of eight
    words (runs of 13 words: Brown et al. 2020, "Language Models are Few-Shot Learners", appendix C; of eight, and half
    of the item: Lambert et al. 2024, "Tulu 3", section 3.2), of an item of five to eight words the whole; `near`, one
    of which a part as long as the item holds 0.8 of its runs of four characters, as where some words were changed.
    `meaning`, where `levels` names it: one that as a whole is at least 0.9 like an item of five words or more by the
    vectors of the recipe's embedder, or of the small one that comes with hfsft, which knows words and not their order.
    With the small one, of 1,000 training rows of GSM8K 4 are taken for items of its test set, of 3,000 of Alpaca, in
    English and Chinese, and Dolly none for items of GSM8K or IFEval; what it finds of texts in other words, and that it
    knows no Vietnamese, stands at `semantic_duplicate`.

    Measured: of copies of items of GSM8K, HumanEval, IFEval, TruthfulQA, Chinese answers and Vietnamese questions all
    are found that are copied, typed anew or put into another text; with one word in twelve changed 0.96 to 1 of GSM8K,
    HumanEval and IFEval, 0.93 of Vietnamese questions, 0.87 of TruthfulQA's short ones, 0.80 to 0.89 of Chinese texts.
    False alarms: 1 of 1,000 training questions of GSM8K against its test set (a twin with other numbers), none in
    Alpaca and Dolly against GSM8K, HumanEval, IFEval and TruthfulQA, 3 of 4,032 texts of Code Alpaca, which hold a
    solution of HumanEval (gcd, primes); of the items' own words shuffled 0 to 0.05, in Chinese up to 0.09. It takes
    about 130 microseconds for a row of 105 words. The card tells what this build finds of leaks that it plants itself.
    """

    name: ClassVar[str] = "contamination"
    embeds: ClassVar[bool] = True
    deciding: ClassVar[frozenset[str]] = frozenset()  # what is found hangs on all of its arguments
    values: ClassVar[str] = "an item, the level at which it was found and the share of it; empty where there is none"
    blind: ClassVar[str] = (
        "An item in other words, or in another language; one of fewer than five words within a longer text."
    )
    example: ClassVar[str] = """\
    filters:
      - contamination: {against: [gsm8k, ifeval, you/held-out]}
    """

    against: list[AnyAgainst] = Field(
        min_length=1,
        description="Evaluation sets by their names (gsm8k, ifeval, humaneval, mmlu, truthful_qa ...), files of items, "
        "folders of builds, datasets on the Hub.",
    )
    column: Annotated[str, Field(min_length=1)] | Annotated[list[str], Field(min_length=1)] = Field(
        [ASKED, ANSWERED],
        description="Where items are looked for, a column or a list of them. `instruction` stands for all that the "
        "model is given, `response` for all that the assistant says, in every message.",
    )
    levels: list[Level] = Field(
        ["exact", "ngrams", "near"],
        min_length=1,
        description="`exact`: a text has the words of an item and no others. `ngrams`: it holds a share of the item's "
        "runs of words. `near`: a part of it is alike to the item letter by letter. `meaning`: the text as a whole "
        "says the same in other words, by the recipe's embedder; it is off unless it is named.",
    )
    words: int = Field(8, ge=5, le=50, description="Words of a run.")
    share: float = Field(0.5, gt=0, le=1, description="Share of an item's runs that a text holds at most.")
    near: float = Field(0.8, ge=0.5, le=1, description="Share of an item's runs of four characters, likewise.")
    cosine: float = Field(
        0.9,
        ge=0.3,
        le=1,
        description="Cosine of a text and an item from which on the text says the item in other words; counts where "
        "`levels` has `meaning`.",
    )

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns."""
        return (self.column,) if isinstance(self.column, str) else tuple(self.column)

    @property
    def optional(self) -> tuple[str, ...]:
        """The rest of what a row says."""
        turned = {ASKED, ANSWERED} & set(self.reads)
        return tuple(name for name in WHOLE if name not in (*self.reads, ANSWERED, *READS)) if turned else ()

    @property
    def measured(self) -> str:
        """The column of what was found."""
        return self.name if self.reads == (ASKED, ANSWERED) else f"{self.name}_{'_'.join(self.reads)}"

    @property
    def writes(self) -> dict[str, Any]:
        """What was found, and the item."""
        return {self.measured: "string", f"{self.measured}{OF}": "string"}

    def bounds(self) -> list[Bound]:
        """Only rows that hold no item stay."""
        return [Bound(self.name, self.measured, absent=True)]

    def steps(self, place: Place | None = None, label: str = "") -> list[Step]:
        """The steps of any filter; where meanings count, with the embedder that comes with hfsft."""
        return self.meaning(packaged, place, label) or super().steps(place, label)

    def meaning(self, embed: Callable[[str], Step], place: Place | None = None, label: str = "") -> list[Step]:
        """The same steps with the embedder as a resource, where meanings count; none where they do not.

        Raises `ModelError` for an embedder that is asked elsewhere.
        """
        if not self.means:
            return []
        search, *rest = super().steps(place, label)
        made = embed(f"{self.measured}_text")
        if made.asks:
            raise ModelError(
                f"filters[{self.name}]: vectors of items are made in this process, and the recipe's embedder is asked "
                "elsewhere, which is done for rows alone: what they cost is planned, paid for once and kept. Leave "
                f"`{MEANING}` out of its levels, or name an embedder that runs here"
            )
        return [replace(search, heavy=made.heavy, needs=(*search.needs, *made.needs)), *rest]

    def warnings(self, languages: Sequence[str]) -> list[str]:
        """What the packaged embedder does not know."""
        return unknown_words(self.name, languages, "so that hardly anything is found by meaning") if self.means else []

    @property
    def means(self) -> bool:
        """Whether meanings count."""
        return MEANING in self.levels

    def _place(self, wanted: Against) -> HeldItems:
        return held_items(wanted.other_set(self._base))

    def _work(self) -> Work:
        sets = [each.model_dump(mode="json", exclude_unset=True) for each in self.against]
        levels = [level for level in self.levels if level != MEANING]
        index = {"words": self.words, "share": self.share, "near": self.near, "levels": levels}
        return Work(
            "hfsft.filters.other_sets.contamination:ItemsLoader",
            {"sets": sets, "base": str(self._base), "index": index},
        )

    @cached_property
    def held(self) -> HeldIndex:
        """The items. Raises `SourceError` where they cannot be read."""
        found = next(each for each in self.resources() if each.kind == KIND)
        return found.load()  # type: ignore[no-any-return]

    @cached_property
    def finder(self) -> Finder:
        """What finds the items in texts. Raises `SourceError` where they cannot be read."""
        if not self.means:
            return self.held.found_by
        given = [each for each in self.resources() if each.kind == VECTORS]
        (embedder,) = given or packaged(self.measured).needs
        return MeantItems(self.held, embedder, self.cosine)

    def measure(self, batch: Batch) -> Batch:
        """The item that each row holds most plainly; None where it holds none."""
        places: list[tuple[int, str]] = []
        every: list[str] = []
        for column in [name for name in self.reads if name not in (ASKED, ANSWERED)]:
            for number, text in enumerate(texts(batch, column)):
                places.append((number, column))
                every.append(text or "")
        if {ASKED, ANSWERED} & set(self.reads):
            for number, row in enumerate(rows_of(batch)):
                for column, text in self._parts(row):
                    places.append((number, column))
                    every.append(text)
        held = self.held
        best: dict[int, tuple[tuple[Any, ...], str, str]] = {}
        for (place, column), hit in zip(places, self.finder.search(every), strict=True):
            if hit is not None:
                item = held.items[hit.item]
                rank = (ORDER.index(hit.level), -hit.share, hit.item, column)
                if place not in best or rank < best[place][0]:
                    best[place] = rank, _told(item, hit, column), item.name
        found = [best.get(place) for place in range(len(next(iter(batch.values()), ())))]
        told, names = ([each and each[at] for each in found] for at in (1, 2))
        return {self.measured: told, f"{self.measured}{OF}": names}

    def _parts(self, row: Row) -> Iterator[tuple[str, str]]:
        """What stands in a row, with the column that it belongs to."""
        for each in said(row, words=()):
            column = ROLES.get(each.role, ASKED)
            if column in self.reads and each.text:
                yield column, each.text


def _told(item: HeldItem, hit: Hit, column: str) -> str:
    how = "exact" if hit.level == "exact" else f"{hit.level} {hit.share:.2f}"
    return f"{item.name} ({', '.join([how, *(['its answer'] if item.answer else []), *_where(column)])})"


def _where(column: str) -> list[str]:
    return [] if column == ASKED else [f"in the {column}"]
