"""The rows by chance that a selection is compared with, as a trainer reads them: a configuration of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hfsft.rows.columns import SIDES
from hfsft.stages.selecting.twin import BOTH, CHOSEN, ONLY
from hfsft.without_datasets import quiet

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.engine.executor import Rows
    from hfsft.engine.ledger import Ledger
    from hfsft.release.result import Built


def random_rows(built: Built) -> dict[str, Dataset]:
    """By split the rows that were drawn by chance, in the order of their ids; empty where the recipe draws none."""
    if CHOSEN not in built.rows.column_names:
        return {}
    from datasets import concatenate_datasets

    from hfsft.engine.ordering.streamed_rows import as_dataset
    from hfsft.engine.parts.rows import picked
    from hfsft.release.trainer.dataset_writer import DatasetWriter

    both = [place for place, how in enumerate(built.column(CHOSEN)) if how == BOTH]
    tables = [as_dataset(built.rows.select(both)), *map(as_dataset, random_only(built.ledger))]
    names = [name for name in built.rows.column_names if all(name in each.column_names for each in tables)]
    with quiet():
        rows = concatenate_datasets(
            [each.select_columns(names).cast(tables[0].select_columns(names).features) for each in tables]
        )
    if not len(rows):
        return {}
    writer = DatasetWriter.published(rows, built.recipe.publish, built.writer.tokenizer)
    ids, sides = rows["id"][:], rows["split"][:]
    found: dict[str, Dataset] = {}
    for side in SIDES:
        wanted = sorted((ids[place], place) for place, each in enumerate(sides) if each == side)
        if wanted:
            found[side] = writer.rows(picked(rows, [place for _, place in wanted]))
    return found


def random_only(ledger: Ledger) -> list[Rows | Dataset]:
    """The rows that chance alone has chosen."""
    return [each.rows for each in ledger.removals if each.stage == ONLY and len(each.rows)]
