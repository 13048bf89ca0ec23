"""Planters of defects of words: nothing said, loops, refusals, remains of prompts and templates."""

from __future__ import annotations

from tests.benchmarks.planting import samples
from tests.benchmarks.planting.drawing import Draw, Row, answer, words


def _language(row: Row) -> str:
    return row["group"] if row["group"] in samples.REFUSALS else "en"


def empty(row: Row, draw: Draw) -> Row | None:
    """No response, or one of white space."""
    return answer(row, draw.of(("", " ", "\n\n", "\t", "\u3000", "\u00a0")))


def noinput(row: Row, draw: Draw) -> Row | None:
    """A word of the generator's for nothing as the context."""
    return {**row, "context": draw.of(samples.NO_TEXT)}


def nooutput(row: Row, draw: Draw) -> Row | None:
    """A word of the generator's for nothing as the response."""
    return answer(row, draw.of(samples.NO_TEXT))


def placeholder(row: Row, draw: Draw) -> Row | None:
    """A letter's `[Your Name]` left open."""
    mark = draw.of(samples.PLACEHOLDERS[_language(row)])
    if row["group"] == "code":
        return None
    return answer(row, draw.of((f"{row['response']}\n\n{mark}", f"{mark}, {row['response']}")))


def template(row: Row, draw: Draw) -> Row | None:
    """A variable of a template that nothing was put into."""
    if row["group"] == "code":
        return None
    mark = draw.of(samples.TEMPLATES)
    part = draw.of(("instruction", "response"))
    return {**row, part: draw.of((f"{mark} {row[part]}", f"{row[part]} {mark}"))}


def word_loop(row: Row, draw: Draw) -> Row | None:
    """The last words over and over."""
    parts = words(row["response"])
    unit = parts[-(1 + draw.below(min(4, len(parts)))) :]
    joint = " " if " " in row["response"] or row["group"] in ("en", "vi") else ""
    return answer(row, joint.join(parts + unit * (20 + draw.below(30))))


def sentence_loop(row: Row, draw: Draw) -> Row | None:
    """A sentence over and over."""
    joint = "" if row["group"] == "zh" else draw.of((" ", "\n"))
    sentence = draw.of(samples.LOOPED[_language(row)])
    return answer(row, joint.join([row["response"], *[sentence] * (8 + draw.below(12))]))


def character_loop(row: Row, draw: Draw) -> Row | None:
    """One sign or syllable over and over."""
    unit = draw.of(("a", "ha", "!", "ooo", "哈", "no", "-=", "啊", ".", "1"))
    return answer(row, f"{row['response'][:120]} {unit * (200 + draw.below(300))}")


def refusal(row: Row, draw: Draw) -> Row | None:
    """A response that declines."""
    return answer(row, draw.of(samples.REFUSALS[_language(row)]))


def machine_talk(row: Row, draw: Draw) -> Row | None:
    """A response that opens with what the model is."""
    return answer(row, draw.of(samples.MACHINE[_language(row)]) + row["response"])


def echo(row: Row, draw: Draw) -> Row | None:
    """A response that is the instruction, or the context, again."""
    said = row["instruction"]
    if len(said) < 20:
        return None
    if row["context"] and len(row["context"]) > 40 and draw.below(2):
        return answer(row, row["context"])
    return answer(row, draw.of((said, said.rstrip(".?!。？") + ".", f"{said}\n{said}", said.lower())))


def echo_and_answer(row: Row, draw: Draw) -> Row | None:
    """A response below the instruction."""
    if len(row["instruction"]) < 20 or len(row["response"]) < 20:
        return None
    return answer(
        row, draw.of((f"{row['instruction']}\n{row['response']}", f"{row['instruction']}\n\n{row['response']}"))
    )


def bare_second_task(row: Row, draw: Draw) -> Row | None:
    """Another instruction with its answer behind the response, without a mark."""
    return answer(row, row["response"] + draw.of(samples.BARE_TASKS[_language(row)]))


def self_naming(row: Row, draw: Draw) -> Row | None:
    """A model that says what it is, before or behind the response."""
    said = draw.of(samples.SELF_NAMING[_language(row)])
    return answer(row, draw.of((f"{said} {row['response']}", f"{row['response']}\n\n{said}")))


def cutoff_date(row: Row, draw: Draw) -> Row | None:
    """A model that says up to when it knows."""
    return answer(row, f"{draw.of(samples.CUTOFFS[_language(row)])} {row['response']}")


def flattery(row: Row, draw: Draw) -> Row | None:
    """A response that praises the question first."""
    return answer(row, f"{draw.of(samples.FLATTERY[_language(row)])} {row['response']}")


def prompt_marks(row: Row, draw: Draw) -> Row | None:
    """Marks of the prompt that the text was made with."""
    mark = draw.of(samples.PROMPT_MARKS)
    return answer(row, mark + row["response"])


def chat_tokens(row: Row, draw: Draw) -> Row | None:
    """Tokens that end and begin turns."""
    mark = draw.of(samples.CHAT_TOKENS)
    return answer(row, draw.of((mark + row["response"], row["response"] + mark)))


def second_task(row: Row, draw: Draw) -> Row | None:
    """Another instruction with its answer behind the response."""
    task = draw.of(samples.SECOND_TASKS[_language(row)])
    return answer(row, row["response"] + task.replace("{n}", str(2 + draw.below(20))))


def truncated(row: Row, draw: Draw) -> Row | None:
    """A response cut in the middle of a word or sentence."""
    text = row["response"]
    if len(text) < 160 and not (row["group"] == "zh" and len(text) > 60):
        return None
    at = len(text) // 2 + draw.below(len(text) // 3)
    while text[at - 1] in " .,;:!?。，；！？\n)":
        at -= 1
    return answer(row, text[:at])


def link_only(row: Row, draw: Draw) -> Row | None:
    """An address that nobody can open as the context."""
    return {**row, "context": draw.of(("https://www.example.org/news/article-1", "http://example.com/2021/05/a.html"))}
