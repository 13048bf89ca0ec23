"""Whether two answers contradict each other, by a model of natural language inference in this process.

Source: Kuhn et al. 2023, "Semantic Uncertainty", arXiv 2302.09664, section 3.2: whether answers say the same is read
off such a model in both directions, each answer behind its question, as a short answer says little without it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hfsft.engine.resources import Resource, Work
from hfsft.errors import ModelError
from hfsft.pretrained.classifier import Classifier, classifier
from hfsft.rows.batch import Batch

LABEL = "contradiction"
LIKELY = "contradiction_probability"
DIGITS = 4  # the rest depends on which pairs are measured at once


def usable(name: str) -> None:
    """Raises `ModelError` where the model is not there, has no label for a contradiction, or cannot be run here."""
    found = classifier(name)
    _label(found)
    found.require_torch()


def resource(name: str) -> Resource:
    """The model, the same under any name. Raises `ModelError` as `usable` does."""
    usable(name)
    return Resource.of("classifier", Work("hfsft.pretrained.classifier:Classifier", {"name": name}))


def _label(model: Classifier) -> str:
    """What the model calls a contradiction."""
    found = [label for label in model.labels if label.lower() == LABEL]
    if not found:
        raise ModelError(
            f"{model.name} has no label `{LABEL}`, only {', '.join(model.labels[:20])} (name a model of natural "
            "language inference, whose labels are entailment, neutral and contradiction)"
        )
    return found[0]


def inferring(model: Resource) -> Callable[[Batch], Batch]:
    """What measures how likely the answers of each pair contradict each other."""
    return partial(_inferred, model=model)


def _inferred(batch: Batch, *, model: Resource) -> Batch:
    judge: Classifier = model.load()
    sides = ((batch[f"{side}_question"], batch[f"{side}_answer"]) for side in ("one", "other"))
    one, other = ([f"{asked}\n{said}" for asked, said in zip(*side, strict=True)] for side in sides)
    ways = [list(zip(*way, strict=True)) for way in ((one, other), (other, one))]
    found = [judge.likely_of_pairs(way, _label(judge)) for way in ways]
    return {LIKELY: [round(max(both), DIGITS) for both in zip(*found, strict=True)]}


def deciding(*, contradicts: str, agrees: str, at_least: float) -> Callable[[Batch], Batch]:
    """What says of each pair whether its answers contradict each other, and why."""
    return partial(_decided, contradicts=contradicts, agrees=agrees, at_least=at_least)


def _decided(batch: Batch, *, contradicts: str, agrees: str, at_least: float) -> Batch:
    return {
        "verdict": [contradicts if value >= at_least else agrees for value in batch[LIKELY]],
        "reason": [f"a contradiction with a probability of {value:.2f}" for value in batch[LIKELY]],
    }
