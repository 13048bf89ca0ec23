"""Trainer truth: what TRL would make of rows is told before anybody trains on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hfsft.errors import RecipeError, ReleaseError
from hfsft.pipeline import run
from hfsft.recipe.publish import FormatName, Publish
from hfsft.release.trainer.check import LengthSummary, TrainerCheck, check, detect
from hfsft.release.trainer.dataset_writer import DatasetWriter
from hfsft.release.trainer.formats import FORMATS
from hfsft.release.trainer.tokenizer import ChatTokenizer, load_tokenizer
from tests.models.server import LLM
from tests.recipes import reply, support
from tests.release.samples import (
    CHATML,
    MARKED,
    NO_SYSTEM,
    SYSTEM,
    THINKING,
    USER_OR_ASSISTANT,
    chat,
    dataset,
    single,
    tokenizer_folder,
    typed,
)

if TYPE_CHECKING:
    from datasets import Dataset

ROWS = dataset(*(single(number) for number in range(4)))
TURNS = ("Hi", "Hello", "Where is it?", "Here.")


def check_rows(rows: Dataset, format: FormatName, tokenizer: ChatTokenizer | None) -> TrainerCheck:
    return check(rows, DatasetWriter.of(rows, format, tokenizer))


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        (("messages", "text"), "messages"),
        (("text", "label"), "text"),
        (("prompt", "completion", "messages"), "prompt and completion"),
        (("conversations", "messages"), "conversations"),
        (("messages", "input_ids"), "tokenized"),
        (("messages", "images"), "images"),
        (("instruction", "output"), "nothing"),
    ],
)
def test_trl_goes_by_the_names_of_columns(columns: tuple[str, ...], kind: str) -> None:
    assert detect(columns) == kind


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_found_and_holds_no_column_that_means_something_else(
    tmp_path: Path, format: FormatName
) -> None:
    found = check_rows(ROWS, format, load_tokenizer(str(tokenizer_folder(tmp_path))))
    assert found.detected != "nothing"
    assert (found.hijackers, found.wrong_order, found.refused, found.reopened) == ((), 0, {}, 0)


@pytest.mark.parametrize(
    ("format", "covered"),
    [("messages", True), ("prompt_completion", False), ("prompt_completion_text", False), ("alpaca", True)],
)
def test_it_says_whether_the_loss_covers_the_prompt(format: FormatName, covered: bool) -> None:
    found = check_rows(ROWS, format, None)
    assert found.loss_covers_prompt == covered
    assert any("TRL trains on prompts too" in note for note in found.notes()) == covered


@pytest.mark.parametrize(
    ("template", "advice"),
    [(MARKED, "or train with assistant_only_loss=True"), (CHATML, "a template with {% generation %} marks")],
)
def test_the_way_out_depends_on_the_template(tmp_path: Path, template: str, advice: str) -> None:
    tokenizer = load_tokenizer(str(tokenizer_folder(tmp_path, template)))
    assert any(advice in note for note in check_rows(ROWS, "messages", tokenizer).notes())


def test_rows_are_counted_that_a_template_refuses(tmp_path: Path) -> None:
    rows = dataset(single(0), single(1, system=SYSTEM))
    found = check_rows(rows, "messages", load_tokenizer(str(tokenizer_folder(tmp_path, NO_SYSTEM))))
    assert found.refused == {"System role not supported": 1}
    assert f"the chat template of {tmp_path} refuses 1 row: System role not supported" in found.notes()


def test_sharegpt_roles_reach_the_template_as_they_stand(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(str(tokenizer_folder(tmp_path, USER_OR_ASSISTANT)))
    assert check_rows(ROWS, "messages", tokenizer).refused == {}
    found = check_rows(ROWS, "sharegpt", tokenizer)
    assert found.refused == {"Unknown role human": 4}
    assert any("human and gpt" in note for note in found.notes())


def test_a_prompt_that_renders_differently_alone_is_noticed(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(str(tokenizer_folder(tmp_path, THINKING)))
    found = check_rows(ROWS, "prompt_completion", tokenizer)
    assert found.reopened == 4
    assert any("differently alone" in note for note in found.notes())


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        (single(), 0),
        (chat(*TURNS, system=SYSTEM), 0),
        (chat(*TURNS[:3]), 1),
        ({**chat(*TURNS), "messages": [{"role": "assistant", "content": "Hi"}, {"role": "user", "content": "?"}]}, 1),
        ({**chat(*TURNS), "messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]}, 1),
    ],
    ids=["single", "chat", "ends with the user", "begins with the assistant", "two in a row"],
)
def test_roles_take_turns(row: dict[str, object], wrong: int) -> None:
    assert check_rows(dataset(row), "messages", None).wrong_order == wrong


def test_answers_that_are_not_trained_on_are_counted() -> None:
    rows = dataset(single(), chat(*TURNS), chat(*TURNS, *TURNS))
    assert check_rows(rows, "prompt_completion", None).untrained_answers == 4
    assert check_rows(rows, "messages", None).untrained_answers == 0
    answers = [{"role": "assistant", "content": text, "weight": weight} for text, weight in (("b", None), ("d", 0))]
    asked = {"role": "user", "content": "a"}
    weighted = dataset(typed(asked, answers[0], asked, answers[1]))
    assert check_rows(weighted, "prompt_completion", None).untrained_answers == 0


def test_control_tokens_in_texts_are_named_with_their_rows() -> None:
    rows = dataset(
        single(0, response="Done.<|im_end|><|im_end|>"),
        single(1, system="You are [INST] helpful."),
        chat("Hi", "Hello<|im_end|>", "And?", "No."),
    )
    found = check_rows(rows, "messages", None)
    assert found.control_tokens == {"<|im_end|>": 2, "[INST]": 1}
    assert any("<|im_end|> in 2 rows, [INST] in 1 row" in note for note in found.notes())


def test_of_a_named_tokenizer_only_its_own_tokens_count(tmp_path: Path) -> None:
    rows = dataset(single(0, response="<|eot_id|>"), single(1, response="<s>"), single(2, response="<|im_start|>"))
    found = check_rows(rows, "messages", load_tokenizer(str(tokenizer_folder(tmp_path))))
    assert found.control_tokens == {"<s>": 1, "<|im_start|>": 1}


def test_lengths_are_those_that_a_trainer_sees(tmp_path: Path) -> None:
    """A tokenizer of bytes: a letter is a token, each control token one."""
    tokenizer = load_tokenizer(str(tokenizer_folder(tmp_path)))
    row = single()
    texts = len(row["instruction"]) + len(row["response"])
    rendered = texts + 4 + len("user\n") + len("assistant\n") + 2
    assert check_rows(dataset(row), "messages", tokenizer).lengths == LengthSummary.of([rendered])
    assert check_rows(dataset(row), "prompt_completion", tokenizer).lengths == LengthSummary.of([rendered])
    assert check_rows(dataset(row), "text", tokenizer).lengths == LengthSummary.of([rendered - 1])
    plain = texts + 2 + 1  # a blank line between the two, the end token behind
    assert check_rows(dataset(row), "prompt_completion_text", tokenizer).lengths == LengthSummary.of([plain])


@pytest.mark.parametrize(
    ("tokens", "percentile", "recommended", "over_recommended"),
    [([10], 10, 64, 0), ([64], 64, 64, 0), (list(range(1, 101)), 95, 128, 0), ([64] * 95 + [2000] * 5, 64, 64, 5)],
)
def test_the_recommended_length_is_the_95th_percentile_rounded_up(
    tokens: list[int], percentile: int, recommended: int, over_recommended: int
) -> None:
    found = LengthSummary.of(tokens)
    assert (found.shortest, found.longest) == (min(tokens), max(tokens))
    assert (found.percentile_95, found.recommended, found.over_recommended) == (
        percentile,
        recommended,
        over_recommended,
    )


def test_rows_that_trl_would_cut_are_counted(tmp_path: Path) -> None:
    rows = dataset(single(), single(1, response="x" * 1100))
    found = check_rows(rows, "messages", load_tokenizer(str(tokenizer_folder(tmp_path))))
    assert found.lengths
    assert found.lengths.over_default == 1
    assert any("1 row longer than TRL's default max_length of 1,024" in note for note in found.notes())


def test_sound_rows_whose_answers_alone_are_trained_on_need_no_note(tmp_path: Path) -> None:
    publish = Publish(format="prompt_completion", tokenizer=str(tokenizer_folder(tmp_path)))
    assert publish.tokenizer
    assert check_rows(ROWS, publish.format, load_tokenizer(publish.tokenizer)).notes() == []


def test_a_tokenizer_that_is_not_there_or_has_no_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="nowhere cannot be loaded"):
        load_tokenizer(str(tmp_path / "nowhere"))
    with pytest.raises(ReleaseError, match="no chat template"):
        load_tokenizer(str(tokenizer_folder(tmp_path, None)))


def test_a_tokenizer_that_cannot_be_loaded_stops_a_build_before_any_model_is_asked(tmp_path: Path, home: Path) -> None:
    with LLM(reply=reply) as llm:
        with pytest.raises(RecipeError, match="nowhere cannot be loaded"):
            run(support(llm, publish={"tokenizer": str(tmp_path / "nowhere")}), out=tmp_path)
        assert llm.requests == []


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"format": "text"}, "name a tokenizer"),
        ({"format": "json"}, "format"),
        ({"repo_id": "you/re/po"}, "repo_name"),
        ({"repo_id": "my data"}, "alphanumeric"),
    ],
)
def test_a_publish_section_that_cannot_be_is_refused(section: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Publish.model_validate(section)
