"""Contradictions by a model of natural language inference of random weights that is made here, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import ModelError, RecipeError
from hfsft.pipeline import run, validate
from hfsft.stages.contradicting.inferred import LIKELY, deciding, inferring, resource, usable

MODELS = Path(__file__).parent / "classifiers"
WORDS = ["[UNK]", "[PAD]", "hot", "kiln", "clay", "1,240", "900", "degrees", "never", "more", "than"]
ROWS = [
    ("How hot must the large kiln be for stoneware clay?", "1240 degrees"),
    ("How hot must the large kiln get for stoneware clay?", "never more than 900"),
    ("Who sweeps the yard?", "Nobody does"),
]


def configured(folder: Path, labels: list[str] | None = None) -> Path:
    config = json.loads((MODELS / "one" / "config.json").read_text())
    if labels is not None:
        config |= {"id2label": dict(enumerate(labels)), "label2id": {label: at for at, label in enumerate(labels)}}
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def made(folder: Path) -> Path:
    torch = pytest.importorskip("torch")
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import AutoConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    torch.manual_seed(1)
    inner = Tokenizer(WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    inner.pre_tokenizer = Whitespace()
    model = BertForSequenceClassification(AutoConfig.from_pretrained(configured(folder)))
    model.classifier.weight.data *= 100
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(folder)
    return folder


def recipe(folder: Path, **section: Any) -> dict[str, Any]:
    rows = [{"instruction": asked, "response": answer} for asked, answer in ROWS]
    (folder / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return {
        "name": "kiln",
        "examples": [{"path": str(folder / "rows.jsonl")}],
        "filters": [],
        "contradictions": section,
        "split": {"validation": 0},
    }


@pytest.mark.parametrize(
    ("labels", "section", "said"),
    [
        (["fine", "toxic"], {}, "has no label `contradiction`, only fine, toxic (name a model of natural language"),
        (None, {"model": "judge"}, "with nli no model is asked: leave out model, or nli"),
        (None, {"nli": None, "probability": 0.9}, "probability is what an NLI model gives"),
        (None, {"nli": "nowhere/at/all"}, "contradictions.nli: the classifier nowhere/at/all cannot be loaded"),
    ],
)
def test_what_cannot_judge_is_told(
    labels: list[str] | None, section: dict[str, Any], said: str, tmp_path: Path
) -> None:
    model = str(configured(tmp_path / "model", labels))
    with pytest.raises(RecipeError) as raised:
        validate(recipe(tmp_path, **{"nli": model, **section}))
    assert said in str(raised.value)


def test_a_machine_without_torch_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hfsft.pretrained.classifier.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"needs torch, which is not installed: `pip install 'hfsft\[embed\]'`"):
        usable(str(configured(tmp_path)))


def test_what_is_likely_enough_contradicts() -> None:
    decide = deciding(contradicts="contradict", agrees="agree", at_least=0.5)
    found = decide({LIKELY: [0.4999, 0.5, 1.0]})
    assert found["verdict"] == ["agree", "contradict", "contradict"]
    assert found["reason"][1] == "a contradiction with a probability of 0.50"


@pytest.mark.acceptance
def test_both_directions_are_measured_and_the_larger_counts(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = str(made(tmp_path))
    said = [("hot kiln", "1240 degrees"), ("clay kiln", "never more than 900 degrees"), ("kiln", "never " * 90)]
    pairs = [(one, other) for one in said for other in said if one != other]
    batch = {
        f"{side}_{part}": [pair[at][number] for pair in pairs]
        for at, side in enumerate(("one", "other"))
        for number, part in enumerate(("question", "answer"))
    }
    found = inferring(resource(folder))(batch)[LIKELY]
    model, tokenizer = (kind.from_pretrained(folder) for kind in (AutoModelForSequenceClassification, AutoTokenizer))
    for (one, other), value in zip(pairs, found, strict=True):
        texts = "\n".join(one), "\n".join(other)
        both = []
        for first, second in (texts, texts[::-1]):
            tokens = tokenizer(first, second, truncation=True, max_length=62, return_tensors="pt")
            with torch.inference_mode():
                both.append(model.eval()(**tokens).logits.softmax(-1)[0, 2].item())
        assert value == pytest.approx(max(both), abs=2e-4)
    assert len(set(found)) > 1
    assert inferring(resource(folder))({name: values[:1] for name, values in batch.items()})[LIKELY] == found[:1]


@pytest.mark.acceptance
def test_no_server_is_needed_and_the_model_is_part_of_what_rows_depend_on(tmp_path: Path, home: Path) -> None:
    folder = made(tmp_path / "nli")
    said = recipe(tmp_path, nli="nli", probability=1e-6, do="reject")
    (tmp_path / "recipe.yaml").write_text(json.dumps(said))
    run(tmp_path / "recipe.yaml", out=tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "kiln" / "ledger.jsonl").read_text().splitlines()]
    (gone,) = (line for line in lines if line["fate"] == "rejected")
    assert gone["value"].startswith("a contradiction with a probability of ")
    card = (tmp_path / "kiln" / "README.md").read_text()
    assert (
        "1 pairs of rows whose questions are at least 0.6 alike (letter by letter) were judged by the NLI model" in card
    )
    assert "the NLI model `nli`, in this process" in card
    assert "1 have answers that contradict each other; of each of them one row fell." in card
    before = resource(str(folder)).identity
    (folder / "notes.txt").write_text("another model")
    assert resource(str(folder)).identity != before
