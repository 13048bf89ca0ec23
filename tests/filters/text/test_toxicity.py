"""toxicity, with a classifier of random weights that is made here: what is asked of it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from datasets import Dataset

from hfsft.errors import ModelError
from hfsft.filters import FILTERS

CONFIG = Path(__file__).parent.parent / "classifiers" / "one" / "config.json"


def test_a_label_that_it_lacks_is_told_with_those_it_has() -> None:
    with pytest.raises(ModelError, match="has no label hate; name one of fine, toxic"):
        FILTERS["toxicity"](model=str(CONFIG.parent), label="hate").resources()


def test_a_model_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"the classifier .* cannot be loaded"):
        FILTERS["toxicity"](model=str(tmp_path)).resources()


def test_another_model_is_another_resource() -> None:
    one, two = (FILTERS["toxicity"](model=str(CONFIG.parent.parent / name)).resources() for name in ("one", "two"))
    assert one != two


def small_classifier(folder: Path) -> None:
    """A classifier of a few words in a folder; skips the test where there is no torch."""
    torch = pytest.importorskip("torch")
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    torch.manual_seed(1)
    words = ["[UNK]", "[PAD]", "good", "day", "bad", "night", "x", "y"]
    inner = Tokenizer(WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    inner.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(folder)
    model = BertForSequenceClassification(BertConfig(**json.loads(CONFIG.read_text())))
    model.classifier.weight.data *= 100
    model.save_pretrained(folder)


@pytest.mark.acceptance
def test_each_text_has_its_likelihood_long_ones_that_of_their_likeliest_piece(tmp_path: Path) -> None:
    small_classifier(tmp_path)
    rule = FILTERS["toxicity"](model=str(tmp_path), at_most=1)
    long = " ".join(["good day"] * 20 + ["bad night x y"] * 20)
    kept, _ = rule.apply(Dataset.from_dict({"response": ["good day", "bad night x y", "", long]}))
    one, two, none, whole = kept["toxicity_response"][:]
    assert 0 <= one <= 1
    assert 0 <= two <= 1
    assert one != two
    assert none is None
    assert 0 <= whole <= 1
    (again,) = rule.measure({"response": [long]})["toxicity_response"]
    assert again == pytest.approx(whole, abs=1e-5)
    other = FILTERS["toxicity"](model=str(tmp_path), label="fine").measure({"response": ["good day"]})
    assert other["toxicity_response"][0] == pytest.approx(1 - one, abs=1e-5)
