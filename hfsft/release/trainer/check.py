"""Trainer truth: what TRL's SFTTrainer will make of the rows, told at build time and without torch.

TRL (1.x) goes by the names of columns: `input_ids` means tokenized, `conversations` with `from` and `value` means
ShareGPT, `prompt` with `completion` means that only the completion is trained on, `messages` a chat, `text` plain
text. Its loss covers all of a chat or a text. Whatever is longer than `max_length` is cut without a word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from statistics import median_low
from typing import TYPE_CHECKING, Any

from hfsft.filters.text.control_tokens import control_tokens
from hfsft.recipe.publish import FormatName
from hfsft.release.report.measures import histogram
from hfsft.release.trainer.formats import FORMATS
from hfsft.release.trainer.tokenizer import Tokenizer, load_tokenizer
from hfsft.rows.batch import Row, rows_of
from hfsft.rows.columns import TEXTS
from hfsft.rows.reading.tally import rows_said
from hfsft.rows.views import messages

if TYPE_CHECKING:
    from pathlib import Path

    from datasets import Dataset

    from hfsft.recipe.publish import Publish

DEFAULT_MAX_LENGTH = 1024  # tokens; of TRL's SFTConfig
LENGTH_STEP = 64  # tokens; a recommended length is a multiple of it

RESERVED = frozenset(
    (
        *("input_ids", "labels", "completion_mask", "assistant_masks", "seq_lengths", "image", "images"),
        *("conversations", "prompt", "completion", "messages", "chosen", "rejected", "chat_template_kwargs"),
    )
)
"""Columns that mean something to TRL; one that the format does not want would change what is trained on."""

KINDS: Mapping[str, Collection[str]] = {  # in the order in which TRL asks
    "images": ("image", "images"),
    "tokenized": ("input_ids",),
    "conversations": ("conversations",),
    "prompt and completion": ("prompt",),
    "messages": ("messages",),
    "text": ("text",),
}
WANTED = {  # the columns that the kind is made of
    "conversations": {"conversations"},
    "prompt and completion": {"prompt", "completion"},
    "messages": {"messages"},
    "text": {"text"},
}


@dataclass(frozen=True)
class Lengths:
    """Tokens of the rows, as they will be trained on; `recommended` is the 95th percentile, rounded up."""

    shortest: int
    median: int
    percentile_95: int
    longest: int
    recommended: int
    over_default: int  # rows longer than TRL's default max_length
    over_recommended: int
    bins: tuple[Mapping[str, float], ...]  # the histogram, as of `measures.histogram`

    @classmethod
    def of(cls, tokens: Sequence[int]) -> Lengths:
        """The summary of at least one length."""
        ordered = sorted(tokens)
        percentile = ordered[ceil(0.95 * len(ordered)) - 1]
        recommended = ceil(percentile / LENGTH_STEP) * LENGTH_STEP
        over_default, over_recommended = (
            sum(length > bound for length in ordered) for bound in (DEFAULT_MAX_LENGTH, recommended)
        )
        return cls(
            *(ordered[0], median_low(ordered), percentile, ordered[-1]),
            *(recommended, over_default, over_recommended, tuple(histogram(ordered))),
        )


@dataclass(frozen=True)
class TrainerCheck:
    """What training on the rows will be like; what needs a tokenizer is empty where none is named."""

    format: FormatName
    rows: int
    detected: str  # a key of KINDS, or "nothing"
    hijackers: tuple[str, ...]  # columns that TRL would take for something that the format does not mean
    loss_covers_prompt: bool
    wrong_order: int  # rows whose roles do not take turns, or that do not end with the assistant
    untrained_answers: int  # answers of the assistant that stand in the prompt of a longer conversation
    control_tokens: Mapping[str, int]  # token -> rows in whose text it stands
    tokenizer: str | None = None
    marks_answers: bool = False  # whether its template has generation marks
    refused: Mapping[str, int] | None = None  # why its chat template refuses rows -> how many
    reopened: int = 0  # rows whose prompt alone renders differently than within the whole
    lengths: Lengths | None = None

    def as_dict(self) -> dict[str, Any]:
        """The check as JSON."""
        return asdict(self)

    def notes(self) -> list[str]:
        """What whoever trains should know, a line each; the gravest first."""
        return [note for note in (*self._broken(), *self._loss(), *self._texts(), *self._length()) if note]

    def alarms(self) -> list[str]:
        """Those of the notes that tell of rows which training would spoil, or be spoilt by."""
        return [*self._broken(), *self._texts(), *self._length()]

    def _broken(self) -> list[str]:
        notes = []
        if self.detected == "nothing":
            notes.append("TRL finds no column that it knows")
        if self.hijackers:
            notes.append(f"TRL takes the columns {', '.join(self.hijackers)} for something else than they are")
        if self.wrong_order:
            notes.append(f"{rows_said(self.wrong_order)} where user and assistant do not take turns")
        for reason, count in (self.refused or {}).items():
            notes.append(f"the chat template of {self.tokenizer} refuses {rows_said(count)}: {reason}")
        if self.format == "sharegpt":
            notes.append("TRL renders the roles of sharegpt as they stand, human and gpt: train on messages instead")
        return notes

    def _loss(self) -> list[str]:
        notes = []
        if self.loss_covers_prompt:
            way = "publish prompt_completion"
            if self.detected == "messages":
                way += (
                    ", or train with assistant_only_loss=True"
                    if self.marks_answers
                    else ", or train under a template with {% generation %} marks and assistant_only_loss=True"
                )
            notes.append(f"TRL trains on prompts too, not only on answers (to change that, {way})")
        if self.untrained_answers:
            notes.append(
                f"{self.untrained_answers:,} answers within conversations are prompt: only the last is trained on"
            )
        if self.reopened:
            notes.append(
                f"the chat template of {self.tokenizer} renders the prompt of {rows_said(self.reopened)} differently "
                "alone than before its answer: the model will not be asked as it was trained"
            )
        return notes

    def _texts(self) -> list[str]:
        if not self.control_tokens:
            return []
        listed = ", ".join(f"{token} in {rows_said(count)}" for token, count in self.control_tokens.items())
        return [
            f"texts hold control tokens, which end or begin turns in training: {listed} (see the filter control_tokens)"
        ]

    def _length(self) -> list[str]:
        if self.lengths is None or not self.lengths.over_default:
            return []
        return [
            f"{rows_said(self.lengths.over_default)} longer than TRL's default max_length of {DEFAULT_MAX_LENGTH:,} "
            f"tokens would be cut: train with max_length={self.lengths.recommended} or more"
        ]


def check(rows: Dataset, publish: Publish, base: Path | None = None) -> TrainerCheck:
    """The check of rows with the columns of `COLUMNS`, as they will be published.

    A tokenizer's folder is looked for below `base`.

    Raises `ReleaseError` where they cannot be written in that format, or the tokenizer cannot be loaded.
    """
    tokenizer = load_tokenizer(publish.tokenizer, base=base) if publish.tokenizer else None
    return check_rows(rows, publish.format, tokenizer)


def check_rows(rows: Dataset, format: FormatName, tokenizer: Tokenizer | None) -> TrainerCheck:
    """The check of rows in a format, under a tokenizer where there is one."""
    chosen, seen = FORMATS[format], _Seen(tokenizer)
    detected = detect(chosen.columns)
    for batch in rows.select_columns(["id", *TEXTS]).iter(batch_size=1000):
        listed = list(rows_of(batch))
        seen.see(listed, [chosen.write(row, tokenizer) for row in listed])
    return TrainerCheck(
        format=format,
        rows=len(rows),
        detected=detected,
        hijackers=tuple(sorted(RESERVED & set(chosen.columns) - WANTED.get(detected, set()))),
        loss_covers_prompt=chosen.trains_on == "everything",
        wrong_order=seen.wrong_order,
        untrained_answers=seen.answers - len(rows) if detected == "prompt and completion" else 0,
        control_tokens=dict(sorted(seen.control.items(), key=lambda item: (-item[1], item[0]))),
        tokenizer=tokenizer.name if tokenizer else None,
        marks_answers=tokenizer is not None and tokenizer.marks_answers,
        refused=dict(seen.refused) if tokenizer else None,
        reopened=seen.reopened,
        lengths=Lengths.of(seen.lengths) if seen.lengths else None,
    )


def detect(columns: Collection[str]) -> str:
    """What TRL takes rows with these columns for: a key of `KINDS`, or `nothing`."""
    return next((kind for kind, names in KINDS.items() if set(names) & set(columns)), "nothing")


class _Seen:
    """What was found in the rows so far."""

    def __init__(self, tokenizer: Tokenizer | None) -> None:
        self.tokenizer = tokenizer
        # What the template writes begins a turn in the text too, whether it is one token or several.
        self.special = {*tokenizer.special_tokens, *control_tokens(tokenizer.template)} if tokenizer else None
        self.wrong_order = self.answers = self.reopened = 0
        self.control: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.lengths: list[int] = []

    def see(self, rows: list[Row], written: list[Row]) -> None:
        """Look at some rows, and at how they are written."""
        for row in rows:
            turns = messages(row)
            roles = [turn["role"] for turn in turns]
            self.wrong_order += not _take_turns(roles)
            self.answers += roles.count("assistant")
            self.control.update({token for turn in turns for token in control_tokens(turn["content"], self.special)})
        if self.tokenizer:
            chats = [chat for row in written if (chat := _chat(row)) is not None]
            texts = [text for chat in chats if (text := self._render(*chat, self.tokenizer)) is not None]
            self.lengths += self.tokenizer.lengths(texts, rendered=True) if texts else []
            plain = [text for row in written if (text := _plain(row)) is not None]
            self.lengths += self.tokenizer.lengths(plain, rendered=False) if plain else []

    def _render(self, prompt: list[Any], rest: list[Any], tokenizer: Tokenizer) -> str | None:
        try:
            whole = tokenizer.render([*prompt, *rest])
            self.reopened += bool(prompt) and not whole.startswith(tokenizer.render(prompt, opened=True))
        except ValueError as error:
            self.refused[str(error)] += 1
            return None
        return whole


def _chat(written: Row) -> tuple[list[Any], list[Any]] | None:
    """A row as TRL gives it to the chat template: the prompt where it is apart, and the rest."""
    if "conversations" in written:
        return [], [{"role": turn["from"], "content": turn["value"]} for turn in written["conversations"]]
    if isinstance(written.get("prompt"), list):
        return written["prompt"], written["completion"]
    return ([], written["messages"]) if "messages" in written else None


def _plain(written: Row) -> str | None:
    """A row as TRL tokenizes it where it is no chat."""
    if isinstance(written.get("prompt"), str):
        return str(written["prompt"] + written["completion"])
    return str(written["text"]) if "text" in written else None


def _take_turns(roles: list[str]) -> bool:
    turns = roles[1:] if roles[:1] == ["system"] else roles
    return bool(turns) and turns == ["user", "assistant"] * (len(turns) // 2)
