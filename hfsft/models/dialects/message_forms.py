"""The form of messages: servers that know no system role, or no messages of plain text."""

from __future__ import annotations

import re
from typing import Any

from hfsft.letters.late_patterns import at_first_use
from hfsft.models.dialects.refused_request import Body, RefusedRequest

_NO = r"(?:not|n't|\bno\b|un)[ -]?(?:support|allow|accept|enabl|avail|expect|recogni|know|valid|permit|one of)?\w{0,30}"
_SYSTEM = at_first_use(
    rf"\b(?:system|developer)['\"`]? ?(?:role|message|prompt|instruction|turn)s?[^.\n]{{0,60}}{_NO}"
    rf"|{_NO}[^.\n]{{0,40}}\b(?:system|developer)\b['\"`]? ?(?:role|message|prompt|instruction|turn|$|\n|[,.;])"
    r"|(?:invalid|unknown|unexpected|unsupported)[^.\n]{0,20}(?:role|variant)?\W{1,4}system\b"
    rf"|\brole\b[^\n]{{0,20}}{_NO}[^.\n]{{0,20}}\bsystem\b|\bsystem\b[^.\n]{{0,30}}{_NO}[^.\n]{{0,30}}\brole\b"
    r"|roles?\W{1,4}system\b[^.\n]{0,20}\b(?:invalid|unknown|unexpected|illegal|forbidden)"
    rf"|roles?\W{{1,4}}system\b[^.\n]{{0,40}}{_NO}|['\"`]system['\"`][^\n]{{0,60}}\brole"
    r"|\brole\b[^.\n]{0,30}(?:one of|must be|should be)(?![^\n]*\bsystem)[^.\n\w]{0,4}(?:user|assistant)\b"
    r"|only (?:the )?['\"`]?user['\"`]?(?:,| and| or)[^.\n]{0,60}(?:role|supported|allowed)"
    r"|roles? (?:must|should) (?:be )?(?:alternat|['\"`]?user)|must alternate between user"
    r"|should alternate with assistant"
    r"|must start with a ['\"`]?user|first message must (?:be|have|use)[^.\n]{0,20}user|got system\b"
    r"|(?:\u4e0d\u652f\u6301|\u975e\u6cd5)\W{0,4}system",
    re.IGNORECASE,
)


# In any language, of a request that has one; a server's own trouble may quote the word too.
_QUOTED = at_first_use(
    r"['\"`\u201e\u201c\u2018\u00ab\u300c]\s?system\s?['\"`\u201c\u201d\u2019\u00bb\u300d]", re.IGNORECASE
)


def has_system(body: Body) -> bool:
    """Whether a message has the role of the system."""
    return any(message.get("role") in ("system", "developer") for message in body["messages"])


def refuses_system(refusal: RefusedRequest, _: Body) -> bool:
    """Whether it is about the role of the system, or about the turns that it disturbs."""
    role = any(re.fullmatch(r"messages\.\d+\.role", way) for way in refusal.named)
    return refusal.says(_SYSTEM) or (refusal.plain and (role or refusal.says(_QUOTED)))


def folded(body: Body) -> Body:
    """The request with all system text at the head of the first message of the user."""
    told = [each["content"] for each in body["messages"] if each.get("role") in ("system", "developer")]
    others = [each for each in body["messages"] if each.get("role") not in ("system", "developer")]
    text = "\n\n".join(_text(content) for content in told)
    place = next((at for at, each in enumerate(others) if each.get("role") == "user"), None)
    if place is None:
        return {**body, "messages": [{"role": "user", "content": text}, *others]}
    first = others[place]
    content = first.get("content")
    joined = [{"type": "text", "text": text}, *content] if isinstance(content, list) else f"{text}\n\n{content}"
    others[place] = {**first, "content": joined}
    return {**body, "messages": others}


_PARTS = at_first_use(
    r"content['\"`]?[^.\n]{0,40}(?:must|should|expected|valid)[^.\n]{0,30}\b(?:list|array|sequence)\b"
    r"|(?:valid|expected)[^.\n]{0,30}\b(?:list|array)\b[^.\n]{0,40}content"
    r"|content['\"`]?[^.\n]{0,30}(?:cannot|can't|not) be an? string",
    re.IGNORECASE,
)
_A_LIST = at_first_use(r"\b(?:list|array|sequence)\b", re.IGNORECASE)


def refuses_text(refusal: RefusedRequest, _: Body) -> bool:
    """Whether messages must be lists of parts."""
    content = any(re.fullmatch(r"messages\.\d+(?:\.\w+)?\.content(?:\..*)?", way) for way in refusal.named)
    return refusal.says(_PARTS) or (content and refusal.plain and refusal.says(_A_LIST))


def in_parts(body: Body) -> Body:
    """The request with each text as a list of one part."""
    messages = [
        {**each, "content": [{"type": "text", "text": each["content"]}]}
        if isinstance(each.get("content"), str)
        else each
        for each in body["messages"]
    ]
    return {**body, "messages": messages}


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if isinstance(part, dict))
    return str(content or "")
