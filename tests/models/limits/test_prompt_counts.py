"""A prompt that the server read in part is found by its count; what a cache held, or a dense text, is no sign of it."""

from __future__ import annotations

import random
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from hfsft.models.limits.prompt_counts import PromptCounts, cut
from hfsft.models.model import Answer
from hfsft.models.store.store import Store
from tests.models.fixture import one, user
from tests.models.server import LLM, Body, said_to

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WORDS = "the order was sent on monday and the parcel came late so nobody knew where it had been all week long".split()  # noqa: SIM905 (words, read as a text)


def prose(characters: int, seed: int = 0) -> str:
    chosen = random.Random(seed)
    text = ""
    while len(text) < characters:
        text += chosen.choice(WORDS) + " "
    return text[:characters]


def looked(sent: Sequence[tuple[str, int | None]]) -> set[int]:
    """The numbers of the prompts that are found cut, of prompts and what was counted of them, in this order."""
    counts = PromptCounts()
    found: set[str] = set()
    for number, (text, tokens) in enumerate(sent):
        found |= set(counts.look(f"{number:064x}", user(text), Answer("a", input_tokens=tokens)))
    return {int(number, 16) for number in found}


def clipped(limit: int, lengths: Sequence[int], characters: float = 4.4) -> list[tuple[str, int | None]]:
    return [(prose(length, length), min(limit, int(length / characters))) for length in lengths]


