"""The page of a review: all that it needs but the rows, which it asks the server for one by one."""

from __future__ import annotations

from dataclasses import dataclass

from hfsft.release.report.html_pages import environment, inside_page, page_file, unseen_letters
from hfsft.review.guidelines import as_html
from hfsft.review.reviewing import Reviewing

FOLDER = "review"


@dataclass(frozen=True)
class MadePage:
    """A page, and what its policy has to allow."""

    html: str
    scripts: tuple[str, ...]
    style: str


def page_of(reviewing: Reviewing) -> MadePage:
    """The page of a review as it is now."""
    scripts = (page_file("row.js"), *(page_file(name, FOLDER) for name in ("edit.js", "list.js", "review.js")))
    style = page_file("base.css") + page_file("review.css", FOLDER)
    data = {
        "name": reviewing.name,
        "criteria": reviewing.criteria,
        "reasons": dict(reviewing.reasons),
        "unseen": unseen_letters(),
    }
    html = (
        environment(FOLDER)
        .get_template("review.html")
        .render(
            name=reviewing.name,
            reviewer=reviewing.reviewer,
            guidelines=as_html(reviewing.guidelines) if reviewing.guidelines.strip() else None,
            data=inside_page(data),
            scripts=scripts,
            style=style,
        )
    )
    return MadePage(html, scripts, style)
