"""Remains of the markup of a page in a text that is none: `<p>`, `</div>`, `&nbsp;`, `<script>`.

Left alone is what belongs there: blocks and spans of code, formulas, what Markdown takes over (`<sub>`, `<kbd>`, `<br>`
in a table), and names in angle brackets that are of no page (`<your name>`, `List<String>`, `<T>`).
"""

from __future__ import annotations

from html.entities import html5

from hfsft.letters.late_patterns import at_first_use
from hfsft.texts.wording.prose import prose

# A tag of these is markup wherever it stands; one of the others where it is closed, or has an attribute.
_ALWAYS = (
    "html|head|body|div|span|p|br|hr|li|ul|ol|dl|dd|dt|td|tr|th|tbody|thead|tfoot|h[1-6]|script|style|noscript|iframe|"
    "font|center|strong|em|blockquote|nobr|img|svg|!doctype|!--"
)
_CLOSED = (
    "a|b|i|u|q|abbr|address|article|aside|audio|bdi|big|button|canvas|caption|cite|code|del|dfn|embed|fieldset|"
    "figcaption|figure|footer|form|header|input|ins|label|legend|link|main|mark|meta|nav|object|option|param|path|pre|"
    "section|select|small|source|strike|table|template|textarea|time|title|tt|video"
)
_TAG = at_first_use(
    rf"<(?:/?(?:{_ALWAYS})(?=[\s/>])[^<>]{{0,400}}/?>|/(?:{_CLOSED})\s?>|(?:{_CLOSED})\s[a-zA-Z-]{{1,30}}=[^<>]{{1,400}}>"
    r"|!--)",
    2,  # IGNORECASE
)
_ENTITY = at_first_use(r"&(?:[a-zA-Z]{2,31}[0-9]{0,2}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
_ROW = at_first_use(r"^[ \t]*\|.*\|[ \t]*$|^.* \| .*$", 8)  # MULTILINE: a table in Markdown may break its lines so
_BREAK = at_first_use(r"<br ?/?>", 2)
_ABOUT = at_first_use(
    r"\b(?:x?html5?|xml|xsd|svg|css|jsx|rss|dom|markup|web ?(?:site|page|app|form|design|develop)\w*|web|hyperlinks?|"
    r"tags?|php|jquery|javascript|java|js|react|vue|angular|bootstrap|django|flask|jinja\w*|asp|jsp|blade|wordpress|"
    r"code|coding|program\w*|snippet\w*|function\w*|script\w*|entit(?:y|ies)|escap\w+|encod\w+|pages?|forms?|buttons?)\b"
    r"|<[a-z!/]|&\w+;|网页|網頁|网站|網站|标签|標籤|代码|代碼|编程|编码|程序|脚本|前端|链接|ウェブ|タグ|コード|웹|코드|태그|trang web|thẻ|mã|"
    r"сайт|тег|код|página|código|etiqueta|balise|seite|صفحة|वेब",
    2,
)
_NAMED = at_first_use(r"\b(?:X?HTML|XML|SVG|JSX|CSS)\b")


def about_markup(text: str) -> bool:
    """Whether what somebody asks is about pages, markup or programs, so that tags may stand in its answer."""
    return _ABOUT.search(text) is not None


def markup(text: str) -> list[str]:
    """The tags and entities in a text's prose, in their order; none in a text that names HTML, XML, SVG or CSS."""
    if "<" not in text and "&" not in text:
        return []
    if not _TAG.search(text) and not _ENTITY.search(text):
        return []
    if _NAMED.search(text):
        return []
    plain = prose(text)
    if "|" in plain:
        plain = _ROW.sub(lambda row: _BREAK.sub(" ", row[0]), plain)
    entities = (each[0] for each in _ENTITY.finditer(plain) if each[0].startswith("&#") or each[0][1:] in html5)
    return [each[0] for each in _TAG.finditer(plain)] + list(entities)
