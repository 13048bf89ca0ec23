"""What the end of a build needs and hangs on no row: had ready while models answer, and nothing else is to be done."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hfsft.recipe.recipe import Recipe

# One after the other as they need each other, so that none takes long.
MODULES = (
    "numpy",
    "pyarrow",
    "pyarrow.compute",
    "pyarrow.parquet",
    "hfsft.engine.why",
    "hfsft.engine.ordering.text_columns",
    "hfsft.engine.run",
    "hfsft.agreement.calibration",
    "hfsft.release.export",
    "hfsft.release.unchanged",
    "hfsft.release.card.notes",
    "hfsft.release.folder.process_lock",
    "hfsft.release.card.card",
    "hfsft.release.folder.write",
    "hfsft.release.rows.kept_rows",
    "hfsft.release.rows.pair_lengths",
    "hfsft.release.rows.preference",
    "hfsft.release.rows.release_measures",
    "hfsft.release.shards.shared_shards",
    "hfsft.release.trainer.lengths",
    "hfsft.tallies.distributions",
)


def preparations(recipe: Recipe) -> Iterator[None]:
    """Does one part of it after the other: whoever runs through them may let others have their turn in between."""
    from hfsft.release.report import vega

    vega.prepare()  # by another process, which takes longest
    for name in (*MODULES, *(name for stage in recipe.stages().values() for name in stage.reports)):
        yield
        import_module(name)
    import pyarrow as pa

    yield
    pa.array([None])  # with its first array it looks for pandas, which takes a quarter of a second to import
    from hfsft.release import unchanged
    from hfsft.release.folder import write

    yield from write.preparations()
    yield
    unchanged.prepare()
