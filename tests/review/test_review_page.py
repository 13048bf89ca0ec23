"""The page of a review in a real browser: keys alone suffice, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.browsing import needs_browser
from tests.review.memory import REASONS, MemoryReviewing
from tests.review.reviewer import Open, rows, verdicts
from tests.review.serving import Serving
from tests.waiting import until

pytestmark = needs_browser


def test_thirty_rows_by_keys_alone(review: Open) -> None:
    reviewing = MemoryReviewing(rows())
    ann = review(reviewing)
    wanted = []
    for number in range(30):
        row, score = f"{number:016x}", number % 5 + 1
        assert ann.shown == row
        ann.keys(str(score), "3")
        if number % 3 == 0:
            ann.keys("a")
            said: dict[str, Any] = {"verdict": "accept"}
        elif number % 3 == 1:
            ann.keys("r", "2")
            said = {"verdict": "reject", "reason": list(REASONS)[1]}
        else:
            ann.keys("n")
            ann.page.keyboard.type("hm, a strange one")
            ann.keys("Escape", "s")
            said = {"verdict": "skip", "note": "hm, a strange one"}
        wanted.append((row, {**said, "scores": {"relevance": score, "usefulness": 3}}))
    assert verdicts(reviewing) == wanted
    assert all(fields and fields["seconds"] >= 0 for _, _, fields in reviewing.kept)
    assert ann.text("#counts").split("\n") == ["30 of 30", "10 accepted", "10 rejected", "10 skipped"]
    assert "Every row has been looked at" in ann.text("#finished")


def test_two_reviewers_at_once(review: Open) -> None:
    both = [MemoryReviewing(rows(6), name) for name in ("ann", "bob")]
    ann, bob = map(review, both)
    for _ in range(6):
        ann.keys("a")
        bob.keys("r", "1")
    assert [fields and fields["verdict"] for _, _, fields in both[0].kept] == ["accept"] * 6
    assert [fields and fields["verdict"] for _, _, fields in both[1].kept] == ["reject"] * 6
    assert bob.text(".named").split() == ["shop", "reviewed", "by", "bob"]


def test_marks_move_and_scores_change(review: Open) -> None:
    reviewing = MemoryReviewing(rows(2))
    ann = review(reviewing)
    marked = "document.querySelector('fieldset.current legend').textContent"
    assert ann.page.evaluate(marked) == "relevance"
    ann.keys("4")
    assert ann.page.evaluate(marked) == "usefulness"
    ann.keys("Tab", "2", "ArrowUp", "5")
    assert "5: It answers each part." in ann.text("fieldset >> nth=0")
    ann.keys("9")
    assert "goes from 1 to 5" in ann.text("#told")
    ann.keys("a")
    assert verdicts(reviewing)[0][1]["scores"] == {"relevance": 5, "usefulness": 2}


def test_many_criteria_on_scales_of_any_width(review: Open) -> None:
    scales = [(1, 5)] * 8 + [(0, 100), (1, 10), (0, 3)]
    criteria = [{"name": f"c{n}", "question": "", "levels": {}, "scale": scale} for n, scale in enumerate(scales)]
    reviewing = MemoryReviewing(rows(2), criteria=criteria)
    ann = review(reviewing)
    ann.keys(*"44444444", "7", "5", "Escape", "ArrowDown", "0", "0")
    assert ann.page.evaluate("""(() => {
        const [set, bar] = ['fieldset.current', '.verdicts'].map(each => document.querySelector(each)
            .getBoundingClientRect());
        return set.bottom <= bar.top && set.top > 0;
    })()""")
    ann.keys("a")
    scores = [*([4] * 8), 75, 10, 0]
    assert verdicts(reviewing)[0][1]["scores"] == {f"c{n}": score for n, score in enumerate(scores)}


def test_undo_brings_back_what_was_said(review: Open) -> None:
    reviewing = MemoryReviewing(rows(3))
    ann = review(reviewing)
    ann.keys("2", "n")
    ann.page.keyboard.type("mine")
    ann.keys("Escape", "a", "u")
    assert ann.text("#told") == "Taken back: accepted."
    assert ann.shown == f"{0:016x}"
    assert ann.page.locator("#note").input_value() == "mine"
    assert ann.page.locator("input:checked").get_attribute("value") == "2"
    assert ann.text("#counts") == "0 of 3"
    ann.keys("u")
    assert ann.text("#told") == "There is no verdict of yours to take back."


def test_an_edit_is_accepted_with_its_text(review: Open) -> None:
    reviewing = MemoryReviewing(rows(2))
    ann = review(reviewing)
    ann.keys("e", "Control+a")
    ann.page.keyboard.type("It comes on Monday. a r s")
    ann.keys("Escape")
    assert "It comes on Monday." in ann.text(".said.edited")
    assert ann.text("[data-key=a]").startswith("Accept edit")
    ann.keys("a", "k")
    assert verdicts(reviewing) == [
        (f"{0:016x}", {"verdict": "accept", "edit": {"response": "It comes on Monday. a r s"}})
    ]
    assert ann.text("#standing") == "You accepted it with your edit."
    ann.page.click("#discard")
    ann.keys("a")
    assert verdicts(reviewing)[-1][1] == {"verdict": "accept"}


def test_scores_are_hidden_until_there_is_a_verdict(review: Open) -> None:
    reviewing = MemoryReviewing(rows(3))
    ann = review(reviewing)
    asked: list[str] = []
    ann.page.on("request", lambda request: asked.append(request.url.rsplit("/", 2)[-2]))
    assert "Judged 0." not in ann.page.content()
    ann.keys("a", "h")
    until(lambda: "Judged 1." in ann.text("#scores"))
    ann.keys("h")
    assert ann.text("#scores") == ""
    assert asked.count("scores") == 1
    ann.keys("k")
    until(lambda: "Judged 0." in ann.text("#scores"))


def test_nothing_typed_is_lost_where_the_server_fails_or_is_gone(review: Open) -> None:
    reviewing = MemoryReviewing(rows(3), fails=OSError(28, "No space left on device"))
    served = Serving(reviewing).__enter__()
    ann = review(served, silent=False)
    ann.keys("4", "n")
    ann.page.keyboard.type("a thought")
    ann.keys("Escape", "a")
    assert "Not kept: [Errno 28] No space left on device" in ann.text("#trouble")
    assert (ann.shown, ann.page.locator("#note").input_value()) == (f"{0:016x}", "a thought")
    ann.page.click("#again")
    ann.settle()
    assert verdicts(reviewing) == [
        (f"{0:016x}", {"verdict": "accept", "scores": {"relevance": 4}, "note": "a thought"})
    ]
    served.end()
    ann.keys("e", "Control+a")
    ann.page.keyboard.type("Written in vain?")
    ann.keys("Control+Enter")
    assert "The server does not answer" in ann.text("#trouble")
    assert ann.page.locator("textarea[data-column=response]").input_value() == "Written in vain?"
    assert not ann.page.locator("#trouble[hidden]").count()


def test_a_row_whose_text_changed_is_shown_anew(review: Open) -> None:
    reviewing = MemoryReviewing(rows(2))
    ann = review(reviewing, silent=False)
    ann.keys("n")
    ann.page.keyboard.type("a thought")
    reviewing.rows[f"{0:016x}"]["response"] = "It says something else now."
    ann.keys("Escape", "a")
    assert "The text of this row has changed" in ann.text("#trouble")
    assert "It says something else now." in ann.text("#row")
    assert ann.page.locator("#note").input_value() == "a thought"
    assert not reviewing.kept
    ann.keys("a")
    assert verdicts(reviewing) == [(f"{0:016x}", {"verdict": "accept", "note": "a thought"})]


def test_what_was_typed_outlives_another_row_and_a_reload(review: Open) -> None:
    ann = review(MemoryReviewing(rows(3)))
    ann.keys("5", "n")
    ann.page.keyboard.type("a thought")
    ann.keys("Escape", "j", "k")
    assert ann.page.locator("#note").input_value() == "a thought"
    ann.page.on("dialog", lambda dialog: dialog.accept())
    ann.page.reload()
    ann.settle()
    assert ann.page.locator("#note").input_value() == "a thought"
    assert ann.page.locator("input:checked").get_attribute("value") == "5"


def test_rows_are_found_by_what_they_say_and_by_their_verdicts(review: Open) -> None:
    ann = review(MemoryReviewing(rows(30)))
    ann.keys("a", "/")
    ann.page.keyboard.type("comes day 21.")
    until(lambda: ann.text("#found") == "1 of 30 rows")
    ann.keys("Enter")
    assert ann.shown == f"{20:016x}"
    ann.keys("/", "Control+a", "Delete")
    ann.page.select_option("#wanted", "accepted")
    wanted = ["Question 0: when is order 0 delivered?\naccepted"]  # a line break once it is laid out
    until(lambda: ann.page.locator("#list li").all_inner_texts() == wanted)
    ann.page.click("#list li")
    ann.settle()
    assert ann.shown == f"{0:016x}"


def test_ten_thousand_rows_are_listed_as_far_as_one_looks(review: Open) -> None:
    class Many(MemoryReviewing):
        listed: Sequence[Any] = ()

        def queue(self) -> Any:
            self.listed = self.listed or super().queue()
            return self.listed

    ann = review(Many(rows(10_000)))
    ann.keys("/")
    assert ann.text("#found") == "10,000 of 10,000 rows"
    assert ann.page.locator("#list li").count() < 300
    ann.keys(*["PageDown"] * 12)
    assert ann.page.locator("#list [aria-selected=true]").inner_text().startswith("Question 120:")
    ann.keys("Enter")
    assert ann.text("#place").startswith("Row 121 of 10,000")


def test_a_review_without_criteria_reasons_or_rows(review: Open) -> None:
    reviewing = MemoryReviewing(rows(1), criteria=[], reasons={})
    ann = review(reviewing)
    ann.keys("3", "ArrowDown", "r")
    assert verdicts(reviewing) == [(f"{0:016x}", {"verdict": "reject"})]
    bob = review(MemoryReviewing([]))
    bob.keys("a", "j", "/", "Enter", "Escape", "?", "Escape")
    assert bob.text("#place") == "There are no rows to look at."
