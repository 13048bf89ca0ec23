"""Whether somebody asks for another language than that of the asking: `Translate into French`, `auf Deutsch`."""

from __future__ import annotations

import re

from hfsft.letters.late_patterns import at_first_use

_NAMED = at_first_use(
    r"\b(?:translat\w*|bilingual|multilingual|(?:another|other|foreign|different|two|both|native|target|source) languages?|"
    r"english|spanish|french|german|italian|portuguese|dutch|russian|chinese|mandarin|cantonese|japanese|korean|arabic|"
    r"hindi|urdu|bengali|punjabi|tamil|telugu|marathi|gujarati|vietnamese|thai|lao|khmer|burmese|indonesian|malay|javanese|"
    r"turkish|polish|czech|slovak|swedish|norwegian|danish|finnish|icelandic|greek|hebrew|yiddish|latin|persian|farsi|"
    r"pashto|kurdish|swahili|amharic|somali|hausa|yoruba|igbo|zulu|xhosa|afrikaans|tagalog|filipino|romanian|hungarian|"
    r"ukrainian|bulgarian|serbian|croatian|bosnian|slovenian|albanian|estonian|latvian|lithuanian|catalan|basque|galician|"
    r"irish|welsh|gaelic|maltese|armenian|georgian|azerbaijani|kazakh|uzbek|mongolian|tibetan|nepali|sinhala|esperanto|"
    r"pinyin|romaji|"
    r"traduc\w*|traduz\w*|tradui\w*|traduzion\w*|inglés|español|francés|alemán|chino|japonés|inglese|spagnolo|francese|"
    r"tedesco|cinese|giapponese|italiano|portugu[eê]s|inglês|espanhol|francês|alemão|anglais|espagnol|français|allemand|"
    r"chinois|japonais|übersetz\w*|englisch\w*|spanisch\w*|französisch\w*|deutsch\w*|chinesisch\w*|japanisch\w*|"
    r"italienisch\w*|vertaal\w*|engels|spaans|frans|duits|przetłumacz\w*|angielsk\w*|niemieck\w*|francusk\w*|polsk\w*|"
    r"çevir\w*|ingilizce\w*|almanca\w*|fransızca\w*|türkçe\w*|terjemah\w*|bahasa|dịch|tiếng (?!ồn|động|vang|nói|kêu|tăm)\w+|"
    r"переве\w*|перевод\w*|английск\w*|русск\w*|немецк\w*|французск\w*|испанск\w*|китайск\w*)\b"
    r"|翻译|翻譯|译成|译为|譯成|[英法德俄日韩韓泰葡阿]语|[英法德俄日韩韓泰葡阿]語|[英法德日俄中韩韓]文|汉语|漢語|西班牙语|意大利语|拉丁语|"
    r"越南语|葡萄牙语|阿拉伯语|外语|双语|拼音|英語|日本語|中国語|韓国語|フランス語|ドイツ語|スペイン語|翻訳|영어|한국어|일본어|중국어|프랑스어|독일어|번역"
    r"|ترجم|الإنجليزية|العربية|الفرنسية|انگلیسی|अनुवाद|अंग्रेज़?ी|हिन्दी|हिंदी|แปล|ภาษา",
    re.IGNORECASE,
)
_QUOTED_LATIN = at_first_use("[“\"「『‘《（(`]\\s*[A-Za-z][A-Za-z' ,.?!-]{2,}")


def names_language(asked: str) -> bool:
    """Whether it names a language, or asks for a translation."""
    return _NAMED.search(asked) is not None


def quotes_latin(asked: str) -> bool:
    """Whether it quotes something in Latin letters."""
    return _QUOTED_LATIN.search(asked) is not None
