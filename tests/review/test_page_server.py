"""The server of a review: rows one by one, verdicts that are answered once they are kept, and errors in words."""

from __future__ import annotations

import io
import json
import threading
import time
from typing import Any

import pytest

from hfsft.errors import UserError
from hfsft.review.page_server import MOST_BYTES
from hfsft.review.reviewing import VerdictFields
from tests.release.toy import agent
from tests.review.asking import ask, ask_all
from tests.review.memory import MemoryReviewing, a_row
from tests.review.serving import Serving

ROWS = [a_row(number) for number in range(4)]
IDS = [row["id"] for row in ROWS]


def accept(reviewing: MemoryReviewing, place: int, **more: Any) -> dict[str, Any]:
    entry = reviewing.queue()[place]
    return {"id": entry["id"], "content": entry["content"], "verdict": "accept", **more}


def test_the_queue_is_told_with_where_to_start() -> None:
    reviewing = MemoryReviewing(ROWS)
    with Serving(reviewing) as served:
        ask(served.url, "verdict", accept(reviewing, 0))
        told = ask(served.url, "queue").json
    assert [row["id"] for row in told["rows"]] == IDS
    assert [row["verdict"] and row["verdict"]["verdict"] for row in told["rows"]] == ["accept", None, None, None]
    assert told["start"] == IDS[1]
    assert (told["progress"]["done"], told["progress"]["of"]) == (1, 4)


def test_a_verdict_is_answered_with_the_next_row() -> None:
    reviewing = MemoryReviewing(ROWS)
    said = {"scores": {"relevance": 4}, "note": " good \n", "seconds": 3.26}
    with Serving(reviewing) as served:
        told = ask(served.url, "verdict", accept(reviewing, 1, **said)).json
    kept: VerdictFields = {"verdict": "accept", "scores": {"relevance": 4}, "note": "good", "seconds": 3.3}
    assert reviewing.kept == [(IDS[1], reviewing.queue()[1]["content"], kept)]
    assert told["next"] == IDS[2]
    assert told["progress"]["accepted"] == 1
    assert told["verdict"] == kept


def test_it_is_answered_only_when_it_is_kept() -> None:
    written = threading.Event()

    class Slow(MemoryReviewing):
        def keep(self, id: str, content: str, fields: VerdictFields) -> None:
            time.sleep(0.05)
            super().keep(id, content, fields)
            written.set()

    reviewing = Slow(ROWS)
    with Serving(reviewing) as served:
        assert ask(served.url, "verdict", accept(reviewing, 0)).status == 200
        assert written.is_set()


def test_a_server_that_ends_keeps_what_it_is_keeping() -> None:
    begun = threading.Event()

    class Slow(MemoryReviewing):
        def keep(self, id: str, content: str, fields: VerdictFields) -> None:
            begun.set()
            time.sleep(0.1)
            super().keep(id, content, fields)

    reviewing = Slow(ROWS)
    with Serving(reviewing) as served:
        sending = threading.Thread(target=ask, args=(served.url, "verdict", accept(reviewing, 0)))
        sending.start()
        assert begun.wait(60)
        served.end()
        sending.join(60)
    assert len(reviewing.kept) == 1


def test_many_at_once_are_kept_one_by_one() -> None:
    reviewing = MemoryReviewing([a_row(number) for number in range(30)])
    with Serving(reviewing) as served:
        got = ask_all(served.url, [("verdict", accept(reviewing, place)) for place in range(30)])
    assert {each.status for each in got} == {200}
    assert len({row for row, _, _ in reviewing.kept}) == 30


def test_no_score_of_the_judge_is_told_with_a_row() -> None:
    rows = [a_row(1, score_usefulness=2.2517, reason_usefulness="SAID BY THE JUDGE")]
    reviewing = MemoryReviewing(rows)
    with Serving(reviewing) as served:
        row, queue, page = (ask(served.url, path).text for path in (f"row/{IDS[1]}", "queue", ""))
        told = ask(served.url, f"scores/{IDS[1]}").json["scores"]
    for text in (row, queue, page):
        assert "2.2517" not in text
        assert "SAID BY THE JUDGE" not in text
    assert {"name": "usefulness", "value": 2.2517, "reason": "SAID BY THE JUDGE"} in told


def test_a_verdict_says_that_the_scores_were_seen_before() -> None:
    reviewing = MemoryReviewing(ROWS)
    with Serving(reviewing) as served:
        ask(served.url, f"scores/{IDS[0]}")
        ask(served.url, "verdict", accept(reviewing, 0))
        ask(served.url, "verdict", accept(reviewing, 1))
        ask(served.url, f"scores/{IDS[1]}")
        ask(served.url, "verdict", accept(reviewing, 1))
    assert [fields and fields.get("saw_scores") for _, _, fields in reviewing.kept] == [True, None, None]


def test_what_is_taken_back_comes_back_with_all_that_was_said() -> None:
    reviewing = MemoryReviewing(ROWS)
    with Serving(reviewing) as served:
        ask(served.url, "verdict", accept(reviewing, 0, note="mine", edit={"response": "Another."}))
        told = ask(served.url, "undo", {}).json
        again = ask(served.url, "undo", {}).json
    assert told["id"] == IDS[0]
    assert told["taken"] == {"verdict": "accept", "note": "mine", "edit": {"response": "Another."}}
    assert told["progress"]["done"] == 0
    assert again["id"] is None


