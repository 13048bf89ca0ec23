"""Built: everything that one build came to, for those who write it down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.models.limits.usage import Spent, total_usd
from hfsft.release.removal_causes import Cause, causes
from hfsft.release.report.measures import bounds
from hfsft.rows.columns import SIDES
from hfsft.stages.split.sides import NONE, Sides
from hfsft.tallies.column_values import ColumnValues

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.engine.executor import Rows
    from hfsft.engine.ledger import Ledger
    from hfsft.engine.plan import Plan
    from hfsft.models.limits.usage import Usage
    from hfsft.recipe.recipe import Recipe
    from hfsft.release.by_source import OfSource
    from hfsft.release.folder.source_files import ReadFrom
    from hfsft.release.rows.kept_rows import KeptRows
    from hfsft.release.rows.pair_lengths import PairLengths
    from hfsft.release.rows.release_measures import ReleaseMeasures
    from hfsft.release.shards.shared_shards import SharedShards
    from hfsft.release.trainer.check import TrainerCheck
    from hfsft.release.trainer.dataset_writer import DatasetWriter
    from hfsft.release.trainer.lengths import Lengths
    from hfsft.release.unchanged import ToldBefore
    from hfsft.stages.source import Opened


SPLITS = SIDES


@dataclass(frozen=True)
class Built:
    """A finished build; `rows` holds every column of every row that was kept, `split` among them."""

    recipe: Recipe
    plan: Plan
    rows: Rows | Dataset
    ledger: Ledger
    usage: Usage
    seconds: float
    sides: Sides = NONE  # of its rows, and of those of builds before
    measures: ReleaseMeasures | None = None  # of its rows, where the engine has worked them out
    former: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # figures of the release before, by section
    stands: ToldBefore | None = None  # where the folder stays as it is, what it tells
    in_order: KeptRows | None = None  # its rows, where the engine has put them in order

    @cached_property
    def kept(self) -> KeptRows:
        """The kept rows by split, in the order of their ids, with all columns that a release shows."""
        from hfsft.engine.ordering.streamed_rows import as_dataset
        from hfsft.release.rows.kept_rows import KeptRows

        if self.in_order:
            return self.in_order
        return KeptRows.of_dataset(as_dataset(self.rows))

    @property
    def shared(self) -> SharedShards | None:
        """The shards that other machines wrote of it; None where this one did."""
        return self.in_order.shared if self.in_order else None

    def split(self, name: str) -> Dataset:
        """The kept rows of one split, in the order of their ids."""
        rows = self.kept.of(name)
        return rows.select(range(len(rows)))

    def column(self, name: str) -> list[Any]:
        """One column of the kept rows; None throughout where there is no such column."""
        from hfsft.engine.parts.rows import column_of

        return column_of(self.rows, name) if name in self.rows.column_names else [None] * len(self.rows)

    def values(self, name: str) -> ColumnValues:
        """The same, read anew some rows at a time whenever somebody goes over it."""
        from hfsft.rows.features import values_of

        rows = self.streamed
        if name not in rows.column_names:
            return ColumnValues(lambda: repeat(None, len(rows)), len(rows))
        return ColumnValues(
            lambda: (value for table in rows.batches([name]) for value in values_of(table[name])), len(rows)
        )

    def all_rows(self) -> Iterator[tuple[Rows | Dataset, bool]]:
        """The kept rows, then those that each rule took, each with whether they were kept."""
        yield self.rows, True
        for removal in self.ledger.removals:
            yield removal.rows, False

    @cached_property
    def spent(self) -> dict[str, Any]:
        """What the models' answers took in all, whichever build asked for them: totals, and each stage and model.

        The same however often a build was interrupted. Costs are at the prices of now where they are known, else of
        when the answers came; None where neither is.
        """
        parts: list[dict[str, Any]] = []
        for stage, models in self.ledger.spent.items():
            for model, record in (models or {}).items():
                counts = {name: value for name, value in record.items() if name != "usd"}
                price = self.usage.prices.get(model)
                usd = Spent(**counts).usd_at(price) if price else record["usd"]
                parts.append({"stage": stage, "model": model, **counts, "usd": usd})
        unknown = [None] if None in self.ledger.spent.values() else []
        totals = {name: sum(part[name] for part in parts) for name in ("answers", "input_tokens", "output_tokens")}
        return {**totals, "usd": total_usd([*(part["usd"] for part in parts), *unknown]), "by_stage": parts}

    @property
    def usd_per_row(self) -> float | None:
        """What each row that was kept has cost, whichever build paid; None where that is unknown, or none was."""
        usd = self.spent["usd"]
        return None if usd is None or not len(self.rows) else round(usd / len(self.rows), 6)

    @cached_property
    def trainer(self) -> TrainerCheck:
        """What training on the rows will be like. Raises `ReleaseError` where they cannot be written as asked."""
        from hfsft.release.trainer.check import check

        findings = self.measures.findings() if self.measures else None
        return check(self.streamed, self.writer, self.recipe.publish.max_length, findings)

    @cached_property
    def writer(self) -> DatasetWriter:
        """How the kept rows are written. Raises `ReleaseError` where they cannot be written as asked."""
        from hfsft.release.trainer.dataset_writer import DatasetWriter
        from hfsft.release.trainer.tokenizer import load_tokenizer

        if self.measures:
            return self.measures.writer
        publish = self.recipe.publish
        tokenizer = load_tokenizer(publish.tokenizer, base=self.recipe.base) if publish.tokenizer else None
        return DatasetWriter.published(self.streamed, publish, tokenizer)

    @property
    def streamed(self) -> Rows:
        """The kept rows, some at a time."""
        from hfsft.engine.ordering.streamed_rows import streamed

        return streamed(self.rows)

    def summary(self) -> dict[str, Any]:
        """Counts, funnel, usage, columns, and what was found of the rows, as JSON."""
        from hfsft.release.export import published_columns

        funnel = [{**line.as_dict(), "place": _short(line.place)} for line in self.ledger.funnel]
        run = {"funnel": funnel, "usage": self.usage.as_dict(), "seconds": round(self.seconds, 2)}
        if self.stands:
            return {**self.stands.summary, **run}
        return {
            "name": self.recipe.name,
            "built": datetime.now(tz=timezone.utc).date().isoformat(),
            "language": self.recipe.language,
            "license": self.recipe.license,
            "rows_in": self.ledger.rows_in,
            "fates": self.ledger.counts(),
            "sources": [each.as_dict() for each in self.by_source],
            "funnel": run["funnel"],
            "usage": run["usage"],
            "spent": self.spent,
            "usd_per_row": self.usd_per_row,
            "trainer": self.trainer.as_dict(),
            "lengths": self.lengths.as_dict() if self.lengths else None,
            **({"pair_lengths": self.pair_lengths.as_dict()} if self.pair_lengths else {}),
            "columns": [each.as_dict() for each in published_columns(self).values()],
            "bounds": bounds(self.plan),
            "causes": [cause.as_dict() for cause in self.causes],
            "figures": self.figures,
            "figures_before": self.before,
            "notes": self.notes,
            "seconds": run["seconds"],
        }

    @cached_property
    def before(self) -> dict[str, Mapping[str, Any]]:
        """Those of the release before, where they are others: the same build again says the same."""
        return {key: figures for key, figures in self.former.items() if figures != self.figures.get(key)}

    @cached_property
    def figures(self) -> dict[str, Any]:
        """By section the numbers that the next release is compared with."""
        from hfsft.release.build_outcome import figures_of

        return figures_of(self)

    @cached_property
    def lengths(self) -> Lengths | None:
        """How long the kept rows are for a trainer; None where no row was kept."""
        from hfsft.release.trainer.lengths import lengths

        return lengths(self) if len(self.rows) else None

    @cached_property
    def preference(self) -> dict[str, Dataset]:
        """The preference pairs by split; empty where the recipe makes none."""
        from hfsft.release.rows.preference import preference_rows

        return preference_rows(self)

    @cached_property
    def pair_lengths(self) -> PairLengths | None:
        """How long they are for a trainer; None where the recipe names no tokenizer, or there is none."""
        from hfsft.release.rows.pair_lengths import pair_lengths

        if self.writer.tokenizer is None:
            return None
        pairs = (pair for rows in self.preference.values() for pair in rows)
        return pair_lengths(pairs, self.writer.tokenizer, self.recipe.publish.max_length)

    @cached_property
    def unchanged_sources(self) -> dict[tuple[str, int], Opened]:
        """The local sources that are still what the build read, by section and place in it."""
        from hfsft.release.folder.source_files import unchanged

        return unchanged(self)

    @cached_property
    def read_from(self) -> dict[str, ReadFrom]:
        """The rows by the file or dataset they were read from."""
        from hfsft.release.folder.source_files import read_from

        return read_from(self)

    @cached_property
    def by_source(self) -> list[OfSource]:
        """What became of the rows of each source of the recipe."""
        from hfsft.release.by_source import OfSource, by_source

        return [OfSource(**each) for each in self.stands.summary["sources"]] if self.stands else by_source(self)

    @cached_property
    def causes(self) -> list[Cause]:
        """Why rows fell, the most frequent cause first."""
        units = {bound["step"]: bound["unit"] for bound in bounds(self.plan) if bound.get("unit") == "words"}
        return [replace(cause, place=_short(cause.place)) for cause in causes(self.ledger, units)]

    @cached_property
    def notes(self) -> list[str]:
        """What to know of the dataset before training on it, one line each."""
        from hfsft.release.card.notes import notes

        return self.stands.notes if self.stands else notes(self)


def _short(place: str) -> str:
    """A place in the recipe without the folders of this machine."""
    return Path(place).name if Path(place).is_absolute() else place
