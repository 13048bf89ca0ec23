"""Guidelines as HTML that does nothing."""

from __future__ import annotations

import pytest

from hfsft.review.guidelines import as_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Read\n\nThe **question**.", "<h1>Read</h1>\n<p>The <strong>question</strong>.</p>"),
        ("<script>x()</script>", "<p>&lt;script&gt;x()&lt;/script&gt;</p>"),
        ("a <b onclick=x()>b</b>", "<p>a &lt;b onclick=x()&gt;b&lt;/b&gt;</p>"),
        ("[run](javascript:x())", "<p>[run](javascript:x())</p>"),
        ("[run](data:text/html,x)", "<p>[run](data:text/html,x)</p>"),
        (
            '[a](https://b.example "c")',
            '<p><a href="https://b.example" title="c" target="_blank" rel="noopener noreferrer">a</a></p>',
        ),
        (
            "![a](https://b.example/c.png)",
            '<p>!<a href="https://b.example/c.png" target="_blank" rel="noopener noreferrer">a</a></p>',
        ),
        ("a \u202eb", "<p>a \\u202eb</p>"),
        ("```\n</code><i>\n```", "<pre><code>&lt;/code&gt;&lt;i&gt;\n</code></pre>"),
    ],
)
def test_markdown_is_shown_and_nothing_in_it_runs(text: str, html: str) -> None:
    assert str(as_html(text)).strip() == html
