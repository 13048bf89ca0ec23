"""The tokenizer of a model on the Hub or in a folder, loaded as trainers load it: its hash, and its chat template."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.errors import ModelError
from hfsft.plain import plain
from hfsft.section.late_module import LateModule

if TYPE_CHECKING:
    from hfsft.sandbox import chat, work
else:
    chat, work = LateModule("hfsft.sandbox.chat"), LateModule("hfsft.sandbox.work")

_Stamp = tuple[tuple[str, int, int], ...]

WEIGHTS = frozenset({".safetensors", ".bin", ".gguf", ".pt", ".pth", ".onnx", ".msgpack", ".h5"})


def located(name: str, base: Path | None) -> str:
    """The folder of that name below `base`, where relative paths begin, or the name itself: an id on the Hub.

    Raises `ModelError` where there is such a folder below the working directory only: it would be another one for
    whoever starts hfsft elsewhere.
    """
    if base is None:
        return name
    path = base / Path(name).expanduser()
    if path.is_dir():
        return str(path.resolve())
    if Path(name).is_dir() and not Path(name).is_absolute():
        raise ModelError(f"the tokenizer {name} is not in {base}, but below the working directory (paths begin there)")
    return name


LARGE = 100_000
"""Characters of a conversation that may take more work than is given, without the template being at fault."""
TRIAL = ({"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hello"})


def pretrained_tokenizer(name: str) -> Any:
    """The tokenizer of transformers' own; no code of the repository is run. `ModelError` where there is none."""
    return _loaded(name, _stamp(name))


def tokenizer_hash(name: str) -> str:
    """32 hex digits of what the tokenizer is: the same for the same one under another name. `ModelError` as above."""
    return _hash(name, _stamp(name))


def check_chat_template(name: str, tokenizer: Any) -> None:
    """Raises `ModelError` where its chat template cannot be read, or runs away on two short turns."""
    if not tokenizer.chat_template:
        return
    try:
        text = tokenizer.get_chat_template()
        chat.check(text)
    except ValueError as error:
        raise ModelError(f"the chat template of the tokenizer {name} cannot be read: {plain(str(error))}") from None
    try:
        rendered(name, tokenizer, TRIAL)
    except ValueError:
        return  # it takes other conversations


def rendered(
    name: str,
    tokenizer: Any,
    messages: Sequence[Mapping[str, Any]],
    *,
    opened: bool = False,
    tools: Sequence[Mapping[str, Any]] | None = None,
    more: Mapping[str, Any] | None = None,
) -> str:
    """The conversation under the tokenizer's chat template; `opened` for the assistant's next turn.

    `tools` are schemas, `more` what else the row says to the template by name.

    Raises `ValueError` with the template's own words where it refuses the conversation, or one of more than `LARGE`
    characters takes more work than a template is given; `ModelError` where a smaller one does.
    """
    try:
        special = tokenizer.special_tokens_map
        return chat.render(template_of(tokenizer, tools), messages, special, opened=opened, tools=tools, more=more)
    except work.TooMuchWorkError as error:
        if sum(len(str(value)) for message in messages for value in message.values()) > LARGE:
            raise ValueError(f"the chat template {error}") from None
        raise ModelError(
            f"the chat template of the tokenizer {name} {error} (name another tokenizer, or mend chat_template in a "
            "folder of your own)"
        ) from None


def template_of(tokenizer: Any, tools: Sequence[Mapping[str, Any]] | None = None) -> str:
    """The chat template's text: of several by name that for tools where there are any."""
    return str(tokenizer.get_chat_template(tools=list(tools) if tools is not None else None))


@lru_cache(maxsize=4)
def _loaded(name: str, stamp: _Stamp) -> Any:  # noqa: ARG001 (a changed folder is loaded anew)
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(name, trust_remote_code=False)
    except Exception as error:  # transformers raises whatever its readers and the Hub's client raise
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"the tokenizer {name} cannot be loaded: {reason}") from None


@lru_cache(maxsize=16)
def _hash(name: str, stamp: _Stamp) -> str:
    """Of what was loaded, not of the files: those of a Hub id are whatever the Hub's cache holds."""
    tokenizer = _loaded(name, stamp)
    backend = getattr(tokenizer, "backend_tokenizer", None)
    inner = backend.to_str() if backend else json.dumps(tokenizer.get_vocab(), sort_keys=True)
    special = {key: str(value) for key, value in tokenizer.special_tokens_map.items()}
    said = [type(tokenizer).__name__, inner, tokenizer.chat_template, special]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]


def _stamp(name: str) -> _Stamp:
    """Names, sizes and times of the files of a folder but its weights; empty for a Hub id."""
    folder = Path(name)
    if not folder.is_dir():
        return ()
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix not in WEIGHTS)
    return tuple((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files)
