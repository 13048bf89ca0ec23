"""A model of transformers that gives labels to texts or pairs of them: which labels it has, and how likely each is.

It is of the Hub or of a folder. Only weights as safetensors are read, and no code of the repository is run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hfsft.errors import ModelError
from hfsft.pretrained.loaded_tokenizer import pretrained_tokenizer

LONGEST = 512  # tokens of a piece, where the model takes no less
AT_ONCE = 32  # pieces


class Classifier:
    """A classifier as a resource, found by its name. Raises `ModelError` where there is none."""

    def __init__(self, name: str) -> None:
        self.name = name

    def identity(self) -> str:
        """The commit on the Hub, or a hash of the files in the folder."""
        folder = Path(self.name)
        if not folder.is_dir():
            return f"{self.name}@{self._config._commit_hash}"
        hashed = hashlib.sha256()
        for path in sorted(folder.iterdir()):
            if path.is_file():
                hashed.update(f"{path.name} {path.stat().st_size}\0".encode())
                hashed.update(path.read_bytes())
        return hashed.hexdigest()[:32]

    def load(self) -> Classifier:
        """Itself, with the model and its tokenizer in memory. Raises `ModelError` where they cannot be loaded."""
        self._loaded  # noqa: B018 - it is kept
        return self

    @property
    def labels(self) -> list[str]:
        """Its labels, in the order of its numbers."""
        return [str(self._config.id2label[place]) for place in range(self._config.num_labels)]

    def likely(self, texts: Sequence[str], label: str) -> list[float]:
        """How likely a label is for each text, 0 to 1; of one that is too long, the likeliest piece counts."""
        pieces = self._cut(list(texts), return_overflowing_tokens=True)
        owners = pieces.pop("overflow_to_sample_mapping", list(range(len(texts))))
        found = [0.0] * len(texts)
        for owner, value in zip(owners, self._values(pieces, label), strict=True):
            found[owner] = max(found[owner], value)
        return found

    def likely_of_pairs(self, pairs: Sequence[tuple[str, str]], label: str) -> list[float]:
        """How likely a label is for each pair of texts, 0 to 1; of a pair that is too long the longer text is cut."""
        firsts, seconds = [first for first, _ in pairs], [second for _, second in pairs]
        return list(self._values(self._cut(firsts, seconds), label))

    def require_torch(self) -> None:
        """Raises `ModelError` where torch is not installed, which runs the model."""
        if find_spec("torch") is None:
            raise ModelError(
                f"the classifier {self.name} needs torch, which is not installed: `pip install 'hfsft[embed]'`"
            )

    def _cut(self, *texts: Sequence[str], **more: Any) -> Any:
        """The tokens of texts, or of pairs, no more than the model takes."""
        _, tokenizer = self._loaded
        size = min(LONGEST, tokenizer.model_max_length, getattr(self._config, "max_position_embeddings", LONGEST))
        return tokenizer(*texts, truncation=True, max_length=size - 2, verbose=False, **more)

    def _values(self, pieces: Mapping[str, Any], label: str) -> Iterator[float]:
        """How likely the label is for each piece, many at once."""
        import torch

        model, tokenizer = self._loaded
        place, several = self.labels.index(label), self._config.problem_type == "multi_label_classification"
        for start in range(0, len(pieces["input_ids"]), AT_ONCE):
            part = {name: values[start : start + AT_ONCE] for name, values in pieces.items()}
            with torch.inference_mode():
                logits = model(**tokenizer.pad(part, return_tensors="pt")).logits.float()
            each = logits.sigmoid() if several or logits.shape[-1] == 1 else logits.softmax(-1)
            yield from each[:, place].tolist()

    @cached_property
    def _config(self) -> Any:
        from transformers import AutoConfig

        try:
            return AutoConfig.from_pretrained(self.name, trust_remote_code=False)
        except Exception as error:  # transformers raises whatever its readers and the Hub's client raise
            raise ModelError(f"the classifier {self.name} cannot be loaded: {_said(error)}") from None

    @cached_property
    def _loaded(self) -> Any:
        self.require_torch()
        from transformers import AutoModelForSequenceClassification as Model

        try:
            model = Model.from_pretrained(self.name, trust_remote_code=False, use_safetensors=True)
        except Exception as error:
            raise ModelError(f"the classifier {self.name} cannot be loaded: {_said(error)}") from None
        return model.eval(), pretrained_tokenizer(self.name)


@lru_cache(maxsize=2)
def classifier(name: str) -> Classifier:
    """The classifier of that name, loaded once in a process."""
    return Classifier(name)


def _said(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
