"""Data sets that `datasets` reads: on the Hub at one commit, or written by `save_to_disk`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.cache import datasets_cache
from hfsft.errors import SourceError
from hfsft.rows.tables.arrow import plain_rows
from hfsft.rows.tables.card_paths import require_own

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

HUB_DATASETS = "hf://datasets/"
BATCH = 1000  # rows that are held at once
STREAMED = 100  # and of those that are read while they are downloaded
COMMIT = re.compile(r"[0-9a-f]{40}")
WRAPPERS = ("DatasetGenerationError",)  # errors that say only that there is another one behind them


def commit_of(repo: str, revision: str | None) -> str:
    """The commit that a revision (a branch, a tag, a commit; None: the newest) is now; offline, that of the cache."""
    from huggingface_hub import HfApi, constants

    if constants.HF_HUB_OFFLINE:
        return _cached_commit(repo, revision)
    try:
        return str(HfApi().dataset_info(repo, revision=revision).sha)
    except Exception as error:  # any failure of the client means the same to the user
        key = "revision" if type(error).__name__ == "RevisionNotFoundError" else "path"
        raise SourceError(f"{repo}: cannot be read from the Hub: {cause(error)}", key=key) from None


def _cached_commit(repo: str, revision: str | None) -> str:
    from huggingface_hub import constants

    if revision and COMMIT.fullmatch(revision):
        return revision
    owner, _, name = repo.rpartition("/")
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)).lower()
    prepared = datasets_cache() / (f"{owner}___{snake}" if owner else snake)
    commits = [folder for folder in prepared.glob("*/*/*") if COMMIT.fullmatch(folder.name)]
    reference = Path(constants.HF_HUB_CACHE) / f"datasets--{repo.replace('/', '--')}" / "refs" / (revision or "main")
    if reference.is_file() and reference.read_text().strip() in {folder.name for folder in commits}:
        return reference.read_text().strip()
    if revision is None and commits:
        return max(commits, key=lambda folder: (folder.stat().st_mtime, folder.name)).name
    raise SourceError(f"{repo}: is not in the cache, and the Hub is not asked", help="HF_HUB_OFFLINE is set")


def hub_rows(
    repo: str,
    commit: str,
    config: str | None,
    split: str | None,
    delimiter: str | None = None,
    limit: int | None = None,
    stream: bool = False,
) -> Iterator[dict[str, Any]]:
    """The rows at that commit. Of few (`limit`) no more is downloaded than they take, and with `stream` nothing is kept
    of what is read; else the whole dataset is downloaded and prepared first, and lies ready the next time.
    """
    from datasets import load_dataset, load_dataset_builder
    from huggingface_hub import constants

    from hfsft.without_datasets import quiet

    path = f"{HUB_DATASETS}{repo}"  # never a folder of that name in the working directory
    try:
        if (stream or limit is not None) and not constants.HF_HUB_OFFLINE:
            streamed = load_dataset(path, config, revision=commit, streaming=True, **_options(delimiter))
            rows = streamed[one_split(repo, list(streamed), split)]
            rows = rows if limit is None else rows.take(limit)
            for table in rows.with_format("arrow").iter(batch_size=min(limit or STREAMED, STREAMED)):
                yield from plain_rows(table)
            return
        builder = load_dataset_builder(path, config, revision=commit, **_options(delimiter))
        if builder.hash != commit:  # datasets falls back on whatever it has in its cache
            raise SourceError(f"{repo}: cannot be read from the Hub, and its cache holds another commit than {commit}")
        with quiet():
            builder.download_and_prepare()
        loaded: Any = builder.as_dataset()
    except SourceError:
        raise
    except Exception as error:  # datasets raises whatever its builders and clients raise
        raise _refused(repo, error) from None
    yield from _rows(repo, loaded, split)


def folder_rows(
    path: str, folder: Path, config: str | None, split: str | None, delimiter: str | None = None
) -> Iterator[dict[str, Any]]:
    """The rows of a folder that `datasets` wrote, or whose card it reads."""
    from datasets import load_dataset, load_from_disk

    from hfsft.without_datasets import quiet

    try:
        require_own(path, folder)
        if saved(folder):
            loaded: Any = load_from_disk(str(folder))
        else:
            with quiet():
                loaded = load_dataset(str(folder.absolute()), config, **_options(delimiter))
    except SourceError:
        raise
    except Exception as error:  # as above
        raise _refused(path, error) from None
    yield from _rows(path, loaded, split)


def configs(path: str, commit: str | None = None) -> list[str]:
    """The configurations of a dataset: on the Hub at a commit, or in a folder that `datasets` reads."""
    from datasets import get_dataset_config_names

    if commit is None and saved(Path(path)):
        return []
    try:
        return list(get_dataset_config_names(path if commit is None else f"{HUB_DATASETS}{path}", revision=commit))
    except Exception as error:  # as above
        raise _refused(path, error) from None


def splits(path: str, commit: str | None = None, config: str | None = None) -> list[str]:
    """The splits of a dataset: on the Hub at a commit, or in a folder that `datasets` reads."""
    from datasets import get_dataset_split_names, load_from_disk

    try:
        if commit is None and saved(Path(path)):
            loaded = load_from_disk(path)
            return list(map(str, loaded)) if isinstance(loaded, dict) else []
        where = path if commit is None else f"{HUB_DATASETS}{path}"
        return list(get_dataset_split_names(where, config, revision=commit))
    except Exception as error:  # as above
        raise _refused(path, error) from None


def saved(folder: Path) -> bool:
    """Whether `save_to_disk` wrote the folder."""
    return (folder / "state.json").exists() or (folder / "dataset_dict.json").exists()


def cause(error: BaseException) -> str:
    """What went wrong, in one line: of an error that only says that another one happened, that other."""
    while type(error).__name__ in WRAPPERS and (inner := error.__cause__ or error.__context__):
        error = inner
    return " ".join(str(error).split()) or type(error).__name__


def _options(delimiter: str | None) -> dict[str, str]:
    return {} if delimiter is None else {"sep": delimiter}


def _refused(path: str, error: Exception) -> SourceError:
    if "doesn't have a 'sep' key" in str(error):
        return SourceError(f"{path}: is no CSV and has no delimiter", key="delimiter", help="leave it out")
    key = "config" if "config" in str(error).lower() and isinstance(error, ValueError) else "path"
    return SourceError(f"{path}: {cause(error)}", key=key)


def _rows(path: str, loaded: Dataset | DatasetDict, split: str | None) -> Iterator[dict[str, Any]]:
    if isinstance(loaded, dict):
        loaded = loaded[one_split(path, list(map(str, loaded)), split)]
    elif split is not None and str(loaded.split) != split:
        raise SourceError(f"{path}: no split {split!r}", key="split", help=f"it is one table, {loaded.split}")
    for table in loaded.with_format("arrow").iter(batch_size=BATCH):  # as stored: no picture is decoded
        yield from plain_rows(table)


def one_split(path: str, splits: list[str], split: str | None) -> str:
    """The split that is meant. Raises `SourceError` where it is not there, or there are several and none is named."""
    if split is None and len(splits) > 1:
        raise SourceError(f"{path}: has the splits {', '.join(splits)}", key="split", help="name one with split:")
    if split is not None and split not in splits:
        raise SourceError(f"{path}: no split {split!r}", key="split", help=f"it has {', '.join(splits)}")
    return split or splits[0]
