"""The guidelines of reviewers, Markdown that anybody may have written, as HTML that does nothing."""

from __future__ import annotations

from markupsafe import Markup

from hfsft.plain import harmless


def as_html(text: str) -> Markup:
    """The text as CommonMark with tables; HTML in it is shown as it is written, and an image is a link to it.

    Links that could run anything are none; the others open in a page of their own.
    """
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = reader.parse(harmless(text))
    for token in (each for block in tokens for each in block.children or ()):
        if token.type == "link_open":
            token.attrs |= {"target": "_blank", "rel": "noopener noreferrer"}
    return Markup(reader.renderer.render(tokens, reader.options, {}))  # noqa: S704 - the renderer escapes all texts
