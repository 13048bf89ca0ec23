"""The page of a review, opened in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.review.memory import MemoryReviewing
from tests.review.reviewer import Open, Reviewer
from tests.review.serving import Serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def review(browser: Browser) -> Iterator[Open]:
    """Opens the page of a review; at the end, its console is silent, and nothing was asked of anybody else."""
    said: list[str] = []
    ending: list[Callable[[], None]] = []

    def opened(
        reviewing: MemoryReviewing | Serving, width: int = 1280, scheme: Any = "light", silent: bool = True
    ) -> Reviewer:
        served = reviewing if isinstance(reviewing, Serving) else Serving(reviewing).__enter__()
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        ending.extend([context.close, served.end])
        page = context.new_page()
        if silent:
            page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on(
            "request",
            lambda request: said.append(request.url) if not request.url.startswith((served.url, "data:")) else None,
        )
        page.goto(served.url)
        reviewer = Reviewer(page)
        reviewer.settle()
        return reviewer

    yield opened
    for end in ending:
        end()
    assert said == []
