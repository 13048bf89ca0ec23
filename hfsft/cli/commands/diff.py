"""`hfsft diff`: what changed from one build or release to another, or to a build from the one before it."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import islice
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import command
from hfsft.cli.console import count, table, tell
from hfsft.plain import plain

if TYPE_CHECKING:
    from hfsft.release.comparison import Diff, ScoreShift

SHOWN = 10  # ids of one kind that are named; all are in the JSON
KEYS, WIDE = 20, 120  # keys of the recipe that are named, and characters of each value
COMPARED, SAID, AROUND = 4_000, 600, 5  # characters compared, characters shown, words around what changed
SLIGHT = 0.005  # a shift that is shown as 0
LEAKED = 1


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft diff build/name\n"
        "  hfsft diff build/name build-before/name\n"
        "  hfsft diff hf://datasets/you/name build/name\n"
        "  hfsft diff hf://datasets/you/name@v1.0 hf://datasets/you/name@v1.1 --json"
    )
    parser = command(commands, "diff", "show what changed from one build or release to another", run, examples)
    parser.add_argument(
        "old",
        help="a build's folder, or a release as hf://datasets/you/name, or with @revision; alone: a build's folder, "
        "which is compared with the build before it",
    )
    parser.add_argument("new", nargs="?", help="the same, for what is newer")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the difference; exit code 1 where a row that was trained on is held out."""
    from hfsft.release.comparison import diff
    from hfsft.release.folder.previous import previous_path
    from hfsft.release.reader import open_release

    new = arguments.old if arguments.new is None else arguments.new
    old = previous_path(new) if arguments.new is None else arguments.old
    found = diff(open_release(old, tell), open_release(new, tell))
    for part in in_json(found.as_dict()) if arguments.json else [report(found)]:
        print(part, end="")
    print()
    return LEAKED if found.leaked else 0


def in_json(found: Mapping[str, Any]) -> Iterator[str]:
    """A mapping as JSON in lines, bit by bit: what it holds may be mappings that are too large for memory."""

    def bits(value: Any, margin: str) -> Iterator[str]:
        if not (isinstance(value, Mapping) and value):
            text = json.dumps({} if isinstance(value, Mapping) else value, ensure_ascii=False, indent=2)
            yield text.replace("\n", f"\n{margin}")
            return
        start = "{"
        for key, each in value.items():
            yield f"{start}\n{margin}  {json.dumps(key, ensure_ascii=False)}: "
            yield from bits(each, f"{margin}  ")
            start = ","
        yield f"\n{margin}}}"

    return bits(found, "")


def report(found: Diff) -> str:
    """The difference as people read it."""
    parts = [f"old: {found.old}\nnew: {found.new}", _rows(found)]
    if found.columns[0] != found.columns[1]:
        parts.append("columns: " + " -> ".join(", ".join(names) for names in found.columns))
    for (old, new), (number, first) in _by_move(found).items():
        seen = f"{count(number, 'row')} moved from {old} to {new}"
        means = (
            "a model trained on the old rows has seen them"
            if old == "train"
            else f"results on the old {old} rows and on the new are not of the same"
        )
        parts.append(f"{seen}, so {means}: {_named(first, number)}")
    parts += [*_recipe(found), *_texts(found), *_scores(found)]
    parts.append(_funnel(found))
    return "\n\n".join(parts)


def _by_move(found: Diff) -> dict[tuple[str, str], tuple[int, list[str]]]:
    """How many rows moved and some of them, by where from and where to, those that were trained on first."""
    moves, first = Counter[tuple[str, str]](), dict[tuple[str, str], list[str]]()
    for row_id, move in found.moved.items():
        moves[move] += 1
        if moves[move] <= SHOWN:
            first.setdefault(move, []).append(row_id)
    return {move: (moves[move], ids) for move, ids in sorted(first.items(), key=lambda item: item[0][0] != "train")}


def _rows(found: Diff) -> str:
    lines = [
        table(
            ("split", "old rows", "new rows", "change"),
            [(split, f"{old:,}", f"{new:,}", f"{new - old:+,}") for split, (old, new) in found.splits.items()],
            right=(1, 2, 3),
        ),
        "",
        f"added    {_why(found.added)}",
        f"removed  {_why(found.removed)}",
        f"changed  {_why(found.changed)}",
        *_anew(found),
        f"moved    {len(found.moved):,}",
        *_pairs(found),
    ]
    return "\n".join(lines)


def _anew(found: Diff) -> list[str]:
    number = len(found.rewritten)
    named = _named(found.rewritten, number)
    return [f"answered anew  {number:,} (the same question, so another id): {named}"] if number else []


