"""A thousand rows at ten percent faults of every kind: none is lost, none is wrong, none is paid for twice."""

from __future__ import annotations

from hfsft.models.store.store import Store
from tests.models import every_fault
from tests.models.every_fault import FAULTS, ROWS, EveryFault, fault_of, models, tasks


def test_no_row_is_lost_or_wrong_or_paid_for_twice(make_pool, store: Store) -> None:
    with EveryFault(drip_seconds=600.0) as server:
        pool = make_pool(models(server.url))
        failures = pool.drive("generate", tasks(), total=ROWS, max_failed_share=1)
        assert {fault_of(row) for row in range(ROWS)} == {"", *FAULTS}
        assert every_fault.wrong(pool, failures, server) == []
        sent = len(server.requests)
        again = make_pool(models(server.url))
        again.drive("generate", [task for task in tasks() if task[0] not in failures], total=ROWS, max_failed_share=1)
        assert len(server.requests) == sent, "a second build finds every answer"
    (kept,) = store.read("SELECT count(*) FROM answers WHERE text LIKE '%SECRET%' OR text LIKE '%wrong%'")[0]
    assert kept == 0
