"""A batch that nobody waits for any longer, such as one whose server cannot be asked again."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from filelock import Timeout

from hfsft.errors import UserError
from hfsft.models.batches import collection, state
from hfsft.models.store.store import transaction

if TYPE_CHECKING:
    from hfsft.models.batches.state import OpenBatch
    from hfsft.models.store.store import Store


def forget(store: Store, which: str) -> OpenBatch:
    """Forget a batch, named as its server does or as we do: its requests may be submitted again, and paid for again.

    What was set aside for it in the spending of the dataset stays, for it may be billed. Raises UserError where there
    is none of that name, or a build looks after it.
    """
    found = [batch for batch in state.open_batches(store) if which in (batch.batch, batch.name)]
    if not found:
        raise UserError(f"no batch {which} is under way (`hfsft store batches` lists those that are)")
    (batch,) = found[:1]
    try:
        lock = collection.take(store, batch.name)
    except Timeout:
        raise UserError(f"batch {which}: a build looks after it now; end that first") from None
    try:
        with closing(store.connect()) as connection, transaction(connection):
            state.drop(connection, batch.name)
    finally:
        lock.release()
    collection.clean(store, batch.name)
    return batch
