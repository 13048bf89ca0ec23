"""Kinds of defects, each with what plants it in a clean row."""

from __future__ import annotations

from tests.benchmarks.planting import copies, spelling, wording
from tests.benchmarks.planting.drawing import Planter

KINDS: dict[str, Planter] = {
    "empty": wording.empty,
    "noinput": wording.noinput,
    "nooutput": wording.nooutput,
    "placeholder": wording.placeholder,
    "unfilled template": wording.template,
    "loop of words": wording.word_loop,
    "loop of sentences": wording.sentence_loop,
    "loop of characters": wording.character_loop,
    "refusal": wording.refusal,
    "talk of being a machine": wording.machine_talk,
    "echo": wording.echo,
    "echo, then an answer": wording.echo_and_answer,
    "prompt marks": wording.prompt_marks,
    "chat tokens": wording.chat_tokens,
    "second task": wording.second_task,
    "second task, no marks": wording.bare_second_task,
    "model names itself": wording.self_naming,
    "cutoff date": wording.cutoff_date,
    "flattery": wording.flattery,
    "truncated": wording.truncated,
    "link as context": wording.link_only,
    "wrong language": spelling.wrong_language,
    "mojibake latin-1": spelling.mojibake_latin1,
    "mojibake cp1252": spelling.mojibake_cp1252,
    "mojibake gbk": spelling.mojibake_gbk,
    "mojibake twice": spelling.mojibake_twice,
    "replacement character": spelling.replacement,
    "escapes": spelling.escaped,
    "control characters": spelling.control,
    "invisible characters": spelling.invisible,
    "html tags": spelling.html_tags,
    "html entities": spelling.html_entities,
    "exact copy": copies.exact_copy,
    "near copy": copies.near_copy,
    "reworded copy": copies.reworded_copy,
}
"""The name of a kind -> what plants it."""

COPIES = frozenset({"exact copy", "near copy", "reworded copy"})
"""Kinds that leave the row that they are made of where it is."""

MECHANICAL = frozenset(KINDS) - {
    *("truncated", "link as context", "reworded copy", "echo, then an answer", "second task, no marks"),
    *("model names itself", "cutoff date", "flattery"),
}
"""Kinds that the default filters should find without a model."""
