"""How long preference pairs are under the model's tokenizer: a side beyond `max_length` is cut without a word.

TRL (1.x) gives the question with either answer to DPOTrainer, and cuts both at the `max_length` of its DPOConfig. The
rejected answer is no kept row, so that nothing else measures it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hfsft.release.trainer.chats import loaded
from hfsft.release.trainer.check import DEFAULT_MAX_LENGTH, LengthSummary

if TYPE_CHECKING:
    from hfsft.release.trainer.tokenizer import ChatTokenizer
    from hfsft.rows.batch import Row

SIDES = ("chosen", "rejected")
BLOCK = 1000  # pairs that are counted at once


@dataclass(frozen=True)
class PairLengths:
    """Tokens of the longer side of each pair; `over` of the pairs are longer than `most`, some by one side alone."""

    most: int
    longer: LengthSummary
    over: int
    chosen_alone: int
    rejected_alone: int

    def as_dict(self) -> dict[str, Any]:
        """The lengths as JSON."""
        return asdict(self)

    def notes(self) -> Iterator[str]:
        """What is cut of them, and from which length on less is."""
        if not self.over:
            return
        pairs = f"{self.over:,} preference pair{'s have' if self.over > 1 else ' has'}"
        sides = {"rejected": self.rejected_alone, "chosen": self.chosen_alone}
        alone = [f"{count:,} the {side} one alone" for side, count in sides.items() if count]
        said = f"{pairs} an answer that ends beyond {self.most:,} tokens ({', '.join(alone) or 'both of them'})"
        advice = f": train with DPOConfig(max_length={self.longer.recommended}) or more"
        yield f"{said} and is cut in training{advice if self.longer.recommended > self.most else ''}"


def pair_lengths(pairs: Iterable[Row], tokenizer: ChatTokenizer, max_length: int | None) -> PairLengths | None:
    """The lengths of pairs as they are written; None where the template takes none of them, or there is none."""
    most = max_length or DEFAULT_MAX_LENGTH
    sizes: list[tuple[int, int]] = []
    block: list[Row] = []
    for pair in pairs:
        block.append(pair)
        if len(block) == BLOCK:
            sizes += _counted(block, tokenizer)
            block = []
    sizes += _counted(block, tokenizer)
    if not sizes:
        return None
    over = [(chosen > most, rejected > most) for chosen, rejected in sizes]
    return PairLengths(
        most,
        LengthSummary.of([max(both) for both in sizes]),
        sum(any(both) for both in over),
        sum(both == (True, False) for both in over),
        sum(both == (False, True) for both in over),
    )


def _counted(pairs: Iterable[Row], tokenizer: ChatTokenizer) -> list[tuple[int, int]]:
    """Tokens of both sides of each pair, of those that the template takes."""
    chats: list[str] = []
    plain: list[str] = []
    for pair in pairs:
        if isinstance(pair["prompt"], str):
            plain += [pair["prompt"] + pair[side] for side in SIDES]
        else:
            chats += _rendered(pair, tokenizer)
    sizes = tokenizer.lengths(chats, rendered=True) if chats else []
    sizes += tokenizer.lengths(plain, rendered=False) if plain else []
    return list(zip(sizes[::2], sizes[1::2], strict=True))


def _rendered(pair: Mapping[str, Any], tokenizer: ChatTokenizer) -> list[str]:
    """Both sides under the template; none where it refuses one of them."""
    tools, more = loaded(pair.get("tools")), pair.get("chat_template_kwargs")
    try:
        return [tokenizer.render([*pair["prompt"], *pair[side]], tools=tools, more=more) for side in SIDES]
    except ValueError:
        return []
