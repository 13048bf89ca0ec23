"""Tells the script of a text and, for Latin script, its language by frequent short words such as `the`, `der`, `les`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from hfsft.letters import characters as chars
from hfsft.letters.late_patterns import at_first_use

# The commonest small words of each language, those too that another one shares: a language that lacked its `a` or `to`
# would be taken for the one that has them.
_WORDS = {
    "en": "the and how what where when which why with without does did is are was were this that these those my "
    "your i it you we they of for from can could should would will have has there not if but about into a an "
    "to in on at by or be as do me so he she his her its our us no one than then more most some any all",
    "de": "der das ein eine einen einem ich und nicht mein meine meinen wie wo wann was warum ist sind mit ohne "
    "für auf zu zum zur bekomme kann wird auch wenn oder aber sich bei nach über dem den in an so er sie es "
    "von aus dass wir ihr man noch nur um im am vom beim",
    "fr": "le les je et est une mon ma mes comment où quand pourquoi quel quelle avec pour dans sur vous votre "
    "puis peux qui que pas ou mais des du au aux sont la de un en il elle nous ce cette ces ne se à y son sa "
    "ses par plus leur comme",
    "es": "el los las yo y es una mi mis cómo dónde cuándo qué por para con puedo puede su hay pero del al lo como "
    "está si más la de en que un se a o no me te le sus este esta son sobre entre",
    "pt": "os as eu não uma meu minha está como onde quando posso pode para com são mas do da dos das em no na ao você "
    "seu sua é o a e de que um se me por ou mais pelo pela nos nas ser este esta sobre entre",
    "it": "il gli io e è una mio mia come dove quando perché posso può con per sono ma del della dei che non di un "
    "questo nel alla la le lo i in a si o al dal degli delle ha ho anche più tra su questa",
    "nl": "de het een ik en niet mijn hoe waar wanneer waarom is zijn met zonder voor op kan wordt ook als maar "
    "bij naar over van wat deze dit in te aan of om er dat hij zij we je u tot door uit",
    "pl": "nie jak gdzie kiedy czy jest są moje mój moja mogę i w na z do się to że dla ale oraz przez a o po od "
    "za go jej jego ich tego tym ten ta jako być u",
    "tr": "bir ve nasıl nerede ne zaman için ile bu mi mı benim var yok değil ama daha çok olarak da de her gibi "
    "kadar ki ya en",
    "vi": "tôi là và không của có được như thế nào ở đâu khi cho với một các những này bạn trong về ra vào làm sao "
    "gì bao nhiêu hãy đã sẽ hay hoặc nếu tại",
    "id": "saya dan tidak bagaimana di mana kapan apa yang dengan untuk adalah bisa ini itu dari ke pada akan oleh "
    "sebagai atau juga anda kami mereka jika cara ada",
    "sv": "jag och inte min hur var när varför är med utan för på kan också men till från det som i en ett av de "
    "vi du han hon den så om ut nu",
    "cs": "já a ne můj jak kde kdy proč je jsou s bez pro na mohu také ale do z to že v se si o u k po za od jako "
    "nebo tak být této",
}
SMALL_WORDS = {code: frozenset(words.split()) for code, words in _WORDS.items()}
_LETTERS = {
    "zh": "的是在有", "ja": "のはです日本", "ko": "이는을를", "th": "และที่ใน", "ar": "في من على", "fa": "در که از", "ur": "میں اور کے", "he": "של את על",
    "hi": "में और का", "ru": "и не на что", "uk": "та не на що", "bg": "и не на че", "el": "και το να",
}  # fmt: skip
_TOKEN = at_first_use(r"[^\W\d_]+")
_NO_WORD = at_first_use(r"['\u2019]s\b|\b[A-Z]\b")  # as in `company's` and `U.S.`
_QUOTED = at_first_use('"[^"]{0,300}"|\u201c[^\u201d]{0,300}\u201d|«[^»]{0,300}»|`[^`]{0,300}`')
_VIETNAMESE = at_first_use("[ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹđơư]", re.IGNORECASE)
VIETNAMESE = 3  # of these letters
_FEW = 2  # small words that a language is known by

_SCRIPTS = (
    ("Han", chars.HAN_BLOCK),
    ("kana", chars.KANA),
    ("Hangul", chars.HANGUL),
    ("Thai", chars.THAI),
    ("Arabic", chars.ARABIC),
    ("Hebrew", chars.HEBREW),
    ("Devanagari", chars.DEVANAGARI),
    ("Cyrillic", chars.CYRILLIC),
    ("Greek", chars.GREEK),
    ("Latin", chars.LATIN),
)
_DENSE = {"Han": 3, "kana": 2, "Hangul": 3}  # letters of an alphabet that one of these is worth
_SOME = 0.2  # share of a text's letters that makes a script one of the text's own


def sample_of(codes: Sequence[str]) -> str:
    """A text in the language that a recipe names by its ISO 639-1 code, for `other_language` to compare with.

    Empty for a language that it cannot tell, for several, and for English, which a recipe has that names none.
    """
    if len(codes) != 1 or (code := codes[0].split("-")[0].lower()) == "en":
        return ""
    return _WORDS.get(code) or _LETTERS.get(code, "")


def other_language(text: str, model: str) -> bool:
    """Whether a text is clearly in another script or language than `model`, the text it was made from; else False.

    Quoted parts of both are ignored. Languages are compared only where both texts have enough short words to tell.
    """
    text, model = _QUOTED.sub(" ", text), _QUOTED.sub(" ", model)
    new, old = scripts(text), scripts(model)
    if not new or not old:
        return False
    if max(new, key=lambda name: new[name]) not in old or ("kana" in new) != ("kana" in old):
        return True
    # Hardly a word of Vietnamese is without its letters, and no other language has them.
    ours, theirs = (len(_VIETNAMESE.findall(each)) for each in (text, model))
    if ours >= VIETNAMESE and model.isascii():
        return True
    said, given = _small_words(text), _small_words(model)
    if theirs >= VIETNAMESE and not ours and said["en"] >= _FEW:
        return True
    if not said or not given:
        return False
    (code, hits), (of, least) = said.most_common(1)[0], given.most_common(1)[0]
    return code != of and hits > _FEW and least >= _FEW and said[of] <= hits / 3 and given[code] <= least / 2


def scripts(text: str) -> dict[str, float]:
    """Script -> share of the letters, of scripts with a fifth of them or more; a Han character counts as three."""
    letters: Counter[str] = Counter()
    for letter in text:
        if letter.isalpha():
            name = next((name for name, ((first, last),) in _SCRIPTS if first <= ord(letter) <= last), "other")
            letters[name] += _DENSE.get(name, 1)
    total = letters.total()
    return {name: count / total for name, count in letters.items() if count / total >= _SOME}


def _small_words(text: str) -> Counter[str]:
    """Language -> how many words of the text are in its list of short words; languages with none are left out."""
    words = _TOKEN.findall(_NO_WORD.sub(" ", text).casefold())
    return Counter(
        {code: hits for code, known in SMALL_WORDS.items() if (hits := sum(word in known for word in words))}
    )
