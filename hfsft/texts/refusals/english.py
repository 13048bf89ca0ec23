"""Refusals in English."""

from __future__ import annotations

from hfsft.texts.refusals.wordings import Wordings

_NOT = (
    r"\bi(?: (?:really|simply|just|also|still|unfortunately|regrettably|therefore|absolutely|respectfully))?"
    r"(?: (?:can't and won't|cannot and will not|can't|cannot|can not|could not|won't be able to|will not be able to"
    r"|wouldn't be able to|would not be able to|won't|will not|refuse to|am not going to"
    r"|am (?:really |simply |currently )?(?:not able|unable) to)"
    r"|'m (?:really |simply |currently |sorry,? but )?(?:not able|unable) to|'m not going to"
    r"|'(?:d|ll) (?:be unable|not be able) to)"
    r"(?: (?:directly|ethically|legally|morally|in good (?:conscience|faith)|knowingly|personally|really|actually|currently))?"
)
_MATTER = (
    r"(?:information|instructions?|guidance|advice|assistance|support|help|details|an(?:swer)?|responses?|definition|list|"
    r"plan|suggestions?|content|material|opinions?|recommendations?|reasons?|process|ways?|method|jokes?|scripts?)"
)
_BAD = (
    r"(?:explicit|sexual|sexually|pornographic|harmful|illegal|unethical|hateful|racist|sexist|violent|graphic|offensive|"
    r"inappropriate|discriminatory|defamatory|derogatory|misleading|malicious|dangerous|copyrighted|nsfw|adult|erotic|"
    r"instructions|anything)"
)
_MAKING = (
    r"(?:provide|offer|give|suggest|discuss|generate|create|write|produce|recommend|share|supply|roleplay|role-play|"
    r"depict|describe|simulate)"
)
_REQUEST = (
    r"(?:requests?|questions?|prompts?|tasks?|quer(?:y|ies)|instructions?|topics?|conversation|demands?|subjects?)"
)
_SPEAKING = r"(?:answer|respond|help|assist|shar|giv|provid|discuss|offer|generat|creat|writ|engag|support)(?:e|ing)?"
_SORRY = r"\b(?:sorry|apologi[sz]e|apologies|afraid|unfortunately|regret)\b[^.!?]{0,40}"
_CRIME = (
    r"(?:harm|hurt|break|cheat|commit|bypass|circumvent|evade|forge|fake|counterfeit|falsify|hack|steal|stalk|spy|crack|pirate|"
    r"plagiari[sz]e|launder|smuggle|kill|poison|attack|exploit|impersonate|deceive|defraud|scam|harass)"
)
_OPENS = r"(?:^|(?<=[.!?:] ))(?:sorry,? (?:but )?)?"
_END = r"(?:$|[.,;!?])"

_AI = (
    r"an? (?:[\w-]+ )?(?:ai|a\.i\.|artificial intelligence|language model|large language model|chatbot)"
    r"(?: (?:language )?(?:model|assistant|chatbot|bot|system|program|tool|agent))?"
)
# The machine means itself where no noun follows (not `AI engineer`, `AI company`).
_ITSELF = (
    r"(?=$|[,.;:!?()-]|(?: (?:and|that|who|with|without|so|i|i'm|i've|my|it|it's|but|developed|created|trained|made|"
    r"built|designed|programmed|by|from|here|which|running)\b))"
)