def _pairs(found: Diff) -> list[str]:
    pairs = found.pairs
    if pairs is None:
        return []
    became = ((pairs.added, "added"), (pairs.removed, "removed"), (pairs.moved, "moved between splits"))
    parts = ", ".join(f"{len(those):,} {what}" for those, what in became if those) or "the same"
    return [f"pairs    {pairs.old:,} -> {pairs.new:,} ({parts})"]


def _why(rows: Mapping[str, str | Sequence[str]]) -> str:
    """The number of rows, how many for each reason, and some ids."""
    if not rows:
        return "0"
    said = Counter(why if isinstance(why, str) else ", ".join(why) for why in rows.values())
    reasons = [f"{number:,} {reason}" for reason, number in said.most_common()]
    return f"{len(rows):,} ({'; '.join(reasons)}): {_named(rows, len(rows))}"


def _named(names: Iterable[str], number: int) -> str:
    """The first of so many names."""
    return ", ".join(islice(names, SHOWN)) + (f" and {number - SHOWN:,} more" if number > SHOWN else "")


def _recipe(found: Diff) -> list[str]:
    """The keys of the recipe that changed."""
    if not found.recipe:
        return []
    lines = [f"  {key}: {_value(old)} -> {_value(new)}" for key, (old, new) in list(found.recipe.items())[:KEYS]]
    more = [f"  and {len(found.recipe) - KEYS:,} more"] if len(found.recipe) > KEYS else []
    return ["\n".join(["recipe:", *lines, *more])]


def _value(value: str | None) -> str:
    return "(not set)" if value is None else plain(value, WIDE)


def _texts(found: Diff) -> list[str]:
    """What the first rows that changed say, and said."""
    lines = []
    for row_id, columns in found.texts.items():
        was = found.rewritten.get(row_id)
        lines.append(f"{row_id}{f' (was {was})' if was else ''}:")
        lines += [f"  {name}: {words(old, new)}" for name, (old, new) in columns.items()]
    more = len(found.changed) + len(found.rewritten) - len(found.texts)
    return (
        ["\n".join([*lines, *([f"and {more:,} more rows (--json has their ids)"] if more > 0 else [])])]
        if lines
        else []
    )


def words(old: str, new: str) -> str:
    """Both texts in one, word by word: [-what went-] and {+what came+}, with a few words around."""
    before, after = plain(old, COMPARED).split(), plain(new, COMPARED).split()
    parts: list[str] = []
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for place, (kind, a, b, c, d) in enumerate(codes):
        if kind == "equal":
            parts += _around(before[a:b], place > 0, place < len(codes) - 1)
            continue
        parts += [f"[-{' '.join(before[a:b])}-]"] if b > a else []
        parts += [f"{{+{' '.join(after[c:d])}+}}"] if d > c else []
    return plain(" ".join(parts), SAID) or "(only white space differs)"


def _around(same: list[str], behind: bool, ahead: bool) -> list[str]:
    """Words that did not change, without those far from any that did."""
    first, last = AROUND * behind, AROUND * ahead
    if len(same) <= first + last + 1:
        return same
    return [*same[:first], "...", *(same[-last:] if last else [])]


def _scores(found: Diff) -> list[str]:
    if not found.scores:
        return []
    rows = [
        (
            score.criterion,
            _number(score.old),
            _number(score.new),
            _number(score.shift, "+.2f"),
            f"{score.rows_compared:,}",
        )
        for score in found.scores
    ]
    head = ("mean score", "all old rows", "all new rows", "shift of rows in both", "rows in both")
    lines = [table(head, rows, right=(1, 2, 3, 4))]
    if any(_only_others(score) for score in found.scores):
        lines.append(
            "where the means differ and the shift is 0, the same rows have the same scores, and other rows are in"
        )
    return ["\n".join(lines)]


def _only_others(score: ScoreShift) -> bool:
    shown = _number(score.old) != _number(score.new) and None not in (score.old, score.new)
    return shown and score.shift is not None and abs(score.shift) < SLIGHT


def _funnel(found: Diff) -> str:
    """The funnels side by side, without the steps that left the number of rows as it was in both."""
    rows: list[tuple[str, ...]] = []
    before: tuple[int, ...] = (0, 0)
    for pair in found.funnel:
        left = tuple(
            was if now is None else now for was, now in zip(before, (pair.old_rows, pair.new_rows), strict=True)
        )
        if left != before:
            values = (pair.old_rows, pair.new_rows, pair.old_removed, pair.new_removed)
            rows.append((pair.step, *(_number(value, ",") for value in values)))
        before = left
    return table(("step", "old left", "new left", "old removed", "new removed"), rows, right=(1, 2, 3, 4))


def _number(value: float | None, form: str = ".2f") -> str:
    return "-" if value is None else format(value, form)
