"""Leaks: the last look at all that a release would send, for what must not leave: keys, passwords, secrets.

Every file is read, of Parquet files every text in every column. Looked for is what `privacy.secrets` knows, and the
very values of the keys that the recipe, the login and the environment of this process hold.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.errors import ReleaseError
from hfsft.keys import field_speaks
from hfsft.nested import texts_in
from hfsft.privacy.credentials.secrets import SUSPECT, find, loosely
from hfsft.release.reader import Release

if TYPE_CHECKING:
    from pyarrow import Array

SHOWN = 10  # places that an error names
LINES = 50_000  # that are looked at together
SHORTEST = 12  # characters of a value of the environment that is looked for
CONFIGS = {"data": "default"}
_SECRET_NAME = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)(?:_|$)", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class LeakedKey:
    """One secret in one place; never the secret itself."""

    file: str
    place: str  # config, split, row and column, or line and column
    kind: str
    fingerprint: str  # by which a false alarm is told

    def __str__(self) -> str:
        return f"{self.file}{self.place}: {self.kind} ({self.fingerprint})"


def refuse(folder: Path, files: Mapping[str, Path], allowed: Sequence[str]) -> None:
    """Raise `ReleaseError` where a secret stands in one of the files, unless its fingerprint is allowed."""
    leaks = [
        leak
        for leak in scan(files, own_secrets(Release(str(folder), folder).recipe()))
        if leak.fingerprint not in allowed
    ]
    if not leaks:
        return
    kinds = Counter(leak.kind for leak in leaks)
    counted = ", ".join(f"{kind} {count:,}" for kind, count in kinds.most_common())
    lines = [f"  {leak}" for leak in leaks[:SHOWN]]
    if len(leaks) > SHOWN:
        lines.append(f"  ... and {len(leaks) - SHOWN:,} more")
    raise ReleaseError(
        "\n".join(
            [
                f"{folder}: holds what looks like an API key or another secret, so nothing was sent ({counted}):",
                *lines,
                "take it out of what is read, or let the filter `secrets` take such rows out, and build again; what is "
                f"no secret is allowed by its fingerprint: --not-secret {leaks[0].fingerprint}, or "
                f"`publish: {{not_secret: [{leaks[0].fingerprint}]}}`",
            ]
        )
    )


def scan(files: Mapping[str, Path], known: Mapping[str, str]) -> list[LeakedKey]:
    """Every secret in the files, which stand under the names that a release gives them.

    `known` are secrets that are looked for as they are, by what each is called.
    """
    look = _Look({value: name for name, value in known.items()})
    found: list[LeakedKey] = []
    for name, path in files.items():
        if path.suffix == ".parquet":
            found += _in_table(name, path, files, look)
        elif path.suffix == ".jsonl":
            found += _in_lines(name, path, look)
        else:
            found += _in_text(name, path, look)
    return sorted(set(found))


def own_secrets(recipe: Mapping[str, Any]) -> dict[str, str]:
    """The secrets that this process holds, by what each is called: of the login, the recipe and the environment."""
    from huggingface_hub import get_token

    named = {text for key, text in texts_in(recipe, names=True) if key in ("api_key_env", "env")} if recipe else set()
    found = {
        f"the value of {name}": value
        for name, value in os.environ.items()
        if name in named or _SECRET_NAME.search(name)
    }
    found["the Hugging Face token"] = get_token() or ""
    return {name: value for name, value in found.items() if len(value) >= SHORTEST and not value.startswith(("/", "~"))}


class _Look:
    """What is looked for in a text."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.known = known
        # For Arrow's own engine: what it dismisses, no expression in Python reads.
        own = [re.sub(r"(\W)", r"\\\1", value) for value in known if value.isascii()]
        self.first, self.then = ("|".join([pattern, *own]) for pattern in (SUSPECT, loosely()))

    def suspects(self, texts: Array) -> Array:
        """The places of the texts that may hold a secret."""
        import pyarrow.compute as compute

        # The first expression is quick and dismisses most texts; the second is exact, and slower.
        places = compute.indices_nonzero(compute.fill_null(compute.match_substring_regex(texts, self.first), False))
        left = compute.match_substring_regex(texts.take(places), self.then)
        return places.take(compute.indices_nonzero(left))

    def __call__(self, text: str) -> Iterator[tuple[str, str, int]]:
        """Kind, fingerprint and place of each secret."""
        taken = []
        for value, name in self.known.items():
            start = text.find(value)
            while start >= 0:
                taken.append((start, start + len(value)))
                yield name, _fingerprint(value), start
                start = text.find(value, start + len(value))
        for each in find(text, short=False):
            if not any(start < each.end and each.start < end for start, end in taken):
                yield each.kind, _fingerprint(text[each.start : each.end]), each.start

    def under(self, name: str, text: str) -> Iterator[tuple[str, str]]:
        """Kind and fingerprint of each secret in a text that stands under a name: `password` tells what it is.

        In a text that is JSON, as arguments of a tool's call are, each text stands under a name of its own.
        """
        inside = texts_in(_from_json(text), name, names=True)
        found = [(kind, fingerprint, 0) for key, inner in inside for kind, fingerprint in self.under(key, inner)]
        found += [each for each in self(text) if not found]
        if not found and field_speaks(name, text):
            found = list(self(f"{name}: {text}"))
        yield from ((kind, fingerprint) for kind, fingerprint, _ in found)


