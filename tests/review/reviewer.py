"""Somebody who reviews rows on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.review.memory import MemoryReviewing, a_row
from tests.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

Open = Callable[..., "Reviewer"]


class Reviewer:
    """Somebody before the page, who waits until it has done what the last key asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.settle()

    def settle(self) -> None:
        until(lambda: self.page.evaluate("'ready' in document.documentElement.dataset"))
        until(lambda: self.page.evaluate("!('busy' in document.documentElement.dataset)"))

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    @property
    def shown(self) -> str:
        return str(self.page.evaluate("document.documentElement.dataset.shown"))

    def fits(self) -> bool:
        """Whether nothing has to be scrolled sideways, on a phone and on a desk."""
        found = []
        for width in (1280, 400):
            self.page.set_viewport_size({"width": width, "height": 900})
            found.append(
                self.page.evaluate("""[document.documentElement, ...document.querySelectorAll('dialog[open]')]
                .every(each => each.scrollWidth <= each.clientWidth)""")
            )
        return all(found)


def rows(count: int = 30, **own: Any) -> list[dict[str, Any]]:
    return [a_row(number, **own) for number in range(count)]


def verdicts(reviewing: MemoryReviewing) -> list[tuple[str, Any]]:
    return [
        (row_id, fields and {name: said for name, said in fields.items() if name != "seconds"})
        for row_id, _, fields in reviewing.kept
    ]
