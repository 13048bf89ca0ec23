"""Scattered rows over Daft: queries of which Daft moves the rows, in this process or between the machines of a cluster.

Work is done by functions within the queries, each over many rows at once: of a group Daft makes lists, and a function
is given many of these. A round is a query whose rows are written to the work folder, beside a note that lists the files
which the query returned: what else lies there, as of a machine that was lost, is of nobody.
"""

from __future__ import annotations

import base64
import errno
import json
import pickle
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hfsft.cache import PART, PARTS
from hfsft.engine.on_daft.queries import daft_module
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.resources import Resource, Work, path_of
from hfsft.engine.spread.in_memory import checked, joined_kinds, told_kind, whole_groups
from hfsft.errors import HfsftError, UserError
from hfsft.hashing import digest
from hfsft.rows.features import arrow_schema
from hfsft.storage.storage_faults import told
from hfsft.without_datasets import caching

if TYPE_CHECKING:
    from hfsft.engine.cluster.connection import Cluster
    from hfsft.engine.spread.scattered import Does, Scattered, Told

T = TypeVar("T")
Frame = Any
"""A query of Daft."""
ROWS, COUNT, PLACE, TEXT = "hfsft:rows", "hfsft:count", "hfsft:place", "hfsft:text of "  # columns within a query
AT_ONCE = 16_000  # rows that work is given at a time, or the groups that have so many
MOST_TASKS = 4000  # in which parts are read; more of them only keep whoever hands them out busy
TRIES = 3  # times that a query is asked of a cluster, which may lose a machine meanwhile
FULL = "No space left on device", "os error 28", "OutOfDiskError", "Disk quota exceeded"  # as errors say it
RAISED = re.compile(r"<<hfsft ([A-Za-z0-9+/=]+)>>")  # an error as text: Daft makes another one of it


@dataclass(frozen=True)
class Rounds:
    """Where a step keeps its rounds, the `key` of all that they depend on, and the cluster that works on them."""

    folder: WorkFolder
    key: str
    cluster: Cluster | None = None

    def known(self, name: str) -> tuple[list[str], int] | None:
        """The files of a round that is done, and how many rows they have."""
        note = self._note(name)
        try:
            found = json.loads(self.folder.text(note) or "") if caching() else {}
            files, count = found["files"], found["rows"]
        except (ValueError, TypeError, LookupError):
            return None
        if not self.folder.whole(*files):
            return None
        self.folder.used([*files, note])
        return files, count

    def keep(self, name: str, files: Sequence[str], count: int) -> None:
        """Note that a round is done."""
        note = self._note(name)
        self.folder.put(note, json.dumps({"parts": [], "told": None, "files": list(files), "rows": count}))
        self.folder.used([*files, note])

    def _note(self, name: str) -> str:
        return digest([self.key, name]) + PARTS

    def asked(self, ask: Callable[[], T]) -> T:
        """What a query comes to. Raises what work raised, and `UserError` where a disk is full.

        Of a cluster a query that ends otherwise, as one that lost a machine, is asked again as soon as there are
        machines that work. Raises `UserError` where there will be none, or it ended so too often.
        """
        for left in reversed(range(1 if self.cluster is None else TRIES)):
            try:
                return ask()
            except Exception as error:  # noqa: PERF203, a query takes seconds
                if (raised := _raised(error)) is not None:
                    raise raised from None
                full = next((line for line in str(error).splitlines() if any(word in line for word in FULL)), None)
                if full is not None:
                    raise UserError(f"{self.folder.place}: {told(OSError(errno.ENOSPC, full))}") from error
                if self.cluster is None:
                    raise
                self.cluster.wait()
                if not left:
                    raise UserError(self.cluster.lost(f"{TRIES} times a query", error)) from error
        raise AssertionError("a query is asked once at least")


