"""What a release says of each row by itself: how it is written for trainers, what they will not see, how long it is.

The engine works it out by steps that are none of the plan, after its last one, and keeps it by part of the rows as it
does for any step: of rows that a build before had, it is read back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from hfsft import __version__
from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Step
from hfsft.filters.cells import CONVERSATION
from hfsft.filters.text.tokens import TokenizerLoader, Tokens
from hfsft.pretrained.loaded_tokenizer import located
from hfsft.recipe.publish import FormatName
from hfsft.recipe.recipe import Recipe
from hfsft.release.trainer.check import DEFAULT_MAX_LENGTH
from hfsft.release.trainer.dataset_writer import READS, DatasetWriter, RowWriter, writer_of
from hfsft.release.trainer.message_style import MessageStyle
from hfsft.release.trainer.row_checks import RowChecks, TrainerFinding
from hfsft.release.trainer.row_needs import RowNeeds
from hfsft.release.trainer.tokenizer import ChatTokenizer, load_tokenizer
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.columns import CONTENT, TEXTS
from hfsft.rows.views import content

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.engine.executor import Rows
    from hfsft.engine.run import Left

NEEDS, FINDING, WORDS = "needs", "finding", "words"

T = TypeVar("T", RowNeeds, TrainerFinding)
_USUAL: Mapping[type, Mapping[str, Any]] = {kind: vars(kind()) for kind in (RowNeeds, TrainerFinding)}


@dataclass(frozen=True)
class ReleaseMeasures:
    """Of the kept rows what their release says of each: `rows` are they, in their order, with the columns that say it.

    One of them is the hash of what a row says, as of `hfsft.rows.views.content`.
    """

    writer: DatasetWriter
    rows: Rows

    def findings(self) -> Iterator[TrainerFinding]:
        """What was found of each row, in their order."""
        return (each for (texts,) in _columns(self.rows, FINDING) for each in _unpacked(TrainerFinding, texts))

    def words(self) -> NDArray[np.int32] | None:
        """The words of each row, in their order; None where a tokenizer counts."""
        import numpy as np

        if WORDS not in self.rows.column_names:
            return None
        counts = (count for (some,) in _columns(self.rows, WORDS) for count in some)
        return np.fromiter(counts, np.int32, len(self.rows))

    @property
    def shown(self) -> Rows:
        """The kept rows with all columns that a release shows."""
        return self.rows.without((NEEDS, FINDING, WORDS))


def measured(recipe: Recipe, left: Left) -> ReleaseMeasures:
    """All that of the rows that are left. Raises `ReleaseError` where they cannot be written as the recipe asks."""
    alone = _alone(recipe)
    rows = left.measured(*_steps(recipe, alone))
    ids = (row_id for (some,) in _columns(rows, "id") for row_id in some)
    needed = (each for (texts,) in _columns(rows, NEEDS) for each in _unpacked(RowNeeds, texts))
    writer = DatasetWriter.for_all(alone, ids, needed)
    if writer.style != alone.style:  # all rows call reasoning alike, which some alone would not
        rows = left.measured(*_steps(recipe, writer))
    return ReleaseMeasures(writer, rows)


def measuring(recipe: Recipe) -> tuple[Step, ...]:
    """The steps that measure rows of which it is not known yet how those beside them are written."""
    return _steps(recipe, _alone(recipe))


def _alone(recipe: Recipe) -> RowWriter:
    """What writes one row as the recipe asks, whatever others there are."""
    publish = recipe.publish
    tokenizer = load_tokenizer(publish.tokenizer, base=recipe.base) if publish.tokenizer else None
    return writer_of(publish.format, MessageStyle(publish.reasoning, publish.tool_calls), tokenizer)


def _steps(recipe: Recipe, writer: RowWriter) -> tuple[Step, ...]:
    needs: tuple[Resource, ...] = ()
    if named := recipe.publish.tokenizer:
        work = Work(f"{TokenizerLoader.__module__}:TokenizerLoader", {"name": located(named, recipe.base)})
        needs = (Resource.of("tokenizer", work),)
    hashed = Step("content", optional=TEXTS, writes={CONTENT: "string"}, work=Work(f"{__name__}:hashing"))
    return _checks(writer, recipe.publish.max_length or DEFAULT_MAX_LENGTH, needs), hashed


def _columns(rows: Rows, *names: str) -> Iterator[list[list[Any]]]:
    """Columns of rows, some rows at a time."""
    return ([table[name].to_pylist() for name in names] for table in rows.batches(names))


def _checks(writer: RowWriter, max_length: int, needs: tuple[Resource, ...]) -> Step:
    """The step that writes each row and checks it; another version of hfsft does it anew."""
    arguments = {"format": writer.format, "style": asdict(writer.style), "max_length": max_length}
    name = writer.tokenizer.name if writer.tokenizer else None
    return Step(
        "trainer",
        optional=READS,
        writes={NEEDS: "string", FINDING: "string", **({} if needs else {WORDS: "int64"})},
        identity={**arguments, "hfsft": __version__},
        work=Work(f"{__name__}:checking", {**arguments, "tokenizer": name}),
        needs=needs,
    )


def checking(
    *needs: Resource, format: FormatName, style: Mapping[str, Any], max_length: int, tokenizer: str | None
) -> Callable[[Batch], Batch]:
    """What writes rows and checks them as they are written; a row is written once for all that is asked of it."""
    known = ChatTokenizer(tokenizer, needs[0].load()) if tokenizer else None
    checks = RowChecks(RowWriter(format, MessageStyle(**style), known), max_length)
    counter = None if known else Tokens(column=CONVERSATION, at_least=0)

    def check(batch: Batch) -> Batch:
        rows = [(row, *checks.writer.try_row(row)) for row in rows_of(batch)]
        findings = checks.see([(row, written) for row, written, _ in rows])
        made: Batch = {NEEDS: [_packed(needs) for *_, needs in rows], FINDING: list(map(_packed, findings))}
        if counter:
            (column,) = counter.writes
            made[WORDS] = [count or 0 for count in counter.measure(batch)[column]]
        return made

    return check


def hashing() -> Callable[[Batch], Batch]:
    """What hashes all that rows say."""
    return lambda batch: {CONTENT: list(map(content, rows_of(batch)))}


def _packed(what: RowNeeds | TrainerFinding) -> str | None:
    """As JSON, without what is as of most rows; None where all is."""
    usual = _USUAL[type(what)]
    told = {name: value for name, value in vars(what).items() if value != usual[name]}
    return json.dumps(told, ensure_ascii=False) if told else None


def _unpacked(kind: type[T], texts: Iterable[str | None]) -> Iterator[T]:
    usual = kind()
    return (kind(**json.loads(text)) if text else usual for text in texts)
