"""The tokenizer of a model on the Hub or in a folder, loaded as trainers load it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from hfsft.errors import ModelError


@lru_cache(maxsize=4)
def pretrained_tokenizer(name: str) -> Any:
    """The tokenizer of transformers' own; no code of the repository is run. `ModelError` where there is none."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(name, trust_remote_code=False)
    except Exception as error:  # transformers raises whatever its readers and the Hub's client raise
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"the tokenizer {name} cannot be loaded: {reason}") from None
