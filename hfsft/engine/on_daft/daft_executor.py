"""The executor over Daft: rows in Parquet parts under the fingerprints of the steps that made them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.cache import at_work
from hfsft.engine.adding import Keeping, SourceRows
from hfsft.engine.executor import Done
from hfsft.engine.on_daft.ask_step import AskingParts
from hfsft.engine.on_daft.beside import PASSED_OVER, added, named_by, parted
from hfsft.engine.on_daft.by_rounds import SPREAD_FROM, by_groups, by_rounds
from hfsft.engine.on_daft.parquet_parts import STAYED, ParquetPart, PartRows, Which
from hfsft.engine.on_daft.part_files import Came, PartFiles
from hfsft.engine.on_daft.queries import OneByOne, Tasks
from hfsft.engine.on_daft.row_wise import Pass, PassTask, passes
from hfsft.engine.on_daft.seen import Seen
from hfsft.engine.on_daft.shuffles import Rounds
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.ordering.merged_rows import MergedRows, RunPiece
from hfsft.engine.ordering.sorted_run import runs_of
from hfsft.engine.outcome import ID
from hfsft.engine.parts.facts import keep_facts, kept_facts
from hfsft.engine.parts.files import Files
from hfsft.engine.parts.grouped import INSTEAD, KINDS, STAYS, Grouped
from hfsft.engine.pieces.source_tasks import in_pieces
from hfsft.engine.processes.hands import Hands
from hfsft.engine.processes.workers import portable, told_as_data
from hfsft.engine.spread.scattered import Spreading, SpreadingBeside
from hfsft.engine.step import Step
from hfsft.errors import InternalError
from hfsft.hashing import digest
from hfsft.rows.batch import Batch, rows_of
from hfsft.without_datasets import caching

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.engine.cluster.askers import Askers
    from hfsft.engine.cluster.connection import Cluster
    from hfsft.engine.executor import DataTask
    from hfsft.engine.lookahead import Route
    from hfsft.engine.plan import Asker


class OnDaft:
    """Works by queries of Daft in this process, or on the nodes of a cluster; there are no forecasts.

    What steps made is kept in `cache`: their rows too, unless there is a `work` folder, which all nodes see.
    """

    def __init__(
        self,
        cache: Path,
        scratch: Path | None = None,
        *,
        work: str | None = None,
        cluster: Cluster | None = None,
        askers: Askers | None = None,
        spread_from: int = SPREAD_FROM,
    ) -> None:
        self._spread_from = spread_from  # so many rows or more are worked on by rounds where they can be
        if scratch is not None:
            raise InternalError("forecasts are made by the executor of one machine")
        self._cache, self._until = cache, ExitStack()
        self._cluster, self._askers = cluster, askers
        self._folder = WorkFolder.of(cache) if work is None else WorkFolder.of(work).within(cache.name)
        self._shared = work is not None

    def __enter__(self) -> OnDaft:
        self._until.enter_context(at_work(self._cache))
        if self._shared:
            self._folder.ready()
            self._until.enter_context(self._folder.at_work(time.time()))
        self._hands = Hands(Tasks() if self._cluster is None else OneByOne(), self._cluster)
        self._until.callback(self._hands.end)
        if self._askers is not None:
            self._until.callback(self._askers.end)
        self._files, self._facts = PartFiles(self._folder), Files(self._cache)
        return self

    def __exit__(self, *raised: object) -> None:
        self._until.close()

    @property
    def shared(self) -> WorkFolder | None:
        """The folder that all nodes of the cluster see, where one works."""
        return None if self._cluster is None else self._folder

    def source(self, step: Step, before: PartRows | None) -> Done[PartRows]:
        """The rows of a source, after those of earlier sources."""
        key = step.fingerprint("")
        came = self._files.came(key)
        cached = came is not None
        if came is None:
            found = in_pieces(step, self._files, self._hands.each)
            if found is None:
                read = SourceRows(step.function())
                found = self._files.cut(read, step.writes), read.told
            parts, told = found
            self._files.keep(key, parts, told)
            came = Came(parts, told)
        rows = PartRows(self._files.folder, tuple(came.parts), step.writes)
        if before is None:
            return Done(rows, cached, told=came.told)
        if rows.kinds != before.kinds:
            raise InternalError(f"step {step.name} brings other columns than the sources before it")
        return Done(before.of((*before.parts, *rows.parts), rows.kinds), cached, told=came.told)

    def lane(self, rows: PartRows, steps: Sequence[Step], beside: PartRows | None) -> Iterator[Done[PartRows]]:
        """What steps make of each row: several of them in one pass over a part."""
        for together in passes(steps, self._told_as_data):
            parts, cached = self._passed(rows, together, beside)
            for place, step in enumerate(together):
                kinds = _kinds(rows.kinds, step)
                if step.bound is not None:
                    out = rows.of(parts, kinds, Which(place, out=True))
                    yield Done(rows.of(parts, kinds, Which(place)), cached, out)
                else:
                    yield Done(rows.of(parts, kinds, Which(place)), cached)
                rows = rows.of(rows.parts, kinds, rows.which)
            rows = rows.of(parts, rows.kinds)

    def ahead(self, rows: PartRows, step: Step) -> None:
        """None: what it makes is kept with that of all steps which go over the rows in one pass."""

    def _passed(
        self, rows: PartRows, steps: tuple[Step, ...], beside: PartRows | None
    ) -> tuple[list[ParquetPart], bool]:
        """The parts of rows behind a pass, and whether all were there."""
        mark = _mark(beside)
        key = digest([rows.key, [step.fingerprint(mark) for step in steps]])
        if (came := self._files.came(key)) is not None:
            return list(came.parts), True
        more = _batch(beside)
        wanted = [Pass(rows.folder, part, rows.which, rows.kinds, steps, more, mark) for part in rows.parts]
        parts = [each.known(self._files) for each in wanted]
        missing = [number for number, part in enumerate(parts) if part is None]
        elsewhere = not more and all(step.bound is not None or self._told_as_data(step) for step in steps)
        tasks = [PassTask(wanted[each], caching()) for each in missing]
        for number, came in zip(missing, self._hands.each(tasks, elsewhere=elsewhere), strict=True):
            parts[number] = ParquetPart.from_dict(came)
        found = [part for part in parts if part is not None]
        self._files.keep(key, found)
        return found, not missing

    def _told_as_data(self, step: Step) -> bool:
        return told_as_data(step) if self._cluster is None else portable(step, models=True)

    def all(self, rows: PartRows, step: Step, beside: PartRows | None) -> Done[PartRows]:
        """What a step makes of all rows at once; only the columns that it is given are read."""
        names, key = step.given(rows.column_names), digest([rows.key, step.fingerprint(_mark(beside))])
        if (came := self._files.came(key)) is not None:
            return Done(self._behind(rows, step, came.parts), True)
        function = step.function
        if isinstance(function, (Spreading, SpreadingBeside)) and len(rows) >= self._spread_from:
            parts = by_rounds(step, function, rows, Rounds(self._files.folder, key, self._cluster), beside)
        elif step.makes:

            def new() -> Iterator[dict[str, Any]]:
                yield from rows_of(step.function({name: rows[name] for name in names}, *_batch(beside)))

            parts = self._files.cut(new(), step.writes)
        else:
            no: Batch = {name: [] for name in step.writes}
            made = self._made_of_all(rows, step, key, names, _batch(beside)) if len(rows) else no
            name = named_by(rows, made, step.writes)
            parts = added(rows, name, made, step.writes, again=self._files.again)
        self._files.keep(key, parts)
        return Done(self._behind(rows, step, parts), not len(rows) and not step.makes)

    def _behind(self, rows: PartRows, step: Step, parts: Sequence[ParquetPart]) -> PartRows:
        """The rows behind a step that sees all, or those of the side table that it makes."""
        if step.makes:
            return PartRows(self._files.folder, tuple(parts), step.writes)
        return rows.of(parts, _kinds(rows.kinds, step))

    def _made_of_all(self, rows: PartRows, step: Step, key: str, names: list[str], more: tuple[Batch, ...]) -> Batch:
        function = step.function
        if not isinstance(function, Keeping) or more:
            made: Batch = function({name: rows[name] for name in names}, *more)
            return made
        facts = kept_facts(function.keeps, self._facts)
        made, new = function.over(Seen(rows, names), facts)
        if new is not None:
            keep_facts(function.keeps, key, new, facts, self._facts)
        return made

    def group(self, rows: PartRows, step: Step, beside: PartRows | None) -> Done[PartRows]:
        """What a step makes of the rows of each group."""
        key = digest([rows.key, step.fingerprint(_mark(beside))])
        came = self._files.came(key)
        if came is None and beside is None and portable(step) and len(rows) >= self._spread_from:
            parts = by_groups(step, rows, Rounds(self._files.folder, key, self._cluster))
            self._files.keep(key, parts)
        elif came is None:
            made: Batch = {name: [] for name in (*step.writes, *KINDS)}
            if len(rows):
                names = step.given(rows.column_names, ID)
                made = Grouped(step, *_batch(beside))({name: rows[name] for name in names})
            stay = made.pop(STAYS)
            out = [STAYED if each else PASSED_OVER for each in stay]
            writes = {**step.writes, INSTEAD: KINDS[INSTEAD]}
            name = named_by(rows, made, writes, out)
            parts = added(rows, name, made, writes, out, again=self._files.again)
            self._files.keep(key, parts)
        else:
            parts = list(came.parts)
        cached = came is not None or not len(rows)
        return parted(rows.of(parts, rows.kinds), step, cached)

    def ask(self, rows: PartRows, step: Step, asker: Asker, route: Route | None) -> Done[PartRows]:
        """What a step makes of the answers of models, which are asked by this process."""
        return AskingParts(step, rows, asker, route, self._files, self._facts, self._askers).done()

    def dataset(self, rows: PartRows) -> Dataset:
        """The rows as a dataset in memory."""
        return rows.dataset()

    def in_order(self, rows: PartRows, by: Sequence[str]) -> MergedRows:
        """The rows in the order of columns of text: some parts at a time are sorted into a file."""
        runs = list(runs_of(rows, by))
        done = self.each(runs)
        pieces = tuple(RunPiece(each["file"], 0, each["rows"]) for each in done)
        return MergedRows(rows.folder, pieces, dict(rows.kinds), tuple(by))

    def each(self, tasks: Sequence[DataTask]) -> list[Any]:
        """What tasks come to, in their order: done by nodes of the cluster, or of many rows by other processes."""
        return self._hands.each(tasks)


def _kinds(kinds: Mapping[str, Any], step: Step) -> dict[str, Any]:
    """The columns behind a step."""
    return {name: kind for name, kind in {**kinds, **step.writes}.items() if name not in step.drops}


def _batch(beside: PartRows | None) -> tuple[Batch, ...]:
    return () if beside is None else ({name: beside[name] for name in beside.kinds},)


def _mark(beside: PartRows | None) -> str:
    """A hash of all that a side table says."""
    return "" if beside is None else beside.key