@dataclass(frozen=True)
class Shuffled:
    """The rows of a query; `frame` makes it for some of the columns, so that no others are read."""

    frame: Callable[[Sequence[str]], Frame]
    kinds: Mapping[str, Any]
    rounds: Rounds
    rows: int | None = None

    @property
    def _all(self) -> Frame:
        return self.frame(list(self.kinds))

    def _of(self, frame: Frame, kinds: Mapping[str, Any], rows: int | None = None) -> Shuffled:
        return Shuffled(lambda names: frame.select(*names), dict(kinds), self.rounds, rows)

    def only(self, columns: Sequence[str] | Mapping[str, str]) -> Shuffled:
        """These columns alone, or others by new names."""
        names = dict(columns if isinstance(columns, Mapping) else zip(columns, columns, strict=True))
        col = daft_module().col

        def frame(wanted: Sequence[str]) -> Frame:
            known = self.frame(list(dict.fromkeys(names[name] for name in wanted)))
            return known.select(*(col(names[name]).alias(name) for name in wanted))

        return Shuffled(frame, {new: self.kinds[name] for new, name in names.items()}, self.rounds, self.rows)

    def through(self, work: Work, writes: Mapping[str, Any], needs: Sequence[Resource] = ()) -> Shuffled:
        """What work makes of the rows."""
        # Daft would give it 131,072 rows in one go, and keep what comes of them several times over on the way.
        job = _Job(work, tuple(needs), self.kinds, writes)
        return self._of(_worked(self._all, list(self.kinds), job, AT_ONCE), writes)

    def grouped(
        self, by: Sequence[str], work: Work, writes: Mapping[str, Any], needs: Sequence[Resource] = ()
    ) -> Shuffled:
        """What work makes of groups, of which Daft makes lists."""
        col, rest = daft_module().col, [name for name in self.kinds if name not in by]
        lists = [col(name).list_agg().alias(name) for name in rest]
        groups = self._all.groupby(*by).agg(*lists, col(by[0]).count("all").alias(COUNT))
        job = _Job(work, tuple(needs), self.kinds, writes, tuple(by))
        return self._of(_worked(groups, [*by, *rest, COUNT], job), writes)

    def told(self, by: Sequence[str], tells: Mapping[str, tuple[Told, str]]) -> Shuffled:
        """What groups say, which Daft knows without any function."""
        daft = daft_module()
        kinds = {name: self.kinds[name] for name in by}
        kinds |= {new: told_kind(how, self.kinds[name]) for new, (how, name) in tells.items()}
        made = []
        for new, (how, name) in tells.items():
            column = daft.col(name)
            value = column.count("all") if how == "count" else getattr(column, how)()
            made.append(value.alias(new))
        frame = self._all.groupby(*by).agg(*made)
        types = {new: daft.DataType.from_arrow_type(stored(kinds)[new]) for new in tells}
        casts = [daft.col(name).cast(kind) for name, kind in types.items()]
        return self._of(frame.select(*by, *casts), kinds)

    def joined(self, other: Scattered, on: Sequence[str], how: Literal["inner", "left"] = "inner") -> Shuffled:
        """Rows side by side. Bytes are joined as texts: Daft 0.7 gives wrong rows for bytes, or never ends."""
        assert isinstance(other, Shuffled), "rows that lie elsewhere are given to `of` first"
        kinds = joined_kinds(self.kinds, other.kinds, on)
        left, right, keys = self._all, other._all, []
        for name in on:
            if self.kinds[name] == "binary":
                keys.append(TEXT + name)
                left, right = (frame.with_column(TEXT + name, _as_text(name)) for frame in (left, right))
                right = right.exclude(name)
            else:
                keys.append(name)
        return self._of(left.join(right, on=keys, how=how).select(*kinds), kinds)

    def also(self, other: Scattered) -> Shuffled:
        """The rows of both."""
        assert isinstance(other, Shuffled), "rows that lie elsewhere are given to `of` first"
        return self._of(self._all.concat(other.frame(list(self.kinds))), self.kinds)

    def distinct(self) -> Shuffled:
        """One of each."""
        return self._of(self._all.distinct(), self.kinds)

    def kept(self, name: str) -> Shuffled:
        """The same rows, from files."""
        rounds = self.rounds
        known = rounds.known(name)
        if known is None:
            known = rounds.asked(self._written)
            rounds.keep(name, *known)
        files, count = known
        if not count:
            nothing = pa.Table.from_batches([], schema=arrow_schema(self.kinds))
            return self.of(nothing, self.kinds)
        frame = daft_module().read_parquet([rounds.folder.url(file) for file in files])
        return self._of(frame, self.kinds, count)

    def _written(self) -> tuple[list[str], int]:
        paths = self._all.write_parquet(self.rounds.folder.url(""), compression="zstd").to_pydict()["path"]
        files = [PurePosixPath(path).name for path in paths]
        found = {}
        for file in files:
            with self.rounds.folder.parquet(file) as opened:
                found[file] = opened.metadata.num_rows
        return [file for file, count in found.items() if count], sum(found.values())

    def count(self) -> int:
        """How many rows there are."""
        return self.rounds.asked(lambda: int(self._all.count_rows())) if self.rows is None else self.rows

    def collected(self) -> pa.Table:
        """All rows."""
        found = self.rounds.asked(self._all.to_arrow)
        return found.select(list(self.kinds)).cast(_plain(self.kinds)).cast(arrow_schema(self.kinds))

    def of(self, table: pa.Table, kinds: Mapping[str, Any]) -> Shuffled:
        """Rows of this process, where Daft has them."""
        plain = table.select(list(kinds)).cast(arrow_schema(kinds)).cast(_plain(kinds))
        return self._of(daft_module().from_arrow(plain), kinds, table.num_rows)

    def shared(self, name: str, table: pa.Table) -> Resource:
        """A table that whoever needs it reads from a file in the folder."""
        folder, file = self.rounds.folder, digest([self.rounds.key, "shared", name]) + PART
        if not (caching() and folder.whole(file)):  # else a build before wrote it
            with folder.told(), folder.writing(file) as sink:
                pq.write_table(table, sink, compression="zstd")
        folder.used([file])
        told = {"place": folder.place, "settings": dict(folder.settings), "file": file}
        return Resource("table", Work(path_of(SharedTable), told), file)


