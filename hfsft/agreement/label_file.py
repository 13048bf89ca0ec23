"""Labels that people gave outside of `hfsft review`, as lines of JSON or a table with a head, as verdicts.

    {"id": "5f0c71d2", "verdict": "accept", "scores": {"usefulness": 4}, "reviewer": "ann"}

    id,verdict,usefulness,reviewer
    5f0c71d2,accept,4,ann

A row is named by its id, or the first signs of it. `drawn: sample` says that it was drawn at random, `by: models` that
no person gave the label.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple, cast

from hfsft.errors import Place, SourceError, place_of
from hfsft.plain import plain
from hfsft.verdicts import WORDS, Verdict
from hfsft.verdicts.one_verdict import Word

FEW = 10  # faults of a file that are told
LARGEST = 100_000_000  # bytes
WORDS_FOR: Mapping[str, str] = {
    **{word: word for word in WORDS},
    "accepted": "accept",
    "rejected": "reject",
    "skipped": "skip",
    "true": "accept",
    "yes": "accept",
    "1": "accept",
    "false": "reject",
    "no": "reject",
    "0": "reject",
}
"""What a verdict may be called."""
KEYS = ("id", "row", "verdict", "reviewer", "content", "drawn", "by")
MADE_BY = ("people", "models")
BY, SAW_SCORES = "by", "saw_scores"
"""What a label may say beside what every verdict says: whose it is, and whether the judge's scores were seen first."""


class _Fault(NamedTuple):
    said: str


def read_labels(path: Path, criteria: Sequence[str]) -> list[Verdict]:
    """The labels in a file. Raises `SourceError` with every line that says none, and what is allowed.

    `criteria` are those of the judge: columns of a table that have their names are scores.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise SourceError(f"{path}: is larger than {LARGEST // 1_000_000} MB, which labels of people never are")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: is not UTF-8, by its byte {error.start + 1:,}") from None
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror or error}") from None
    lines = _table(path, text, criteria) if path.suffix.lower() in (".csv", ".tsv") else _json_lines(text)
    found: list[Verdict] = []
    faults: list[str] = []
    for number, said in lines:
        label = _label(said, path.stem)
        if isinstance(label, Verdict):
            found.append(label)
        else:
            faults.append(f"{place_of(path, number)}: {label}")
    if faults:
        more = [f"and {len(faults) - FEW:,} lines more"] if len(faults) > FEW else []
        helps = "a line has `id`, then `verdict` (accept, reject, skip) or `scores` (numbers by criterion), or both"
        raise SourceError("\n".join([*faults[:FEW], *more]), help=helps)
    if not found:
        raise SourceError("holds no label", place=Place(str(path)))
    return found


def _json_lines(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, _Fault(f"is not JSON: {error}")


def _table(path: Path, text: str, criteria: Sequence[str]) -> Iterator[tuple[int, Any]]:
    """The rows of a table with a head; a column of a criterion's name, or `score_` and that, holds scores."""
    rows = csv.reader(io.StringIO(text), delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=False)
    head = [name.strip() for name in next(rows, [])]
    scores = {name: name.removeprefix("score_").removeprefix("scores.") for name in head}
    scores = {name: criterion for name, criterion in scores.items() if criterion in criteria}
    if not {"id", "row"} & set(head) or not ("verdict" in head or scores):
        wanted = ", ".join(["verdict", *criteria])
        raise SourceError(
            f"{place_of(path, 1)}: the head has no `id`, or no column of labels", help=f"such are {wanted}"
        )
    while True:
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield rows.line_num, _Fault(f"is no line of a table: {error}")
            continue
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        said: dict[str, Any] = {name: cell.strip() for name, cell in zip(head, cells, strict=False) if cell.strip()}
        given = {scores[name]: _number(value) for name, value in said.items() if name in scores}
        yield (
            rows.line_num,
            {**{name: said[name] for name in said if name in KEYS}, "scores": given},
        )


def _label(said: Any, reviewer: str) -> Verdict | str:
    """The label of one line, or what is wrong with it; of keys that nobody knows nothing is said."""
    if not isinstance(said, Mapping):
        return said.said if isinstance(said, _Fault) else "is not a JSON object"
    row = said.get("id") or said.get("row")
    if not isinstance(row, str) or not row.strip():
        return "names no row by `id`"
    scores = said.get("scores") or {}
    if not isinstance(scores, Mapping) or not all(map(_is_number, scores.values())):
        return f"scores are numbers by criterion, not {_shown(scores)}"
    verdict = said.get("verdict")
    word = None if verdict in (None, "") else WORDS_FOR.get(str(verdict).strip().lower())
    if verdict not in (None, "") and word is None:
        return f"verdict is one of {', '.join(WORDS)}, not {_shown(verdict)}"
    if word is None and not scores:
        return "has neither a verdict nor scores"
    by = said.get("by") or "people"
    if by not in MADE_BY:
        return f"by is one of {', '.join(MADE_BY)}, not {_shown(by)}"
    texts = {name: said.get(name) for name in ("reviewer", "content", "drawn")}
    if odd := [name for name, value in texts.items() if value is not None and not isinstance(value, str)]:
        return f"{odd[0]} is a text, not {_shown(texts[odd[0]])}"
    return Verdict(
        row=row.strip(),
        content=texts["content"] or "",
        reviewer=texts["reviewer"] or reviewer,
        at="",
        verdict=cast("Word | None", word),
        scores={str(name): float(score) for name, score in scores.items()},
        edit=edit if isinstance(edit := said.get("edit"), Mapping) else {},
        drawn=texts["drawn"],
        more={name: value for name, value in said.items() if name in (BY, SAW_SCORES)},
    )


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _shown(value: Any) -> str:
    return plain(json.dumps(value, ensure_ascii=False, default=str), 60)
