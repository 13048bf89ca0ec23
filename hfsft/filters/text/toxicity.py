"""toxicity: how likely a classifier takes a text for toxic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from hfsft.engine.resources import Resource, Work
from hfsft.errors import ModelError
from hfsft.filters.cells import texts
from hfsft.filters.text_column import OfColumn, Share
from hfsft.marks import FILE
from hfsft.pretrained.classifier import classifier
from hfsft.pretrained.loaded_tokenizer import located
from hfsft.rows.batch import Batch


class Toxicity(OfColumn):
    """How likely a text has a label, 0 to 1, by a text classifier of the Hub that the recipe names.

    The model runs in this process through transformers, with weights as safetensors, and needs torch (`hfsft[embed]`).
    Of a text that is longer than it takes, the likeliest piece counts. hfsft brings no classifier: word lists that ship
    in packages know swear words, not hate, and which texts are to fall is what a model was trained on. No model was
    measured here: measure yours on texts of yours before it cuts. Without torch, a judge can say it: a criterion such as `safety` in its rubric, and
    `score: {safety: {at_least: 4}}`.
    """

    name: ClassVar[str] = "toxicity"
    heavy: ClassVar[bool] = True
    values: ClassVar[str] = "0 to 1"
    blind: ClassVar[str] = (
        "Whatever its model is: most take quoted slurs and counter-speech for hate, and know English."
    )
    example: ClassVar[str] = """\
    filters:
      - toxicity: {model: you/toxicity-classifier, label: toxic, at_most: 0.5}
    """

    model: Annotated[str, FILE] = Field(
        description="Hub id or folder (from the recipe's) of a text classifier that transformers runs."
    )
    label: str = Field("toxic", min_length=1, description="Which of its labels counts.")
    at_least: Share | None = Field(None, description="Smallest value that is kept.")
    at_most: Share | None = Field(0.5, description="Largest value that is kept.")

    def at(self, base: Path) -> Toxicity:
        """With the model's folder looked for below `base`."""
        return self.model_copy(update={"model": located(self.model, base)})

    def identity(self) -> dict[str, Any]:
        """The column and the label; the model is a resource."""
        return {"column": self.column, "label": self.label}

    def resources(self) -> tuple[Resource, ...]:
        """The model, the same under any name. Raises `ModelError` where it cannot be used, or has no such label."""
        if not self._opened:
            return ()
        labels = classifier(self.model).labels
        if self.label not in labels:
            raise ModelError(
                f"filters[{self.name}]: {self.model} has no label {self.label}; name one of {', '.join(labels[:20])}"
            )
        return (Resource.of("classifier", Work("hfsft.pretrained.classifier:Classifier", {"name": self.model})),)

    def value(self, cell: Any) -> float:
        """How likely one text has the label."""
        return classifier(self.model).likely([self.text(cell)], self.label)[0]

    def measure(self, batch: Batch) -> Batch:
        """How likely each text has the label, many at once; None of an empty one."""
        given = texts(batch, self.column)
        some = [text for text in given if text and text.strip()]
        found = iter(classifier(self.model).likely(some, self.label) if some else ())
        return {self.measured: [next(found) if text and text.strip() else None for text in given]}