class SharedTable:
    """A table that work needs, as a resource: a file in a work folder."""

    def __init__(self, place: str, settings: Mapping[str, str], file: str) -> None:
        self._folder, self._file = WorkFolder(place, tuple(sorted(settings.items()))), file

    def identity(self) -> str:
        """The name of the file, which says all that the table depends on."""
        return self._file

    def load(self) -> pa.Table:
        """The table."""
        with self._folder.parquet(self._file) as opened:
            return opened.read()


def read_from(
    table: pa.Table, work: Callable[[Sequence[str]], Work], kinds: Mapping[str, Any], rounds: Rounds
) -> Shuffled:
    """The rows that work reads, which is given each row of a table for itself, and for some of the columns.

    There is one task for each row, so that the rows of one are read beside those of others.
    """
    given = {field.name: str(field.type) for field in table.schema}
    lie = Shuffled(lambda _: None, {}, rounds).of(table, given)

    def frame(names: Sequence[str]) -> Frame:
        tasks = lie.frame(list(given))
        if daft_module().get_or_infer_runner_type() == "ray":  # in one process Daft has no partitions
            tasks = tasks.into_partitions(max(1, min(table.num_rows, MOST_TASKS)))
        return _worked(tasks, list(given), _Job(work(names), (), given, {name: kinds[name] for name in names}), 1)

    return Shuffled(frame, dict(kinds), rounds)


@dataclass(frozen=True)
class _Job:
    """Work as a function within a query: lists of rows come of rows, or of lists of the rows of groups."""

    work: Work
    needs: tuple[Resource, ...]
    kinds: Mapping[str, Any]
    writes: Mapping[str, Any]
    by: tuple[str, ...] = ()

    def rows(self, columns: Mapping[str, pa.Array]) -> pa.Table:
        """The rows that a query gives."""
        if self.by:
            counts = columns[COUNT].to_numpy().astype(np.int64)
            numbers = pa.array(np.repeat(np.arange(len(counts)), counts))
            columns = {
                name: columns[name].take(numbers) if name in self.by else columns[name].flatten() for name in self.kinds
            }
        plain = _plain(self.kinds)
        found = [columns[name].cast(plain.field(name).type) for name in self.kinds]
        return pa.table(found, schema=plain).cast(arrow_schema(self.kinds))

    def made(self, rows: pa.Table, does: Does) -> pa.Table:
        """What comes of them, some at a time."""
        schema = arrow_schema(self.writes)
        if self.by:
            cuts = whole_groups(rows, self.by, AT_ONCE)
        else:
            cuts = (rows.slice(start, AT_ONCE) for start in range(0, rows.num_rows, AT_ONCE))
        found = [checked(does(some), schema) for some in cuts]
        return pa.concat_tables([pa.Table.from_batches([], schema=schema), *found])


