"""How the page of a review looks in a real browser: it fits, it can be read, and no row can do anything."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browsing import needs_browser
from tests.release.toy import NASTY, agent
from tests.review.memory import REASONS, MemoryReviewing, a_row
from tests.review.reviewer import Open, rows, verdicts

pytestmark = needs_browser


WIDE = f"| a | b |\n|--|--|\n| {'wide ' * 50} | 1 |\n\n    {'code ' * 60}"


def nasty_rows() -> list[dict[str, Any]]:
    found = [a_row(number, instruction=text, response=text, topic=text) for number, text in enumerate(NASTY)]
    found.append(a_row(6, **agent(NASTY[0], NASTY[1])))
    found.append(a_row(7, response="word " * 40_000, reference="word " * 39_000 + "other", context=NASTY[1]))
    found.append(a_row(8, response="\u202e" * 200_000))
    return found


def test_every_view_fits_and_no_row_does_anything(review: Open) -> None:
    found = nasty_rows()
    reviewing = MemoryReviewing(
        found,
        NASTY[1],
        why=dict.fromkeys((row["id"] for row in found), NASTY[0]),
        reasons={NASTY[1]: NASTY[0], **REASONS},
        guidelines=f"# Guide\n\n{NASTY[0]}\n\n![x](http://127.0.0.1:9/x.png)\n\n{WIDE}",
    )
    ann = review(reviewing, 400, "dark")
    for place in range(len(found)):
        assert ann.fits(), place
        ann.keys("e")
        assert ann.fits(), place
        ann.keys("Escape", "j")
    for key in ("r", "/", "g", "?", "h"):
        ann.keys(key)
        assert ann.fits(), key
        ann.keys("Escape")
    assert ann.page.evaluate("window.broken") is None
    assert ann.page.locator("script").count() == 5  # the data, the row, the fields, the list, the review


@pytest.mark.parametrize(("width", "scheme"), [(400, "light"), (400, "dark"), (1280, "light"), (1280, "dark")])
def test_texts_can_be_read_in_both_schemes_and_widths(review: Open, width: int, scheme: str) -> None:
    ann = review(MemoryReviewing([nasty_rows()[6]], guidelines="Be kind."), width, scheme)
    ann.keys("n")
    ann.page.keyboard.type("hm")
    assert ann.fits()
    assert ann.page.evaluate(FAINTEST) >= 4.5


def test_letters_that_nobody_sees_are_shown_as_signs(review: Open) -> None:
    ann = review(MemoryReviewing(nasty_rows()))
    ann.keys("j", "j")
    assert ann.text("#row .said.by-assistant").startswith("U+202Eright to leftU+202C")
    assert ann.page.locator("#row .sign").first.get_attribute("title") == "right-to-left override"
    ann.keys("j", "j", "j")
    assert "nullU" not in ann.text("#row .said.by-assistant")
    assert "U+0000null" in ann.text("#row .said.by-assistant")
    ann.keys("j", "j", "j")
    assert ann.text("#row .said.by-assistant") == "U+202E ×4000"
    ann.page.click(".more")
    assert ann.text("#row .said.by-assistant") == "U+202E ×200000"


def test_the_difference_to_a_reference_and_a_parent_is_shown(review: Open) -> None:
    child = a_row(
        0, instruction="When is my blue order delivered?", reference="Order 0 comes on day 2.", context="A list."
    )
    parent = a_row(1, instruction="When is my order delivered?")
    ann = review(MemoryReviewing([child], parents={child["id"]: parent}))
    assert ann.page.locator("#row ins").all_inner_texts() == ["blue ", "1"]
    assert ann.page.locator("#row del").all_inner_texts() == ["2"]
    assert ann.page.locator("#row > h4").all_inner_texts()[:3] == ["user", "context", "assistant"]


def test_buttons_do_what_keys_do(review: Open) -> None:
    reviewing = MemoryReviewing(rows(4))
    ann = review(reviewing, 400)
    ann.page.locator("fieldset >> nth=0").locator("label >> nth=3").click()
    for name in ("Accept", "Skip", "Undo", "Skip", "Reject"):
        ann.page.get_by_role("button", name=name, exact=False).first.click()
        ann.settle()
    ann.page.get_by_role("button", name="wrong answer").click()
    ann.settle()
    said = [fields and fields["verdict"] for _, _, fields in reviewing.kept]
    assert said == ["accept", "skip", None, "skip", "reject"]
    assert verdicts(reviewing)[0][1]["scores"] == {"relevance": 4}


# The least contrast of a text with what is behind it, as WCAG 2 counts it.
FAINTEST = """(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (rgb) => rgb.slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = rgba(getComputedStyle(element).backgroundColor);
      if (colour[3] === 255) return colour;
    }
  };
  const texts = [...document.querySelectorAll('body *')].filter((element) => element.checkVisibility()
    && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  return Math.min(...texts.map((element) => {
    const [one, other] = [light(rgba(getComputedStyle(element).color)), light(behind(element))];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  }));
})()"""
FOCUSED = """(() => {
  const on = document.activeElement;
  const seen = on.matches('[type=radio]') ? on.closest('label') : on;
  const named = on.textContent.trim() || on.ariaLabel || on.labels?.length;
  return [on.dataset.key ?? on.id ?? on.tagName, getComputedStyle(seen).outlineStyle, Boolean(named)];
})()"""


def test_every_control_has_a_name_and_shows_the_focus(review: Open) -> None:
    ann = review(MemoryReviewing(rows(2), guidelines="Be kind."))
    reached = set()
    for _ in range(40):
        ann.page.keyboard.press("Tab")
        if ann.page.evaluate("document.activeElement === document.body"):
            break
        name, outline, named = ann.page.evaluate(FOCUSED)
        assert outline != "none", name
        assert named, name
        reached.add(name)
    assert {"a", "r", "e", "s", "u", "h", "note"} <= reached
    tree = ann.page.locator("body").aria_snapshot()
    for told in ('group "relevance"', 'radio "4"', 'progressbar "Rows looked at"'):
        assert told in tree


def test_letters_of_another_keyboard_are_taken_by_their_place(review: Open) -> None:
    reviewing = MemoryReviewing(rows(2))
    ann = review(reviewing)
    for key, more in (("ф", ""), ("a", ", ctrlKey: true"), ("a", ", repeat: true")):
        event = f"new KeyboardEvent('keydown', {{ key: '{key}', code: 'KeyA', bubbles: true{more} }})"
        ann.page.evaluate(f"document.body.dispatchEvent({event})")
        ann.settle()
        assert len(reviewing.kept) == 1, more
