"""Rows as texts: prompts and answers without roles, and whole conversations as a chat template writes them."""

from __future__ import annotations

from hfsft.errors import ReleaseError
from hfsft.release.trainer.chats import template_input
from hfsft.release.trainer.message_style import MessageStyle, styled
from hfsft.release.trainer.tokenizer import ChatTokenizer
from hfsft.rows.batch import Row
from hfsft.rows.messages import in_one_text
from hfsft.rows.shapes.pairs import write_alpaca

ALPACA_OPENING = (
    "Below is an instruction that describes a task{}. Write a response that appropriately completes the request."
)
ALPACA_INPUT = ", paired with an input that provides further context"


def as_prompt_completion_text(row: Row, style: MessageStyle) -> Row:
    """The prompt ends in a blank line, since trainers join the two as they are."""
    *prompt, answer = styled(row, style)
    return {"prompt": "".join(f"{turn['content']}\n\n" for turn in prompt), "completion": in_one_text(answer)}


def as_preference_text(chosen: Row, rejected: Row, style: MessageStyle) -> Row:
    """`prompt`, `chosen` and `rejected` as plain texts, which trainers join as they are."""
    written = as_prompt_completion_text(chosen, style)
    other = as_prompt_completion_text(rejected, style)
    return {"prompt": written["prompt"], "chosen": written["completion"], "rejected": other["completion"]}


def as_alpaca(row: Row, style: MessageStyle) -> Row:
    """`text` is the row under the Alpaca prompt, as in the first such dataset: trainers that know no Alpaca read it.

    A system prompt takes the place of the prompt's opening sentence. Earlier questions and their answers are pairs in
    `history`, where the row has any.
    """
    item = write_alpaca(styled(row, style))
    if not row.get("messages"):
        item |= {"instruction": row["instruction"], "input": row["context"] or ""}
    asked, context, answer = item["instruction"], item["input"], item["output"]
    system, history = item.get("system", ""), item.get("history", [])
    opening = system or ALPACA_OPENING.format(ALPACA_INPUT if context else "")
    pairs = [f"### Instruction:\n{question}\n\n### Response:\n{said}" for question, said in history]
    parts = [opening, *pairs, f"### Instruction:\n{asked}"]
    parts += [f"### Input:\n{context}"] if context else []
    return {**item, "system": system, "text": "\n\n".join([*parts, f"### Response:\n{answer}"])}


def as_text(row: Row, style: MessageStyle, tokenizer: ChatTokenizer | None) -> Row:
    """The conversation as the tokenizer's chat template writes it. Raises `ValueError` where that refuses it."""
    if tokenizer is None:
        raise ReleaseError("format text is written by a chat template: name a tokenizer")
    said, tools, more = template_input(row, style)
    return {"text": tokenizer.text(said, tools=tools, more=more)}