ENGLISH = Wordings(
    "English",
    refuses=(
        rf"{_NOT} (?:help|assist)(?: you)? (?:with (?:that|this|it|your|such|any|anything|those|these|"
        r"(?:creat|writ|generat|produc|mak|plan|hack)ing)|in (?:that|this|any))\b",
        rf"{_NOT} (?:help(?: you| out)?|assist(?: you)?)(?: here| there| further)?(?:{_END}| (?:as|because|since)\b)",
        rf"{_OPENS}(?:can't|cannot|unable to) (?:help|assist)(?: you)?(?: with (?:that|this|it|your|such)\b|{_END})",
        rf"{_NOT} (?:comply|oblige|fulfil?l|answer|respond to|engage (?:in|with)|participate in|talk about|speak about|"
        r"comment on|continue)(?: (?:with|in))?"
        rf"(?: (?:your|this|that|such|any|these|those|harmful|illegal|sensitive|the {_REQUEST}|{_REQUEST})\b|{_END})",
        rf"{_NOT} (?:process|complete|perform|execute|satisfy|accommodate|grant|honou?r|support|entertain|proceed with|"
        rf"go along with|carry out|accept|follow|do)(?: to)? (?:this|that|your|the|such|any)(?: [\w-]+)? {_REQUEST}\b",
        rf"{_SORRY}{_NOT} do (?:that|this|so|it)\b",
        rf"{_SORRY}{_NOT} (?:help|assist)\b(?! (?:but\b|\w+ing\b(?! (?:you|with)\b)))",
        rf"\b(?:sorry|apologi[sz]e|apologies|afraid)\b[^.!?]{{0,40}}{_NOT} (?:(?:tell|show|teach|walk) you (?:how to|through)\b"
        rf"|go (?:there|down that road){_END})",
        rf"{_NOT} walk you through (?:that|this)\b",
        rf"{_NOT} (?:help|assist)(?: you)?(?: to| in| with)? {_CRIME}(?:ing)?\b",
        rf"{_NOT} (?:provide|offer|give|make)(?: you)?(?: with)?(?: any| an?| specific){{0,2}} "
        r"(?:(?:medical|legal|financial|professional|psychological|psychiatric|investment|tax|clinical) \w+|diagnos[ei]s)",
        r"\bi (?:don't|do not) (?:engage in|participate in|take part in|assist with|help with) "
        r"(?:that|this|such|those|these|role-?play|harmful|illegal|hateful|explicit|sexual)\b",
        r"\bsomething (?:that )?i(?:'ll| will)? (?:have to|must|need to) (?:turn down|decline|refuse|pass on)\b",
        rf"{_OPENS}(?:no,? )?(?:but )?{_NOT} do (?:that|this|so){_END}",
        r"\b(?:so|and|therefore|hence),? (?:cannot|can't|can not|am unable to) (?:comply|assist|fulfil?l|help with (?:that|this))\b",
        rf"{_NOT} (?:support|endorse|facilitate|advise on|assist in|aid in)"
        rf"(?: (?:that|this|how to|such|any|your)\b|{_END}| (?:harm|illegal|violence))",
        r"\bi (?:don't|do not) (?:think|believe) (?:that )?i (?:can|could|should) (?:help|assist|answer|do that|discuss)\b",
        r"\bi (?:don't|do not) have the (?:ability|capability|permission) to (?:assist|help|answer|respond|discuss|fulfil?l)\b",
        r"\bi(?:'ll| will| am going to|'m going to)(?: have to)? pass on (?:this|that)\b",
        r"\bwe (?:can't|cannot|are unable to|are not able to) (?:help|assist)(?: you)? with (?:that|this|your) request\b",
        rf"{_SORRY}{_NOT} (?:discuss|talk about|go into|get into|continue|share|say)\b(?! (?:the|an?|my|our)\b)",
        rf"{_NOT} (?:provide|generate|create|produce|discuss|share|write) (?:that|this|such)\b",
        rf"{_NOT} {_MAKING}(?: you)?(?: with)?(?: any| an?| the| specific| such| detailed| helpful| safe| or){{0,4}} ?\b{_MATTER}\b"
        r"(?![^.!?]{0,60}\benough\b)",
        rf"{_NOT} {_MAKING}(?: you)?(?: with)?(?: any| an?| the){{0,2}} {_BAD}\b",
        rf"{_NOT} (?:provide|give|share|disclose|reveal)\b[^.!?]{{0,110}}\b(?:private|personal|confidential|publicly available|"
        r"privacy|consent)\b",
        rf"{_NOT} (?:suggest or )?(?:encourage|promote|condone|endorse)\b",
        rf"{_NOT} (?:and will not|and won't|nor will i) \w+",
        r"\bi(?: must|'ll have to| have to| will have to|'m going to have to|'ll| will| would like to|'d like to)"
        r"(?: (?:respectfully|politely|kindly))? (?:decline|refuse|turn (?:this|that|it) down)"
        rf"(?: (?:to|your|this|that|these|any|such|answering|and|as|because|here|on|it|the {_REQUEST})\b|{_END})",
        r"\bi (?:respectfully |politely )?decline to (?:answer|help|assist|provide|comply|discuss|respond)\b",
        rf"\bi(?:'m| am) not (?:comfortable|allowed|permitted|programmed|designed|authori[sz]ed)(?: to| with)? {_SPEAKING}\b",
        rf"\bi (?:don't|do not) feel comfortable {_SPEAKING}\b",
        r"\bi(?:'d| would) (?:rather|prefer) not(?: to)? (?:answer|discuss|continue|talk about|respond|say)\b",
        r"\bi prefer not to (?:answer|discuss|continue|talk about|respond|say)\b",
        r"\b(?:that|this|it)(?:'s| is|(?= isn't\b))(?: simply)? (?:(?:not|isn't) something (?:that )?i(?:'m| am| can|'d| would)\b"
        rf"(?: \w+){{0,3}} (?:{_SPEAKING}|do|support)\b|something (?:that )?i (?:can't|cannot|won't|am unable to) \w+)",
        r"\b(?:is|are|'s|lies|falls|goes) (?:beyond|outside)(?: of)? (?:my|the) (?:\w+ )?"
        r"(?:scope|capabilities|abilities|purview)(?:$|[.,;!?]| (?:of what i|and|so|to)\b)",
        r"\blet's (?:talk|chat|speak) about (?:something else|something different|another topic|other things)\b",
        r"\blet's (?:change|switch) (?:the )?(?:topic|subject)\b",
        r"\blet's move on to (?:a different|another) (?:topic|subject)\b",
        r"\bi(?:'m sorry| am sorry| apologi[sz]e),? but (?:it(?:'s| is) not (?:appropriate|ethical)"
        r"|(?:that|this|your) (?:\w+ )?(?:violates|goes against))\b",
        r"\bi (?:don't|do not) (?:think|feel|believe) (?:that )?it(?:'s| is| would be) (?:appropriate|ethical)\b",
        r"\bit (?:is|would be) (?:\w+ )?(?:unethical|inappropriate|irresponsible|illegal|wrong)(?: and \w+)? for me to\b",
        r"\b(?:goes |is )?against my (?:programming|guidelines|ethical|principles|polic(?:y|ies)|rules|values|content)\b",
        r"\bmy (?:programming|guidelines|policies|safety guidelines|principles) (?:do not|don't|prevent|prohibit|forbid)\b",
        r"\bviolates? (?:my|openai's|the|our) (?:content |usage |use |safety |community )?(?:polic(?:y|ies)|guidelines)\b"
        r"[^.!?]{0,40}\bi\b",
    ),
    disclaims=(
        rf"(?<!you )(?<!me )(?<!it )(?<!him )(?<!her )\bas {_AI}{_ITSELF}[^.!?]{{0,90}}\b(?:i|my|me)\b[^.!?]{{0,90}}"
        r"\b(?:don't|do not|cannot|can't|can not|not|no|never|must|unable|without|lack)\b",
        rf"\bi(?:'m| am) (?:just|only|merely) {_AI}{_ITSELF}",
        rf"\bi(?:'m| am) {_AI}{_ITSELF}[^.!?]{{0,40}}\b(?:don't|do not|cannot|can't)\b",
        r"\bi (?:don't|do not) have (?:personal (?:opinions?|beliefs|experiences|feelings|preferences|data)|"
        r"real-time|access to (?:real-time|current|up-to-date|the internet|personal))\b",
        r"\bi(?:'m (?:not able|unable) to| am unable to| can't| cannot) (?:browse|access|open|view) "
        r"(?:the (?:internet|web)|(?:external )?(?:links|urls|websites)|real-time|live)\b",
    ),
    asks=(
        r"\b(?:without|until|unless|before|till) (?:[\w'-]+ ){0,4}?(?:you|your|knowing|seeing|looking|having|more|further|"
        r"additional|details|information|context)\b",
        r"\bif (?:you|i) (?:don't|do not) (?:tell|know|have|give|share)\b",
        r"\bi(?:'d| would|'ll| will)? (?:first )?(?:need|require) (?:[\w'-]+ ){0,3}?"
        r"(?:more|further|additional|information|details|context|your|to know|to see)\b",
        r"\b(?:could|can|would) you (?:please )?(?:tell me|share|send|specify|clarify|give me|let me know)\b",
    ),
)