def _worked(frame: Frame, given: Sequence[str], job: _Job, at_once: int | None = None) -> Frame:
    """The query of what a job makes of another query, of so many of its rows at a time."""
    daft = daft_module()
    pickled, names = pickle.dumps(job), list(given)

    def does(*columns: Any) -> Any:
        return _done(pickled, dict(zip(names, (_array(column) for column in columns), strict=True)))

    struct = daft.DataType.struct({n: daft.DataType.from_arrow_type(kind) for n, kind in stored(job.writes).items()})
    made = daft.func.batch(return_dtype=daft.DataType.list(struct), batch_size=at_once)(does)
    rows = frame.select(made(*(daft.col(name) for name in names)).alias(ROWS)).explode(ROWS)
    return rows.where(daft.col(ROWS).not_null()).select(daft.col(ROWS).unnest())


_ALONE = Lock()  # what a work holds need not bear two threads at once


def _done(pickled: bytes, columns: Mapping[str, pa.Array]) -> pa.Array:
    """The rows that come of some rows, as many lists of them as there are rows."""
    with _ALONE:
        try:
            job, does = _opened(pickled)
            made = job.made(job.rows(columns), does)
        except Exception as error:
            raise RuntimeError(_as_message(error)) from error
    count = len(next(iter(columns.values())))
    ends = np.arange(count + 1) * made.num_rows // max(count, 1)
    plain = _plain(job.writes)
    arrays = [column.combine_chunks() for column in made.cast(plain).columns]
    struct = pa.StructArray.from_arrays(arrays, fields=list(plain))
    return pa.LargeListArray.from_arrays(pa.array(ends, pa.int64()), struct)


@lru_cache(maxsize=4)
def _opened(pickled: bytes) -> tuple[_Job, Does]:
    job: _Job = pickle.loads(pickled)  # noqa: S301, of the process that asks
    return job, job.work.made(*job.needs)


def _as_message(error: Exception) -> str:
    told = base64.b64encode(pickle.dumps(error)).decode() if isinstance(error, HfsftError) else ""
    return f"{error} <<hfsft {told}>>" if told else f"{type(error).__name__}: {error}"


def _raised(error: BaseException | None) -> Exception | None:
    """The error of this package that a work raised, which stands in what Daft says."""
    while error is not None:
        if (found := RAISED.search(str(error))) is not None:
            raised: Exception = pickle.loads(base64.b64decode(found[1]))  # noqa: S301, of a process that this one asked
            return raised
        error = error.__cause__ or error.__context__
    return None


def _as_text(name: str) -> Any:
    daft = daft_module()
    return daft.functions.encode(daft.col(name), "base64").cast(daft.DataType.string())


def _array(column: Any) -> pa.Array:
    found = column.to_arrow()
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _plain(kinds: Mapping[str, Any]) -> pa.Schema:
    return pa.schema([pa.field(name, kind) for name, kind in stored(kinds).items()])


def stored(kinds: Mapping[str, Any]) -> dict[str, pa.DataType]:
    """The types of columns as a query has them: nothing that only Arrow knows."""
    return {field.name: _plain_type(field.type) for field in arrow_schema(kinds)}


def _plain_type(kind: Any) -> Any:
    if isinstance(kind, pa.BaseExtensionType):
        return kind.storage_type
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(each.name, _plain_type(each.type)) for each in kind])
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        return pa.list_(_plain_type(kind.value_type))
    return kind
