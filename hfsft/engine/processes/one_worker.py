"""A process that does the work of steps over batches of rows: what it is given on its input, it answers on its output.

A message is its length in 8 bytes, then as many bytes: a pickled `WorkerTask`, or what became of it. It ends where its
input does, as when the process that began it is gone, and leaves Ctrl-C to that one.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import sys
from contextlib import redirect_stdout
from typing import IO, TYPE_CHECKING, NamedTuple

from hfsft.rows.features import values_of

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.step import Step

LENGTH = struct.Struct("<Q")


class WorkerTask(NamedTuple):
    """Some rows for a step, which are an Arrow stream, as what it makes of them is to be."""

    step: bytes  # pickled; the same bytes for all batches
    schema: bytes  # of what it makes
    rows: bytes


def send(stream: IO[bytes], message: bytes) -> None:
    """Write one message."""
    stream.write(LENGTH.pack(len(message)))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read one message; None at the end."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    message = stream.read(length)
    return message if len(message) == length else None


def streamed(table: pa.Table) -> bytes:
    """A table as an Arrow stream."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    made: bytes = sink.getvalue().to_pybytes()
    return made


def table_of(stream: bytes) -> pa.Table:
    """The table of an Arrow stream."""
    import pyarrow as pa

    return pa.ipc.open_stream(stream).read_all()


def done(step: Step, task: WorkerTask) -> bytes:
    """What a step makes of some rows."""
    import pyarrow as pa

    given, schema = table_of(task.rows), pa.ipc.read_schema(pa.py_buffer(task.schema))
    made = step.function({name: values_of(given[name]) for name in given.column_names})
    return streamed(pa.table([pa.array(made[field.name], field.type) for field in schema], schema=schema))


def main() -> None:
    """Answer until nothing more comes. An empty answer says that the work failed: whoever asked does it itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    steps: dict[bytes, Step] = {}
    with redirect_stdout(sys.stderr):
        while (message := receive(sys.stdin.buffer)) is not None:
            try:
                task = pickle.loads(message)  # noqa: S301, by the process that began this one
                if task.step not in steps:
                    steps = {task.step: pickle.loads(task.step)}  # noqa: S301
                answer = done(steps[task.step], task)
            except Exception:
                answer = b""
            try:
                send(answers, answer)
            except OSError:  # nobody listens any more
                return


if __name__ == "__main__":
    main()
