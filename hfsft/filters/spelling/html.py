"""html: remains of the markup of pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from hfsft.filters.text_column import CountingFilter
from hfsft.rows.views import Question
from hfsft.texts.spelling.markup import about_markup, markup


class Html(CountingFilter):
    """Number of tags and entities of HTML that stand in a text which is about no markup, 0 and up.

    Counted are tags that are of pages wherever they stand (`<p>`, `</div>`, `<br>`, `<script>`), others where they
    are closed or have an attribute (`</b>`, `<a href=...>`), comments, and entities that HTML knows (`&nbsp;`,
    `&#39;`): they come along when pages are read, and who learns from them writes them. Not counted are those in
    blocks and spans of code, what Markdown takes over (`<sub>`, `<kbd>`, `<br>` in a row of a table), names in
    angle brackets that are of no page (`<your name>`, `List<String>`), and all of a text that names HTML, XML, SVG
    or CSS, or whose user asks about pages, markup or programs or gives a text with tags. In the ledger stand the
    first three.

    Found were 73 of 75 rows that were wrapped in tags and 71 of 75 with entities, in English, Chinese and
    Vietnamese; missed were those whose instruction speaks of a web site or a program. False alarms: none in 1,925
    English rows (alpaca, dolly), 922 Chinese ones (alpaca), 1,669 Vietnamese ones (XQuAD, XCOPA), 2,014 of code,
    1,000 of sums.
    """

    name: ClassVar[str] = "html"
    values: ClassVar[str] = "0 and up, a whole number"
    blind: ClassVar[str] = "Remains of a page that are words: menus, notices of cookies, share buttons."
    example: ClassVar[str] = """\
    filters:
      - html
      - html: {column: instruction, at_most: 3}
    """

    def found(self, text: str, asked: Callable[[], Question]) -> tuple[float, str | None]:
        """How many, and the first of them."""
        remains = markup(text)
        if not remains:
            return 0, None
        question = asked()
        if about_markup(f"{question.said} {question.system}") or markup(question.context):
            return 0, None
        return len(remains), ", ".join(dict.fromkeys(each[:40] for each in remains[:3]))
