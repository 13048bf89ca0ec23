"""What a model wrote as the next message of a user: taken out of what it put around it, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from hfsft.letters.late_patterns import at_first_use
from hfsft.rows.messages import Message
from hfsft.texts.peel import peel
from hfsft.texts.prompt_asking import answers
from hfsft.texts.prompt_faults import prompt_fault, rule_of, says_again

END = "[END]"
"""What the simulated user writes where it has nothing more to say."""
LONG = 30  # words, from which a message that asks nothing and tells nothing of who writes it is an answer
_END = at_first_use(
    r"[\[(<*]{1,4} ?(?i:end(?: of (?:the )?conversation)?) ?[\])>*]{1,4}|\A\W{0,20}END(?: OF CONVERSATION)?\W{0,20}\Z"
)
_USERS = r"(?:user|customer|client|human|person|caller|visitor|you|me)"
_OTHERS = r"(?:assistant|agent|ai|bot|chatbot|support(?: agent)?|representative|system|tool)"
_MARK = r"[\s*_#>\[(]{0,4}"
_MINE = at_first_use(
    rf"\A{_MARK}{_USERS}(?:{_MARK}[\])]?[*_ ]{{0,3}}[:：][*_ ]{{0,3}}\s*|[\])*_]{{1,4}}\s*\n|\s*\n)", re.IGNORECASE
)
_THEIRS = at_first_use(
    rf"^{_MARK}{_OTHERS}\b(?:[^\n:：]{{0,30}}[:：\]]|[\])*_]{{1,4}}\s*$)", re.IGNORECASE | re.MULTILINE
)
# A user may answer what the assistant asked.
_YES = at_first_use(
    r"\A(?:(?:oh|ah|well|ok(?:ay)?)[,.!]? )?(?:yes|yeah|yep|no|nope|sure|certainly|absolutely|of course|ja|nein|nee|oui|non|s[íì]|sim|não|"
    r"да|нет|tak|nie|evet|hayır|ya|tidak|có|không|vâng|是的|好的|不|はい|いいえ|네|아니요|نعم|لا|हाँ|नहीं|ใช่)(?:[,.!，、。:]\s*|\s*\Z)",
    re.IGNORECASE,
)
# What only whoever helps says.
_HELPS = at_first_use(
    r"\b(?:i(?:'m| am)|we(?:'re| are)) (?:(?:very |always |more than )?(?:happy|glad|here)) to (?:help|assist)"
    r"|\b(?:how|what) (?:else )?(?:can|may) i (?:help|assist|do for) you|\bcan i (?:help|assist) you"
    r"|\blet me (?:check|look (?:into )?that|look that up|pull (?:up|that up))[^.!?\n]{0,30} for you"
    r"|\bplease (?:provide|share|tell) (?:me |us )?(?:with )?your\b|\bi(?:'ll| will)? (?:apologi[sz]e|be happy to)\b"
    r"|\bthank you for (?:contacting|reaching out|your (?:patience|understanding|question|inquiry|message))"
    r"|\byou(?:'re| are) (?:very |most )?welcome\b|\bfeel free to (?:ask|reach out|contact)"
    r"|\bif you have (?:any )?(?:other|further|more|additional) questions|\bis there anything else (?:i|we) can"
    r"|\bwie kann ich (?:ihnen|dir) (?:weiter)?helfen|\bvielen dank für ihre (?:anfrage|nachricht|geduld)|\bich helfe (?:ihnen|dir) gerne"
    r"|\b(?:comment|en quoi) puis-je vous aider|\bn'hésitez pas à me|\bje (?:suis|serais) (?:ravie?|heureu(?:x|se)) de vous aider"
    r"|¿?(?:cómo|en qué) puedo ayudar(?:te|le)|\bno dudes? en (?:preguntar|contactar)|\bestoy aquí para ayudar"
    r"|\bcome posso aiutar(?:ti|la)|\bcomo posso (?:te |lhe )?ajudar|\b(?:hoe|waarmee) kan ik (?:u|je) helpen|\bчем (?:я )?могу (?:вам )?помочь"
    r"|\bw czym mogę (?:ci |panu |pani )?pomóc|\bsize nasıl yardımcı|\btôi có thể giúp (?:gì|bạn)|\bada yang bisa saya bantu"
    r"|(?:有什么|请问).{0,8}帮|很高兴(?:为|能)|お手伝いでき|いかがなさいました|무엇을 도와|كيف يمكنني مساعدتك|मैं आपकी .{0,20}मदद",
    re.IGNORECASE,
)


class UserTurn(NamedTuple):
    """One message of a simulated user."""

    text: str  # empty where it only ended the conversation
    ends: bool  # whether nothing of the user comes behind it


def read(text: str) -> UserTurn:
    """The message in what a model wrote: without its label, what the other side would say to it, and the end mark."""
    text = text.strip()
    ends = (found := _END.search(text)) is not None
    if found:
        text = text[: found.start()].strip()
    text = _MINE.sub("", peel(text))
    if (other := _THEIRS.search(text)) and (kept := text[: other.start()].strip()):
        text = kept
    return UserTurn(peel(text), ends)


def fault(text: str, before: Sequence[Message], own: Collection[str]) -> str | None:
    """Why a message is none that this user would write next, in a word; None where it may be one.

    It is checked as other prompts that models write (`hfsft.texts.prompt_faults`), as a turn of this conversation. Of
    these rules `unchanged` says here that the user says again what it said before, `language` that it is in another
    than that, `answers` that it speaks for the assistant; `echoes` says that it repeats what that said last. `own` are
    runs of words of the template.
    """
    said = [turn["content"] for turn in before if turn["role"] == "user"]
    if _HELPS.search(text):
        return "answers"
    told = _YES.sub("", text) or text
    if found := prompt_fault(told, "", own, shown=said, language_of="\n".join(said), turn=True):
        return rule_of(found)
    if any(says_again(told, turn) for turn in said):
        return "unchanged"
    last = next((turn["content"] for turn in reversed(before) if turn["role"] == "assistant" and turn["content"]), "")
    if last and (prompt_fault(text, last) == "unchanged" or says_again(text, last)):
        return "echoes"
    return "answers" if len(text.split()) >= LONG and answers(told, said[-1]) else None
