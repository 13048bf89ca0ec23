"""What TRL's SFTTrainer will make of the rows, found at build time and without torch.

TRL (1.x) goes by the names of columns: `input_ids` means tokenized, `conversations` with `from` and `value` means
ShareGPT, `prompt` with `completion` means that only the completion is trained on, `messages` a chat, `text` plain
text. Its loss covers all of a chat or a text. Whatever is longer than `max_length` is cut without a word.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from math import ceil
from typing import TYPE_CHECKING, Any

from hfsft.recipe.publish import FormatName
from hfsft.release.report.measures import histogram
from hfsft.release.rows.told_rows import ToldRows
from hfsft.release.trainer.dataset_writer import DatasetWriter, read
from hfsft.release.trainer.formats import FORMATS
from hfsft.release.trainer.row_checks import LEFT_OUT, Cause, RowChecks, TrainerFinding
from hfsft.rows.reading.summaries import rows_said
from hfsft.sandbox import REASONING_KEYS

if TYPE_CHECKING:
    from datasets import Dataset
    from numpy.typing import NDArray

    from hfsft.engine.executor import Rows

DEFAULT_MAX_LENGTH = 1024  # tokens; of TRL's SFTConfig
LENGTH_STEP = 64  # tokens; a recommended length is a multiple of it

RESERVED = frozenset(
    [
        "input_ids",
        "labels",
        "completion_mask",
        "assistant_masks",
        "seq_lengths",
        "image",
        "images",
        "conversations",
        "prompt",
        "completion",
        "messages",
        "chosen",
        "rejected",
    ]
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

TOLD: Mapping[Cause, str] = {  # the note of each, after the number of its rows; "" where another note tells it
    "refused": "",
    "untrained": "without a token that is trained on (trainer.jsonl lists them and those below)",
    "cut before its answer": "cut before the last answer begins, at a max_length of {max}",
    "answer cut": "",
    "calls hidden": "whose calls of tools the chat template of {tokenizer} leaves out, all or some",
    "system prompt hidden": "whose system prompt the chat template of {tokenizer} leaves out (where it came "
    "in chat_template_kwargs, `publish: {{tool_calls: object}}` makes it and the tools there a message and `tools`)",
    "words hidden": "with words of user or assistant that the chat template of {tokenizer} leaves out, or takes for "
    "thought, as what stands before a </think>",
    "tools hidden": "whose tools the chat template of {tokenizer} does not show",
    "results hidden": "whose results of tools the chat template of {tokenizer} leaves out, all or some",
    "reasoning hidden": "whose reasoning the chat template of {tokenizer} leaves out, in all or some answers "
    "(`publish: {{reasoning: field}}` and inline say where it stands)",
    "arguments written twice": "whose calls have arguments as JSON text, which the chat template of {tokenizer} makes "
    "JSON of once more (`publish: {{tool_calls: object}}` writes them as objects)",
    "weights ignored": "with answers of weight 0, which TRL trains on all the same (format prompt_completion ends each "
    "row with the last answer that has a weight)",
    "left out": "",
}


@dataclass(frozen=True)
class LengthSummary:
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
    def of(cls, tokens: Sequence[int] | NDArray[Any]) -> LengthSummary:
        """The summary of at least one length."""
        import numpy as np

        ordered = np.sort(np.asarray(tokens))
        percentile = int(ordered[ceil(0.95 * len(ordered)) - 1])
        recommended = ceil(percentile / LENGTH_STEP) * LENGTH_STEP
        return cls(
            shortest=int(ordered[0]),
            median=int(ordered[(len(ordered) - 1) // 2]),  # of two in the middle the lower one
            percentile_95=percentile,
            longest=int(ordered[-1]),
            recommended=recommended,
            over_default=int((ordered > DEFAULT_MAX_LENGTH).sum()),
            over_recommended=int((ordered > recommended).sum()),
            bins=tuple(histogram(ordered)),
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
    lengths: LengthSummary | None = None
    max_length: int | None = None  # tokens after which rows are cut, where the recipe says so
    unchecked: str = ""  # the field in which reasoning stands, where no chat template is known that may read it
    told: ToldRows = field(default_factory=ToldRows)  # rows that training will not see as they are

    def as_dict(self) -> dict[str, Any]:
        """The check as JSON; the rows that are told are counted by cause, and listed by `lines`."""
        return {**asdict(replace(self, told=ToldRows())), "told": self.causes()}

    def causes(self) -> dict[Cause, int]:
        """Why rows will not be seen as they are, in the order of `TOLD` -> how many rows."""
        return {cause: self.told.rows[cause] for cause in TOLD if self.told.rows[cause]}

    def lines(self) -> Iterator[str]:
        """What is told of each row, as lines of JSON."""
        return (json.dumps(told._asdict(), ensure_ascii=False) + "\n" for told in self.told)

    def notes(self) -> list[str]:
        """What whoever trains should know, a line each; the gravest first."""
        return [*self.alarms(), *self._loss(), *self._left_out()]

    def alarms(self) -> list[str]:
        """Those of the notes that tell of rows which training would spoil, or be spoilt by."""
        return [*self._broken(), *self._hidden(), *self._texts(), *self._length()]

    def told_notes(self) -> list[str]:
        """Those of the notes that tell of rows which will not be seen as they are."""
        return [*self._hidden(), *self._left_out()]

    def _hidden(self) -> list[str]:
        said = {"tokenizer": self.tokenizer, "max": f"{self.max_length or DEFAULT_MAX_LENGTH:,}"}
        return [
            f"{rows_said(rows)} {TOLD[cause].format(**said)}"
            for cause, rows in self.causes().items()
            if TOLD[cause] and cause != LEFT_OUT
        ]

    def _left_out(self) -> list[str]:
        parts = self.told.left_out()
        return [f"format {self.format} leaves out the {part} of {rows_said(rows)}" for part, rows in parts.items()]

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
        if self.unchecked:
            notes.append(
                f"reasoning stands in `{self.unchecked}`, which some chat templates leave out: name the model's under "
                "`publish: {tokenizer: ...}` to have it checked, or publish reasoning inline"
            )
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
        if self.lengths is None or not self.lengths.over_default or self.max_length:
            return []
        return [
            f"{rows_said(self.lengths.over_default)} longer than TRL's default max_length of {DEFAULT_MAX_LENGTH:,} "
            f"tokens would be cut: train with max_length={self.lengths.recommended} or more"
        ]


def check(
    rows: Rows | Dataset,
    writer: DatasetWriter,
    max_length: int | None = None,
    findings: Iterable[TrainerFinding] | None = None,
) -> TrainerCheck:
    """The check of rows with the columns of `COLUMNS`, as they are written; rows are cut after `max_length` tokens.

    `findings` are what was found of each of them, where that is known.
    """
    import numpy as np

    chosen, tokenizer = FORMATS[writer.format], writer.tokenizer
    found = _found(rows, writer, max_length) if findings is None else findings
    detected = detect(writer.columns)
    control, refused, sums = Counter[str](), Counter[str](), Counter[str]()
    lengths, told = array("i"), ToldRows()
    for row_id, each in zip(_ids(rows), found, strict=True):
        control.update(each.control)
        sums.update(wrong_order=each.wrong_order, in_prompts=each.in_prompts, reopened=each.reopened)
        if each.length is not None:
            lengths.append(each.length)
        if each.refused is not None:
            refused[each.refused] += 1
        told.add(row_id, each.told)
    return TrainerCheck(
        format=writer.format,
        rows=len(rows),
        detected=detected,
        hijackers=tuple(sorted(RESERVED & set(writer.columns) - WANTED.get(detected, set()))),
        loss_covers_prompt=chosen.trains_on == "everything",
        wrong_order=sums["wrong_order"],
        untrained_answers=sums["in_prompts"] if detected == "prompt and completion" else 0,
        control_tokens=dict(sorted(control.items(), key=lambda item: (-item[1], item[0]))),
        tokenizer=tokenizer.name if tokenizer else None,
        marks_answers=tokenizer is not None and tokenizer.marks_answers,
        refused=dict(refused) if tokenizer else None,
        reopened=sums["reopened"],
        lengths=LengthSummary.of(np.asarray(lengths)) if lengths else None,
        max_length=max_length,
        unchecked="" if tokenizer else reasoning_field(writer.columns),
        told=told,
    )


def reasoning_field(columns: Mapping[str, Any]) -> str:
    """The field of turns in which reasoning is written; empty where none has one."""
    turns = (kind[0] for kind in columns.values() if isinstance(kind, list) and kind)
    return next((key for turn in turns if isinstance(turn, dict) for key in REASONING_KEYS if key in turn), "")


def _ids(rows: Rows | Dataset) -> Iterator[str]:
    from hfsft.engine.ordering.streamed_rows import streamed

    return (row_id for table in streamed(rows).batches(["id"]) for row_id in table["id"].to_pylist())


def _found(rows: Rows | Dataset, writer: DatasetWriter, max_length: int | None) -> Iterator[TrainerFinding]:
    checks, every = RowChecks(writer, max_length or DEFAULT_MAX_LENGTH), read(rows)
    while batch := list(islice(every, 1000)):
        yield from checks.see([(row, writer.row(row) if writer.tokenizer else None) for row in batch])


def detect(columns: Collection[str]) -> str:
    """What TRL takes rows with these columns for: a key of `KINDS`, or `nothing`."""
    return next((kind for kind, names in KINDS.items() if set(names) & set(columns)), "nothing")