def _from_json(text: str) -> Any:
    """The object or list that a text is the JSON of; None of any other text."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _fingerprint(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _in_text(name: str, path: Path, look: _Look) -> Iterator[LeakedKey]:
    text = path.read_bytes().decode(
        "utf-8" if path.suffix in (".md", ".yaml", ".json", ".html") else "latin-1", "replace"
    )
    for kind, fingerprint, start in look(text):
        line, column = text.count("\n", 0, start) + 1, start - (text.rfind("\n", 0, start) + 1) + 1
        yield LeakedKey(name, f":{line}:{column}", kind, fingerprint)


def _in_lines(name: str, path: Path, look: _Look) -> Iterator[LeakedKey]:
    """Of JSON lines each text is read as what it says, not as it is escaped."""
    import pyarrow
    import pyarrow.compute as compute

    start = 1
    with path.open(encoding="utf-8", errors="replace") as file:
        while lines := list(islice(file, LINES)):
            unescaped = compute.replace_substring(pyarrow.array(lines), '\\"', '"')
            for place in look.suspects(unescaped).to_pylist():
                yield from _in_line(name, start + place, lines[place], look)
            start += len(lines)


def _in_line(name: str, number: int, line: str, look: _Look) -> Iterator[LeakedKey]:
    try:
        texts = list(texts_in(json.loads(line), names=True))
    except (ValueError, RecursionError):
        texts = [("", line)]
    for key, text in texts:
        for kind, fingerprint in look.under(key, text):
            yield LeakedKey(name, f":{number}" + (f", {key}" if key else ""), kind, fingerprint)


def _in_table(name: str, path: Path, files: Mapping[str, Path], look: _Look) -> Iterator[LeakedKey]:
    from pyarrow.parquet import ParquetFile

    config, split = name.partition("/")[0], path.name.partition("-")[0]
    where = f" ({CONFIGS.get(config, config)}, {split})"
    ids: list[Any] | None = None
    with ParquetFile(path) as file:
        stored = {key: value for key, value in (file.metadata.metadata or {}).items() if key != b"ARROW:schema"}
        texts = [*file.schema_arrow.names, *(each.decode("latin-1") for pair in stored.items() for each in pair)]
        for kind, fingerprint, _ in (found for text in texts for found in look(text)):
            yield LeakedKey(name, f"{where}, names of columns or notes", kind, fingerprint)
        start = 0
        for batch in file.iter_batches(batch_size=10_000, use_threads=False):
            for column, values in zip(batch.schema.names, batch.columns, strict=True):
                for row, text in _suspects(values, None if field_speaks(column, "a text") else look):
                    for kind, fingerprint in look.under(column, text):
                        ids = ids if ids is not None else _ids(name, files)
                        number = start + row
                        which = ids[number] if number < len(ids) else number + 1
                        yield LeakedKey(name, f"{where}, row {which}, column {column}", kind, fingerprint)
            start += len(batch)


def _suspects(values: Array, look: _Look | None) -> Iterator[tuple[int, str]]:
    """The texts in a column, however deep, that may hold a secret, each with the number of its row; or all texts."""
    import pyarrow
    import pyarrow.compute as compute

    for parents, texts in _strings(values, pyarrow.array(range(len(values)))):
        # JSON within a text is looked at as what it says, not as it is escaped.
        unescaped = compute.replace_substring(texts, '\\"', '"') if look else texts
        places = look.suspects(unescaped) if look else compute.indices_nonzero(compute.is_valid(texts))
        yield from zip(parents.take(places).to_pylist(), texts.take(places).to_pylist(), strict=True)


def _strings(values: Any, parents: Any) -> Iterator[tuple[Any, Any]]:
    """The arrays of texts in an array of any type; with each the row that every text is of."""
    import pyarrow
    import pyarrow.compute as compute
    from pyarrow import types

    if isinstance(values.type, pyarrow.BaseExtensionType):  # JSON
        values = values.storage
    kind = values.type
    if types.is_string(kind) or types.is_large_string(kind):
        yield parents, values
    elif types.is_dictionary(kind):
        yield from _strings(values.dictionary_decode(), parents)
    elif types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        inner = compute.list_parent_indices(values)
        yield from _strings(compute.list_flatten(values), parents.take(inner))
    elif types.is_struct(kind):
        for place in range(kind.num_fields):
            yield from _strings(compute.struct_field(values, [place]), parents)
    elif types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind):  # no build writes such
        yield parents, pyarrow.array([str(value) for value in values.to_pylist()], pyarrow.string())


def _ids(name: str, files: Mapping[str, Path]) -> list[Any]:
    """The ids of the rows of a file: its own, or those of the provenance, which stand in the same order."""
    from pyarrow.parquet import read_schema, read_table

    if "id" in read_schema(files[name]).names:
        return list(read_table(files[name], columns=["id"]).column("id").to_pylist())
    folder, _, file = name.partition("/")
    split = file.partition("-")[0]
    beside = [other for other in sorted(files) if other.startswith(f"provenance/{split}-")]
    if folder != "data" or not beside:
        return []
    ids = [row for other in beside for row in _ids(other, files)]
    own = [other for other in sorted(files) if other.startswith(f"{folder}/{split}-")]
    sizes = [read_table(files[other], columns=[]).num_rows for other in own]
    start = [0, *accumulate(sizes)][own.index(name)]
    return ids[start : start + sizes[own.index(name)]] if sum(sizes) == len(ids) else []