def context(questions: int, read: Callable[[int, int], int]) -> list[tuple[str, int | None]]:
    """Questions about one long text; `read` says what is counted of one by its number and whole count."""
    long = prose(40_000)
    prompts = [f"{long} Question {number}: {prose(10 + number, number)}?" for number in range(questions)]
    return [(prompt, read(number, len(prompt) // 4)) for number, prompt in enumerate(prompts)]


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        # Far below what any tokenizer gives.
        (clipped(2048, [56_000]), {0}),
        (clipped(2048, [3_000, 56_000, 900]), {1}),
        (clipped(4096, [50_000, 60_000, 70_000]), {0, 1, 2}),
        (context(5, lambda number, whole: 2048), {0, 1, 2, 3, 4}),
        # One machine of several cuts: as no cache would leave it.
        (context(6, lambda number, whole: 2048 if number % 2 else whole), {1, 3, 5}),
        # One count for all that are long, in whatever order they come; the first are found with the last.
        (clipped(2048, [9_300, 9_900, 11_000, 2_000]), {0, 1, 2}),
        (clipped(2048, [2_000, 11_000, 700, 9_400, 8_000, 13_000, 9_100]), {1, 3, 5, 6}),
        (clipped(1000, [5_000, 6_500, 8_000]), {0, 1, 2}),
        (clipped(2047, [10_600, 11_500, 13_000]), {0, 1, 2}),
        # An answer after they were found.
        (clipped(2048, [9_300, 9_900, 11_000, 9_500]), {0, 1, 2, 3}),
        (clipped(2048, [30_000, 9_500]), {0, 1}),
        # A Chinese text: a character is more than a token, or a little less.
        ([("\u5929\u6c14\u5f88\u597d" * 5_000, 2048)], set()),  # repeats itself
        ([("".join(chr(0x4E00 + n * 7 % 20_000) for n in range(12_000)), 2048)], {0}),
    ],
)
def test_what_was_read_in_part_is_found(sent: list[tuple[str, int | None]], found: set[int]) -> None:
    assert looked(sent) == found


@pytest.mark.parametrize(
    "sent",
    [
        clipped(10**6, range(500, 60_000, 700)),
        clipped(10**6, range(60_000, 500, -700), characters=5.8),
        # Chunks of as many tokens each, cut by the model's own tokenizer.
        [(prose(length, length), 531) for length in range(2_000, 2_600, 30)],
        # Short ones often have the same count.
        [(prose(length, length), 256) for length in (900, 1_000, 1_150)],
        [(prose(60 + number % 9), 20) for number in range(50)],
        # What the cache held is in no count, where an earlier prompt was read whole.
        context(20, lambda number, whole: 20 if number else whole),
        context(20, lambda number, whole: 20 + 64 * (number % 3) if number else whole),
        # Long tokens: rules, blanks, one character.
        [("-" * 9_000, 80)],
        [("\n" * 9_000 + "word " * 10, 80)],
        [("= * " * 5_000, 300)],
        # Dense words.
        [("".join(chr(0x0E01 + n * 5 % 40) for n in range(9_000)), 9_000 // 5)],
        # No counts.
        [(prose(50_000), None)],
    ],
)
def test_what_was_read_whole_is_not_taken_for_cut(sent: list[tuple[str, int | None]]) -> None:
    assert looked(sent) == set()


def test_many_prompts_of_one_length_and_count_take_little_room_and_are_all_found_in_the_end() -> None:
    """32 bytes of each are kept, since a later prompt of another length may show that all of them were cut."""
    counts, request, many = PromptCounts(), user(prose(7_000)), 3_000
    answer = Answer("a", input_tokens=2048)
    tracemalloc.start()
    for number in range(many):
        assert counts.look(f"{number:064x}", request, answer) == {}
    room, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert room < 48 * many
    assert counts.look(f"{many:064x}", user(prose(7_600)), answer) == {}
    found = counts.look(f"{many + 1:064x}", user(prose(8_000)), answer)
    assert found.keys() == {f"{number:064x}" for number in range(many + 2)}


def test_what_a_template_may_leave_out_is_not_counted() -> None:
    thought = {"role": "assistant", "content": f"<think>{prose(30_000)}</think>\n\nYes."}
    picture = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:" + "A1b" * 9_000}}]}
    asked = {"role": "user", "content": prose(600)}
    from dataclasses import replace

    assert cut(replace(user(""), messages=(thought, picture, asked)), 600) is None
    assert cut(replace(user(""), messages=({"role": "user", "content": prose(30_000)},)), 600) is not None


class Small(LLM):
    """Reads so many tokens of a prompt and says nothing of the rest."""

    context = 2048

    def _completion(self, body: Body, text: str | None = None, finish: str = "stop", **more: Any) -> Body:
        read = min(self.context, len(said_to(body)) // 4)
        return {**super()._completion(body, "Yes.", finish), "usage": {"prompt_tokens": read, "completion_tokens": 2}}


LONG = [(f"row-{length}", one(prose(length, length))) for length in (9_300, 9_900, 11_000, 12_000, 2_000)]
CUT = {"row-9300", "row-9900", "row-11000", "row-12000"}


def test_rows_whose_prompts_were_cut_fail_also_those_answered_before_it_was_known(make_pool, store: Store) -> None:
    with Small() as llm:
        results: dict[str, Any] = {}
        pool = make_pool(model={"base_url": llm.url, "concurrency": 1})
        failures = pool.drive("generate", LONG, total=5, max_failed_share=1, results=results)
        assert {row_id: error.cause for row_id, error in failures.items()} == dict.fromkeys(CUT, "prompt_cut")
        assert "the server counted 2,048 tokens where about 3,000 were sent" in str(failures["row-12000"])
        assert set(results) == {"row-2000"}
        assert len(llm.requests) == 5
        pool.close()
        assert store.read("SELECT count(*) FROM answers") == [(1,)]
        Small.context = 100_000
        try:  # the server was given a longer context: what failed is asked again
            again = make_pool(model={"base_url": llm.url})
            assert again.drive("generate", LONG, total=5) == {}
            assert len(llm.requests) == 9
        finally:
            Small.context = 2048


def test_a_recipe_may_keep_them_and_it_is_told(make_pool, caplog) -> None:
    with Small() as llm:
        pool = make_pool(model={"base_url": llm.url, "prompt_cut": "keep"})
        assert pool.drive("generate", LONG, total=5) == {}
        assert caplog.text.count("the server counted 2,048 tokens where about") == 1


@pytest.mark.parametrize(("read_before", "asked_again"), [(0, 1), (14_000, 0)])
def test_an_answer_of_an_older_version_is_looked_at_too(read_before, asked_again, make_pool, store: Store) -> None:
    from contextlib import closing

    from hfsft.models.store.store import Entry, write

    with LLM() as llm:
        pool = make_pool(model={"base_url": llm.url})
        start = one(prose(56_000))
        asked = pool._requester.asked(user(prose(56_000)))
        label = pool.models["m"].label
        with closing(store.connect()) as connection:
            answer = Answer("Yes.", input_tokens=2048, output_tokens=1)
            other = Answer("Yes.", input_tokens=read_before, output_tokens=1)
            kept = [Entry(pool.key(user(prose(56_000))), asked, answer, label), Entry("cd" * 32, "{}", other, label)]
            write(connection, kept)
        assert pool.drive("generate", [("row", start)], total=1) == {}
        assert len(llm.requests) == asked_again


def test_a_count_below_every_context_is_a_wrong_one_and_no_cut() -> None:
    long = user(prose(4_000))
    assert cut(long, 50) is None
    counts = PromptCounts()
    for number in range(8):
        said = Answer("Yes.", input_tokens=50)
        assert counts.look(str(number), user(prose(600 + 90 * number)), said) == {}
