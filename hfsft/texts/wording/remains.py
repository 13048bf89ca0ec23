"""Variables of templates that nobody filled: `{{name}}`, `{% if x %}`, `{instruction}`, `${city}`, `%s`, `<%= id %>`."""

from __future__ import annotations

from collections.abc import Iterator

from hfsft.letters.late_patterns import at_first_use

_NAMES = (
    "instruction|instructions|input|inputs|output|outputs|prompt|prompts|question|questions|answer|answers|response|context|query|"
    "user|user_?name|user_?input|user_?query|name|names|first_?name|last_?name|full_?name|customer|customer_?name|company|"
    "company_?name|product|product_?name|topic|text|content|title|subject|date|time|city|country|location|language|lang|"
    "target_?lang(?:uage)?|source_?lang(?:uage)?|sentence|passage|document|documents|article|history|chat_?history|system|"
    "system_?prompt|task|example|examples|persona|role|style|tone|format|message|messages|recipient|sender|email|phone|address|"
    "order_?(?:id|number)|account|agent|assistant|model|author|category|label|labels|word|words|number|variable|placeholder|value|data"
)
# Each begins with a sign of its own, by which the places where it may stand are found at once.
_REMAIN = at_first_use(
    r"\{\{[-#/^!>&]? ?[A-Za-z_À-ỹ一-鿿][\w.|\[\]'\" -]{0,60}?-?\}\}"
    r"|\{%-? ?(?:if|for|else|elif|endif|endfor|set|block|endblock|include|macro|raw)\b[^{}%\n]{0,80}%\}"
    rf"|\{{(?<![A-Za-z0-9\\_^}}{{$=]\{{) ?(?i:{_NAMES}) ?\}}(?!\}})"
    r"|\{(?<![A-Za-z0-9\\_^}{$=]\{)[A-Za-z]{1,20}(?:_[A-Za-z]{1,20}){1,3}\}(?!\})"
    r"|\{(?<![A-Za-z0-9\\_^}{$=]\{)[a-z_]{2,20}(?:\.[a-z_]{2,20}){1,3}\}(?!\})"
    r"|\$\{[A-Za-z_][\w.]{0,40}\}"
    r"|<%[=-]? ?[A-Za-z_][^<>%\n]{0,60}%>"
    r"|\[(?<![\[A-Za-z0-9_$]\[)\[ ?[A-Za-z_]{2,30} ?\]\](?!\])"
    r"|%(?<!\d %)(?<![A-Za-z0-9_%\\]%)(?:s|d|\([a-z_]{1,30}\)[sd])(?![A-Za-z0-9_%])"
    r"|%(?<![A-Za-z0-9$%]%)[A-Z][A-Z_]{2,30}%(?![A-Za-z0-9%])"
    rf"|%(?<![A-Za-z0-9$%]%)(?:{_NAMES})%(?![A-Za-z0-9%])"
    r"|\[object Object\]"
    r"|_(?<![A-Za-z0-9_]_)_[A-Z][A-Z_]{2,30}__(?![A-Za-z0-9_])"
    r"|X(?<![A-Za-z0-9]X)X{1,3}([/-])X{2,4}\1X{2,4}(?![A-Za-z0-9])"
    r"|<(?<![A-Za-z0-9<]<)<[A-Z][A-Z_]{2,30}>>(?!>)"
)
_STARTS = ("{", "%", "[[", "[object", "__", "<<", "XX")


def remains(text: str) -> Iterator[str]:
    """The variables that stand in a text, as they stand there."""
    if any(start in text for start in _STARTS):
        for found in _REMAIN.finditer(text):
            yield found[0]
