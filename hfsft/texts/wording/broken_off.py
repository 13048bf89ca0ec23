"""Whether a text stops before its end: within a block, a bracket, a word, or a sentence where its others have their marks.

Generators stop at their limit of tokens wherever they are; what a server says of that (`finish_reason`) is rarely kept
beside the text. What a text's own style leaves open is no sign: lists and titles without full stops, code, verse,
answers of one word, scripts that write no full stop.
"""

from __future__ import annotations

import re

from hfsft.letters import characters as chars
from hfsft.letters.characters import signs
from hfsft.letters.late_patterns import at_first_use
from hfsft.texts.code.cut_code import cut_code, open_code
from hfsft.texts.wording.prose import is_code, prose

_FENCE = at_first_use(r"^[ \t]{0,3}(`{3,9}(?!`)|~{3,9}(?!~))(.*)$", re.MULTILINE)
_ENDS = ".!?…。！？｡．؟۔।॥።။៕"
_SENTENCE_END = at_first_use(r"[.!?…؟۔।॥።။][\"'”’»)\]*_]{0,3}(?=\s)|[。！？｡．][\"'”’」』）)]{0,3}")
_CLOSERS = "\"'”’»«)]}）】」』》>*_`~|$ \t\n"
_ITEM = at_first_use(
    r"[ \t]{0,20}(?:[-*+•·▪●○–>|]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.):、）]|#{1,6}[ \t]|步骤|第.{1,3}[步章节])"
)
_UNMARKED = at_first_use(f"[{signs(chars.UNSPACED_ALPHABETS)}]")
_IDEOGRAPHS = at_first_use(f"[{signs(chars.KANA, chars.HAN_BLOCK)}]")
_GOES_ON = ",;，、；،؛(（[【“「『«:："
_WORD = at_first_use(r"[^\W_]+(?:['’-][^\W_]+)*$")
_NEEDS_MORE = frozenset(
    """the a an and or of from is are was were be been being which who whose but if because when while than into onto upon
    its his their your our my either neither including
    der die das den dem des ein eine einer und oder von zu mit für auf ist sind dass wenn weil aber nicht
    le la les un une des du de et ou à au aux dans pour avec par sur est sont que qui mais si
    el los las una unos del y o en para con por es son pero como lo al
    os um uma e do da dos das em com é são il gli dei della di che per sono het een van en
    và hoặc của trong với cho từ là các những một được bị khi nếu vì để không tại về như bằng theo sẽ đã đang
    и или в на с по для что как не от к у из за при но
    dan atau dari di ke untuk dengan yang adalah""".split()  # noqa: SIM905
)
_CLOSING = at_first_use(
    r"(?:best|kind|warm|yours|sincerely|regards|thanks|thank you|love|cheers|respectfully|cordially|mit|viele|cordialement|saludos|"
    r"atentamente|atenciosamente|cordiali|trân trọng|thân|с уважением|此致|敬礼|祝)\b",
    re.IGNORECASE,
)
_ADDRESS = at_first_use(r"\W{0,3}(?:https?://|www\.|[\w.+-]{1,64}@|[#@]\w)")
_ENOUGH = 18  # words, or as many pairs of characters, of a text whose style can be told
_LONG = 40  # characters of a sentence without spaces
_LINE = 6  # words of a line that is a sentence rather than a title
_TAIL = 40  # characters of a text's end that are told
_REST = 8  # characters of a sentence without spaces that is begun
_LAST = 3  # lines at the end of a text that is a program, or goes on in words
_MARKED = 2  # sentences with marks
_VALUE = at_first_use(r"[\[{]\s{0,20}[\"\[{\d]")  # as JSON begins


def broken_off(text: str) -> str | None:
    """Where a text stops before its end, in words; None for one that does not, or of which nothing tells it."""
    whole = text.rstrip()
    if not whole:
        return None
    ended = whole.endswith(("```", "~~~"))
    if _open_fence(whole) and not (ended and whole[whole.rfind("\n") + 1 :].strip("`~")):
        return "a block of code that is not closed"
    if ended:
        return None
    fenced = "```" in whole or "~~~" in whole
    if not fenced and ((value := _VALUE.match(whole)) or is_code(whole)):
        return (open_code(whole) if value or is_code(_last_lines(whole)) else None) or cut_code(whole)
    return _open_prose(prose(whole).rstrip(), whole)