def test_an_edit_of_a_turn_is_kept_as_all_turns() -> None:
    reviewing = MemoryReviewing([a_row(1, **agent("Where is my money?", "It is on its way."))])
    with Serving(reviewing) as served:
        texts = ask(served.url, f"row/{IDS[1]}").json["editable"]
        told = ask(served.url, "verdict", accept(reviewing, 0, edit={"assistant, turn 4": "It was late."}))
        again = ask(served.url, f"row/{IDS[1]}").json
    assert told.status == 200
    assert "assistant reasoning, turn 2" in texts
    fields = reviewing.kept[0][2]
    assert fields is not None
    assert [turn["content"] for turn in fields["edit"]["messages"]][3] == "It was late."
    assert again["verdict"]["edit"] == {"assistant, turn 4": "It was late."}
    assert "row_texts" not in again


def test_an_edit_that_leaves_no_row_is_refused() -> None:
    reviewing = MemoryReviewing(ROWS)
    with Serving(reviewing) as served:
        got = ask(served.url, "verdict", accept(reviewing, 0, edit={"response": " "}))
    assert (got.status, reviewing.kept) == (400, [])
    assert "response says nothing" in got.json["error"]


def test_a_row_whose_text_changed_is_told() -> None:
    reviewing = MemoryReviewing([a_row(0, context="A list.")])
    with Serving(reviewing) as served:
        verdict = accept(reviewing, 0, edit={"context": "Another."})
        reviewing.rows[IDS[0]]["context"] = None
        got = ask(served.url, "verdict", verdict)
    assert (got.status, reviewing.kept) == (409, [])
    assert "says something else now" in got.json["error"]


@pytest.mark.parametrize(
    ("fails", "status", "said"),
    [
        (OSError(28, "No space left on device"), 500, "No space left on device"),
        (UserError("the file is locked"), 500, "the file is locked"),
        (UserError("an \x1b[31mescape"), 500, "an escape"),
    ],
)
def test_what_cannot_be_kept_is_told(fails: Exception, status: int, said: str) -> None:
    reviewing = MemoryReviewing(ROWS, fails=fails)
    with Serving(reviewing) as served:
        got = ask(served.url, "verdict", accept(reviewing, 0))
        again = ask(served.url, "verdict", accept(reviewing, 0))
    assert (got.status, again.status) == (status, 200)
    assert said in got.json["error"]


@pytest.mark.parametrize(
    ("path", "sent", "status", "said"),
    [
        ("row/none", None, 404, "no row none"),
        ("scores/none", None, 404, "no row none"),
        ("nowhere", None, 404, "Not Found"),
        ("verdict", None, 405, "Method Not Allowed"),
        ("verdict", {"id": "none", "content": "0", "verdict": "accept"}, 404, "no row none"),
        ("verdict", {"id": IDS[0], "verdict": "accept"}, 400, "by its id and its content"),
        ("verdict", ["accept"], 400, "by its id and its content"),
        ("verdict", b"{", 400, "Expecting"),
        ("verdict", b"\xff", 400, "utf-8"),
        ("verdict", b"[" * 100_000, 400, ""),
    ],
)
def test_a_request_that_asks_for_nothing_there_is(path: str, sent: Any, status: int, said: str) -> None:
    reviewing = MemoryReviewing(ROWS)
    with Serving(reviewing) as served:
        got = ask(served.url, path, sent)
        assert ask(served.url, "queue").status == 200
    assert got.status == status
    assert said in got.json["error"]
    assert not reviewing.kept


def test_a_verdict_that_is_too_large_is_told() -> None:
    reviewing = MemoryReviewing(ROWS)
    with Serving(reviewing) as served:
        got = ask(served.url, "verdict", io.BytesIO(b" " * (MOST_BYTES + 1)))
    assert (got.status, reviewing.kept) == (413, [])
    assert "too large" in got.json["error"]


def test_words_are_found_in_what_rows_say() -> None:
    with Serving(MemoryReviewing(ROWS)) as served:
        assert ask(served.url, "found?words=ORDER+21").json["ids"] == [IDS[3]]
        assert ask(served.url, "found?words=").json["ids"] is None


def test_ten_thousand_rows_are_listed() -> None:
    with Serving(MemoryReviewing([a_row(number) for number in range(10_000)])) as served:
        assert len(ask(served.url, "queue").json["rows"]) == 10_000


def test_text_of_any_kind_arrives_as_it_is() -> None:
    text = "\u202eright\u202c \x00\x1b[31m </script> \u2028 \U0001f600 " + "x" * 200_000
    reviewing = MemoryReviewing([a_row(0, response=text)])
    with Serving(reviewing) as served:
        row = ask(served.url, f"row/{IDS[0]}").json
        ask(served.url, "verdict", accept(reviewing, 0, edit={"response": f"{text}!"}))
    assert row["turns"][-1]["text"] == row["editable"]["response"] == text
    fields = reviewing.kept[0][2]
    assert fields is not None
    assert fields["edit"] == {"response": f"{text}!"}


def test_a_port_that_is_taken_is_told() -> None:
    with Serving(MemoryReviewing(ROWS)) as served:
        port = int(served.url.split(":")[2].split("/")[0])
        other = Serving(MemoryReviewing(ROWS), port)
        with pytest.raises(UserError, match=rf"port {port} of 127\.0\.0\.1 cannot be listened on"):
            other.run()


def test_the_data_of_the_page_cannot_end_its_block() -> None:
    nasty = "</script><script>window.broken = true</script>"
    reviewing = MemoryReviewing(ROWS, nasty, reasons={nasty: nasty}, guidelines=nasty)
    reviewing.name = nasty
    with Serving(reviewing) as served:
        page = ask(served.url).text
    assert nasty not in page
    data = page.split('<script type="application/json" id="data">')[1].split("</script>")[0]
    assert json.loads(data)["reasons"] == {nasty: nasty}
