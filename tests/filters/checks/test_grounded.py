"""grounded: how much of an answer stands in its documents, in any script; what is not measured stays."""

from __future__ import annotations

from typing import Any

import pytest
from datasets import Dataset

from hfsft.filters import Grounded

HOURS = "The clinic is open from Monday to Friday, 8:00 to 18:00. Invoices are sent after 4 weeks."


def measured(response: str | None, context: str | None = HOURS, **more: Any) -> float | None:
    row = {"instruction": "When does the clinic open?", "response": response, "context": context, **more}
    (found,) = Grounded().measure({name: [value] for name, value in row.items()})["grounding"]
    assert found is None or isinstance(found, float)
    return found


@pytest.mark.parametrize(
    ("response", "low", "high"),
    [
        ("The clinic opens on Monday at 8:00.", 0.75, 1.0),
        ("Invoices were sent after 4 weeks.", 0.8, 1.0),
        ("The clinic opens on Sunday at 11:30.", 0.2, 0.5),
        ("Purple elephants juggle bananas.", 0.0, 0.0),
        ("It opens at 9.", 0.5, 0.5),
    ],
)
def test_the_share_of_an_answer_that_its_documents_hold(response: str, low: float, high: float) -> None:
    found = measured(response)
    assert found is not None
    assert low <= found <= high


@pytest.mark.parametrize(
    ("context", "held", "other"),
    [
        ("诊所周一至周五上午八点开门。", "诊所八点开门。", "商店周末不营业。"),
        ("คลินิกเปิดวันจันทร์ถึงวันศุกร์", "คลินิกเปิดวันจันทร์", "ร้านอาหารปิดปรับปรุง"),
        ("Клиника открыта с понедельника по пятницу.", "Клиника открыта в пятницу.", "Магазин закрыт летом."),
    ],
    ids=["zh", "th", "ru"],
)
def test_it_counts_in_any_script(context: str, held: str, other: str) -> None:
    good, bad = measured(held, context), measured(other, context)
    assert good is not None
    assert bad is not None
    assert good >= 0.6 > 0.4 >= bad


@pytest.mark.parametrize(
    "row",
    [
        {"response": None},
        {"response": "  "},
        {"response": "Bananas.", "context": None},
        {"response": "The documents do not say.", "unanswerable": True},
    ],
    ids=str,
)
def test_what_rests_on_nothing_is_not_measured_and_stays(row: dict[str, Any]) -> None:
    assert measured(**row) is None
    first = {"instruction": "When?", "context": HOURS, **row}
    rows = Dataset.from_list([first, {"response": "Bananas.", "context": HOURS}])
    kept, rejected = Grounded(at_least=0.6).apply(rows)
    assert (len(kept), len(rejected)) == (1, 1)


def test_documents_that_the_writer_alone_saw_count_too() -> None:
    assert measured("The clinic opens on Monday.", None, evidence=HOURS) == 1.0