def _last_lines(text: str) -> str:
    return "\n".join(text.splitlines()[-_LAST:])


def _open_fence(text: str) -> bool:
    if "```" not in text and "~~~" not in text:
        return False
    opened = ""
    for mark, behind in _FENCE.findall(text):
        if not opened:
            opened = mark if "`" not in behind else ""
        elif mark[0] == opened[0] and len(mark) >= len(opened) and not behind.strip():
            opened = ""
    return bool(opened)


def _open_prose(text: str, whole: str) -> str | None:
    line = text[text.rfind("\n") + 1 :].strip()
    last = text.rstrip(_CLOSERS)
    if not last or whole[-1] != text[-1] or _UNMARKED.search(line):
        return None
    sign = text[-1]
    spaced = not _IDEOGRAPHS.search(line)
    size = len(text.split()) if spaced else len(text) // 2
    ends = len(_SENTENCE_END.findall(text))
    if sign in _GOES_ON and size >= _ENOUGH and ends >= _MARKED:
        short = sign in ",，" and not _sentence_like(line)
        return None if short or _CLOSING.match(line) or _verse(text) else f"`{_tail(text)}`, with more to come"
    if last[-1] in _ENDS or not (last[-1].isalpha() or last[-1] in ","):
        return None
    if text[-1] != last[-1]:
        return None
    word = _WORD.search(text[-_LONG:])
    if word and spaced and ends and size >= _LINE and word[0].islower() and word[0] in _NEEDS_MORE and not _verse(text):
        return f"`{_tail(text)}`, in the middle of a sentence"
    if (
        size < _ENOUGH
        or (not ends and spaced)
        or _ADDRESS.match(line.rsplit(None, 1)[-1])
        or _CLOSING.match(line)
        or _verse(text)
    ):
        return None
    return f"`{_tail(text)}`, without the mark that its other sentences have" if _styled(text, line, spaced) else None


def _styled(text: str, line: str, spaced: bool) -> bool:
    """Whether sentences like the last one have marks in this text."""
    inner = [found.end() for found in _SENTENCE_END.finditer(line)]
    rest = line[inner[-1] :].strip() if inner else line
    long = _in_small_letters(rest) if spaced else len(rest) >= 4
    if spaced and not _in_small_letters(line):
        return False
    item = _ITEM.match(line) is not None
    others = [each.strip() for each in text.split("\n")[:-1] if each.strip()]
    alike = [each for each in others if (_ITEM.match(each) is not None) == item and _sentence_like(each)]
    marked = [each for each in alike if each.rstrip(_CLOSERS)[-1:] in (*_ENDS, ":", "：")]
    if inner and long and len(inner) + len(marked) >= _MARKED:
        return len(marked) == len(alike)
    if inner and long and not alike and (len(rest.split()) >= _LINE if spaced else len(rest) >= _REST):
        return True
    if spaced and len(inner) > _MARKED and rest and rest[0].isupper() and len(rest.split()) <= _MARKED:
        return len(marked) == len(alike)
    if not spaced and not others and not inner and len(line) >= _LONG and "，" in line[:-4]:
        return True
    return _sentence_like(line) and len(marked) >= _MARKED and len(marked) == len(alike)


def _in_small_letters(text: str) -> bool:
    """Whether words are a sentence's rather than names and titles, three at least."""
    words = [word for word in text.split() if word[:1].isalpha()]
    return (
        len(words) >= 3
        and 2 * sum(word[0].islower() or not word[0].isupper() for word in words) > len(words)
        and text.count(" - ") < _MARKED
    )


def _sentence_like(line: str) -> bool:
    return len(line) >= 16 if _IDEOGRAPHS.search(line) else len(line.split()) >= _LINE


def _verse(text: str) -> bool:
    """Whether most lines of a text are as short as those of a poem."""
    lines = [line for line in text.split("\n") if line.strip()]
    return len(lines) >= 4 and sorted(map(len, lines))[len(lines) // 2] < 60 and not any(map(_ITEM.match, lines))


def _tail(text: str) -> str:
    """The last words of a text, from a whole one on."""
    before, _, words = text[-_TAIL:].partition(" ")
    return " ".join((words if len(text) > _TAIL and words else before + " " + words).split())
