"""An embedder that sentence-transformers runs in this process: of the Hub, or of a folder.

Its sums of floats hang a little on which texts are read at once: the last bits of a vector may be others when it is
made anew. What a build has made is kept, and read back to the bit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.errors import ModelError
from hfsft.models.vectors.text_turns import listed
from hfsft.similarity import units

if TYPE_CHECKING:
    from hfsft.models.model import Model
    from hfsft.models.vectors.numbers import Vector

LIBRARY = "sentence_transformers"


class Transformer:
    """A sentence-transformers model. Raises `ModelError` where the library or the model is not there."""

    heavy = True

    def __init__(self, model: Model) -> None:
        if find_spec(LIBRARY) is None:
            raise ModelError(
                f"{model.model} needs sentence-transformers, which is not installed (run `pip install 'hfsft[embed]'`, "
                "give `base_url`, or leave the embedder out: then the packaged one is used)"
            )
        self._model = model
        folder = (model.base / Path(model.model).expanduser()).absolute()
        self._folder = folder if folder.is_dir() else None

    @cached_property
    def identity(self) -> str:
        """The commit on the Hub, or a hash of the files in the folder."""
        if self._folder is None:
            told = f"{self._model.model}@{self._commit()}"
        else:
            hashed = hashlib.sha256()
            for file in sorted(path for path in self._folder.rglob("*") if path.is_file()):
                name = file.relative_to(self._folder).as_posix()
                if not name.startswith("."):
                    hashed.update(json.dumps([name, file.stat().st_size]).encode())
                    hashed.update(file.read_bytes())
            told = hashed.hexdigest()[:32]
        return " ".join(filter(None, [LIBRARY, told, str(self._model.dimensions or ""), self._model.prefix or ""]))

    @property
    def dimensions(self) -> int:
        """Numbers in a vector."""
        return int(self._loaded.get_embedding_dimension())

    def embed(self, texts: Sequence[str]) -> Vector:
        """A vector of length 1 for each text; of zeros for a blank one."""
        import numpy as np

        found = np.zeros((len(listed(texts)), self.dimensions), np.float32)
        some = [place for place, text in enumerate(texts) if text.strip()]
        if some:
            found[some] = self._loaded.encode(
                [(self._model.prefix or "") + texts[place] for place in some],
                batch_size=self._model.in_one_request,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return units(found)

    def knows(self, text: str) -> bool:
        """Always: which languages it was trained on is not written down where it could be read."""
        return True

    def _commit(self) -> str:
        from huggingface_hub import HfApi, snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError

        name, revision = self._model.model, self._model.revision
        try:
            return str(HfApi().model_info(name, revision=revision, timeout=10).sha)
        except Exception as error:  # the network failed, or the Hub did: what was downloaded before counts
            try:
                return Path(snapshot_download(name, revision=revision, local_files_only=True)).name
            except (LocalEntryNotFoundError, ValueError):
                said = str(error).splitlines()[0] if str(error) else repr(error)
                raise ModelError(f"{name} is not on this machine, and the Hub does not give it: {said}") from None

    @cached_property
    def _loaded(self) -> Any:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        model = self._model
        name = str(self._folder or model.model)
        shown = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # hfsft shows one for the whole build
        try:
            return SentenceTransformer(name, revision=model.revision, truncate_dim=model.dimensions)
        except Exception as error:  # the library raises what its parts raise; each means that there is no such model
            said = str(error).splitlines()[0] if str(error) else repr(error)
            raise ModelError(f"sentence-transformers cannot load {name}: {said}") from None
        finally:
            if shown:
                logging.enable_progress_bar()  # type: ignore[no-untyped-call]
