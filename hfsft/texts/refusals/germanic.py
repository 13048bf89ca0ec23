"""Refusals in German and Dutch."""

from __future__ import annotations

from hfsft.texts.refusals.wordings import Wordings

_HELP = r"(?:(?:weiter)?helfen|behilflich sein|unterstützen|beantworten|nachkommen|antworten|entsprechen|erfüllen|mitmachen)"
_MATTER = (
    r"(?:informationen|anleitung(?:en)?|auskunft|auskünfte|hilfe|inhalte?|ratschläge|rat|anweisungen|details|empfehlung(?:en)?|"
    r"antwort|unterstützung|tipps)"
)
_GIVE = r"(?:geben|bereitstellen|anbieten|erstellen|liefern|erteilen|machen|erzeugen|generieren|leisten|schreiben|verfassen|teilen)"
# Words between the verb and its end; what is negated is the answer, not a thing that a shop sells.
_WORDS = r"(?:[\w'-]+,? ){0,6}?"

GERMAN = Wordings(
    "German",
    refuses=(
        rf"\b(?:kann|darf|werde|möchte) ich (?!(?:mir|es|sie|ihn)\b){_WORDS}(?:nicht|leider nicht) (?:\w+ ){{0,2}}?{_HELP}\b",
        rf"\bich (?:kann|darf|werde|möchte|könnte) (?!(?:mir|es|sie|ihn)\b){_WORDS}nicht (?:\w+ ){{0,2}}?{_HELP}\b",
        rf"\b(?:ich (?:kann|darf|werde)|(?:kann|darf|werde) ich) {_WORDS}keine (?:\w+ ){{0,2}}{_MATTER} (?:[\w-]+ ){{0,5}}?{_GIVE}\b",
        rf"\b(?:ich (?:kann|darf|werde)|(?:kann|darf|werde) ich) (?:dir |ihnen |euch )?(?:leider )?(?:diese[nrs]?|solche|derartige|so eine?) (?:[\w-]+ ){{0,3}}?nicht {_GIVE}\b",
        r"\bich (?:kann|darf|möchte|werde) (?:leider )?(?:darüber|über (?:dieses|das|solche) (?:thema|themen)) (?:[\w-]+ ){0,3}?nicht "
        r"(?:sprechen|reden|diskutieren|schreiben)\b",
        r"\bverst(?:össt|ößt|össt) gegen meine (?:richtlinien|regeln|grundsätze)",
        r"\bich bin (?:leider )?nicht (?:in der lage|befugt|berechtigt|dazu da|imstande),? (?:[\w-]+ ){0,6}?(?:zu )?"
        r"(?:helfen|beantworten|unterstützen|geben|erstellen|erfüllen|diskutieren|weiterzuhelfen|bereitzustellen|nachzukommen)\b",
        r"\b(?:das|dies) (?:kann|darf|werde) ich (?:leider )?nicht (?:tun|machen|beantworten)\b",
        r"\b(?:kann|darf|werde) ich (?:[\w-]+ ){0,2}?(?:anfrage|bitte|frage|aufgabe|aufforderung|anliegen|wunsch) (?:leider )?nicht "
        r"(?:bearbeiten|ausführen|erledigen)\b",
        r"\bich (?:kann|darf|werde) (?:leider )?(?:[\w-]+ ){0,2}?(?:anfrage|bitte|aufgabe|aufforderung|wunsch) (?:leider )?nicht "
        r"(?:bearbeiten|ausführen|erledigen)\b",
        r"\bich (?:muss|möchte) (?:[\w-]+ ){0,4}?(?:ablehnen|zurückweisen)\b",
        r"\b(?:so etwas|das|sowas|dergleichen) (?:schreibe|mache|tue|beantworte|erstelle) ich (?:leider |aber )?nicht(?=$|[.,;!])",
        r"\bich weigere mich,? (?:[\w-]+ ){0,6}?(?:zu )?(?:schreiben|erstellen|helfen|beantworten|antworten|verfassen)\b",
        r"\bich lehne (?:es|das|diese) (?:[\w-]+ ){0,3}?ab\b",
        r"\b(?:lass|lassen sie|lasst) uns (?:lieber )?über (?:etwas anderes|ein anderes thema) (?:sprechen|reden)\b",
        r"\b(?:übersteigt|liegt ausserhalb) mein(?:e|er|es)? (?:fähigkeiten|möglichkeiten|zuständigkeit|rahmen)",
    ),
    disclaims=(
        r"\bals (?:ein(?:e)? )?(?:grosses )?(?:ki|künstliche intelligenz|(?:ki-)?sprachmodell|ki-(?:assistent(?:in)?|modell|system|"
        r"chatbot))(?=$|[,.;:!?]| (?:kann|habe|bin|darf|verfüge|besitze|ist|das|die|der))[^.!?]{0,60}\b(?:ich|mir|es)\b"
        r"[^.!?]{0,60}\b(?:nicht|keine?n?)\b",
        r"\bich bin (?:nur|lediglich|bloss) ein(?:e)? (?:ki|künstliche intelligenz|sprachmodell|ki-\w+|chatbot)\b",
    ),
    asks=(
        r"\bohne (?:[\w-]+ ){0,3}?(?:zu (?:kennen|wissen|sehen)|ihre?n?|deine?n?|weitere|mehr|nähere|genauere|die|den)\b",
        r"\b(?:solange|bevor|bis|wenn) (?:sie|du|ich) (?:mir |uns )?(?:[\w-]+ ){0,5}?(?:nicht|keine|nennen|nennst|sagen|sagst|weiss|kenne)\b",
        r"\bich (?:brauche|benötige) (?:[\w-]+ ){0,2}?(?:mehr|weitere|nähere|ihre|deine|informationen|angaben|zuerst)\b",
    ),
)

