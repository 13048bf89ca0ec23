"""The report in a real browser: it draws, it filters, it obeys the keyboard, it fits a phone, it asks nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browsing import needs_browser
from tests.release.toy import release, toy
from tests.waiting import until  # playwright's own waiting makes code from text, which the page's policy forbids

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = needs_browser


@pytest.fixture(scope="module")
def page_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return release(toy(), tmp_path_factory.mktemp("build")) / "report.html"


@pytest.fixture
def show(browser: Browser, page_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens the page; at the end, nothing may have been said on its console or asked of the network."""
    said: list[str] = []
    contexts = []

    def opened(width: int = 1280, scheme: Any = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if request.url != page_path.as_uri() else None)
        page.goto(page_path.as_uri())
        page.wait_for_selector("html[data-drawn]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_the_page_draws_and_fits(show: Callable[..., Page], width: int, scheme: str) -> None:
    page = show(width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator(".chart svg").count() == 8  # the funnel, six measures that vary, the lengths
    assert page.evaluate("[...document.querySelectorAll('.chart svg')].every(svg => svg.clientWidth <= innerWidth)")


def test_no_row_runs_a_script(show: Callable[..., Page]) -> None:
    page = show()
    page.locator("#list").focus()
    for _ in range(page.locator("#list li").count()):
        page.keyboard.press("ArrowDown")
    assert page.evaluate("window.broken") is None
    page.fill("#search", "right to left")
    assert "U+202Eright to leftU+202C" in page.locator("#row").inner_text()
    page.fill("#search", "<script>")
    assert "</script><script>window.broken" in page.locator("#row").inner_text()


@pytest.mark.parametrize("width", [400, 1280])
def test_turns_tools_and_what_is_thought_are_told_apart(show: Callable[..., Page], width: int) -> None:
    page = show(width)
    page.fill("#search", "calls refund_order")
    titles = page.locator("#row > h4").all_inner_texts()
    assert titles[:4] == ["user", "assistant reasoning", "assistant calls get_order", "tool get_order"]
    assert titles[4:8] == ["assistant", "user", "assistant calls refund_order", "tool refund_order"]
    assert page.locator("#row .said.tool").first.inner_text().startswith('{\n  "id": 4711,\n')
    tools = page.locator("#row details")
    assert not tools.locator(".tools").is_visible()
    tools.locator("summary").click()
    assert tools.locator(".tools").inner_text().startswith("get_order: Looks an order up. {")
    assert "reference\nIt is approved." in page.locator("#row").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("window.broken") is None


def test_a_slider_says_what_another_threshold_would_keep(show: Callable[..., Page]) -> None:
    page = show()
    card = page.locator("[data-measure]", has=page.get_by_role("heading", name="repetition_response"))
    line = card.locator(".chart svg line[stroke-dasharray]")
    verdict, slider = card.locator(".verdict"), card.locator("input")
    assert verdict.inner_text() == "would keep 47 of 47 kept rows and let 0 of the 168 that fell here go on"
    before = line.get_attribute("transform")
    slider.press("End")
    assert verdict.inner_text() == "would keep 47 of 47 kept rows and let 168 of the 168 that fell here go on"
    slider.press("Home")
    assert verdict.inner_text().endswith("let 0 of the 168 that fell here go on")
    assert not verdict.inner_text().startswith("would keep 47")
    until(lambda: line.get_attribute("transform") != before)


def test_search_and_filters_find_rows(show: Callable[..., Page]) -> None:
    page = show()
    whole = page.locator("#list li").count()
    page.keyboard.press("/")
    page.keyboard.type("refund 903?")
    assert page.locator("#list li").count() == 1
    assert page.locator("#found").inner_text() == f"1 of {whole}"
    page.fill("#search", "")
    page.select_option("#fate", "failed")
    assert page.locator("#list li").count() == 8
    assert "timeout: 120 s" in page.locator("#row").inner_text()
    page.select_option("#stage", "filters[tokens]")
    assert page.locator("#list li").count() == 0
    assert page.locator("#row").inner_text() == ""


def test_the_arrow_keys_go_through_the_list(show: Callable[..., Page]) -> None:
    page = show()
    rows = page.locator("#list")
    chosen = "document.querySelector('#list [aria-selected=true]').id"
    rows.focus()
    for key, expected in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("PageDown", 11), ("Home", 0)):
        page.keyboard.press(key)
        assert page.evaluate(chosen) == f"option-{expected}"
        assert rows.get_attribute("aria-activedescendant") == f"option-{expected}"
    page.keyboard.press("End")
    assert page.evaluate(chosen) == f"option-{rows.locator('li').count() - 1}"
    assert page.evaluate(
        "(() => { const [item, list] = ['#list [aria-selected=true]', '#list'].map(s => document.querySelector(s)"
        ".getBoundingClientRect()); return item.bottom <= list.bottom + 1 && item.top >= list.top - 1 })()"
    )


def test_tab_reaches_every_control_and_shows_where_it_is(show: Callable[..., Page]) -> None:
    page = show()
    reached = set()
    for _ in range(120):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            "[document.activeElement.id || document.activeElement.tagName, "
            "getComputedStyle(document.activeElement).outlineStyle]"
        )
        if name == "BODY":
            break
        assert outline != "none", name
        reached.add(name)
    assert {"A", "INPUT", "BUTTON", "SUMMARY", "search", "fate", "stage", "list"} <= reached


def test_a_rule_leads_to_its_samples(show: Callable[..., Page]) -> None:
    page = show()
    page.get_by_role("button", name="samples of filters[usefulness]").press("Enter")
    assert page.locator("#stage").input_value() == "filters[usefulness]"
    assert page.evaluate("document.activeElement.id") == "list"
    assert "fell at filters[usefulness]" in page.locator("#row").inner_text()


def test_charts_follow_the_colour_scheme(show: Callable[..., Page]) -> None:
    page = show()
    ink = "getComputedStyle(document.querySelector('.chart svg .role-axis-label text')).fill"
    light = page.evaluate(ink)
    page.emulate_media(color_scheme="dark")
    until(lambda: page.evaluate(ink) != light)