DUTCH = Wordings(
    "Dutch",
    refuses=(
        r"\b(?:ik (?:kan|mag|zal|wil)|(?:kan|mag|zal) ik) (?:[\w'-]+ ){0,5}?niet (?:[\w'-]+ ){0,3}?"
        r"(?:helpen|van dienst zijn|beantwoorden|assisteren|antwoorden|voldoen|inwilligen|bespreken|uitvoeren|doen voor (?:je|u)|meewerken|ingaan)\b",
        r"\b(?:ik (?:kan|mag|zal)|(?:kan|mag|zal) ik) (?:[\w'-]+ ){0,4}?geen (?:[\w'-]+ ){0,2}?(?:informatie|instructies|advies|hulp|"
        r"inhoud|antwoord|details|begeleiding|aanwijzingen|uitleg) (?:[\w'-]+ ){0,5}?(?:geven|verstrekken|bieden|maken|delen|leveren)\b",
        r"\bik (?:kan|mag|wil|zal) (?:helaas )?(?:die|deze|dit|zulke|zo'n|daar|hier) (?:[\w'-]+ ){0,3}?niet (?:over )?"
        r"(?:schrijven|maken|genereren|praten|bespreken|over praten)\b",
        r"\bik (?:ga|weiger) (?:om )?(?:dit|dat|zoiets|zulke|deze|die) (?:[\w'-]+ ){0,3}?(?:niet|te) "
        r"(?:schrijven|doen|maken|beantwoorden|genereren|helpen)\b",
        r"\bik ben niet in staat (?:om )?(?:[\w'-]+ ){0,5}?(?:te )?(?:helpen|beantwoorden|voldoen|geven|bieden|assisteren)\b",
        r"\bik (?:moet|wil) (?:[\w'-]+ ){0,4}?(?:weigeren|afwijzen|bedanken)\b",
        r"\b(?:dat|dit) (?:kan|mag) ik (?:helaas )?niet (?:doen|beantwoorden)\b",
        r"\blaten we (?:het )?over (?:iets anders|een ander onderwerp) (?:praten|hebben)\b",
        r"\b(?:valt|ligt) buiten mijn (?:mogelijkheden|bereik|bevoegdheid)\b",
    ),
    disclaims=(
        r"\bals (?:een )?(?:groot )?(?:ai|taalmodel|ai-(?:assistent|taalmodel|model)|kunstmatige intelligentie)"
        r"(?=$|[,.;:!?]| (?:heb|kan|ben|beschik))[^.!?]{0,60}\bik\b[^.!?]{0,60}\b(?:niet|geen)\b",
        r"\bik ben (?:slechts|maar|alleen) een (?:ai|taalmodel|kunstmatige intelligentie|ai-\w+)\b",
    ),
    asks=(
        r"\bzonder (?:[\w'-]+ ){0,3}?(?:te weten|te kennen|te zien|uw|je|jouw|meer|verdere|extra)\b",
        r"\b(?:totdat|voordat|tenzij|zolang|als) (?:u|je|ik) ",
        r"\bik heb (?:[\w'-]+ ){0,2}?(?:meer|uw|je|extra|verdere) (?:[\w'-]+ ){0,3}?nodig\b",
    ),
)
