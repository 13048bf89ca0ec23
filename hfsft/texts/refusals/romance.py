"""Refusals in French, Spanish, Portuguese and Italian."""

from __future__ import annotations

from hfsft.texts.refusals.wordings import Wordings

FRENCH = Wordings(
    "French",
    refuses=(
        r"\bje (?:ne |n'ai )?(?:peux|puis|suis|pourrai|pourrais|saurais|vais) (?:malheureusement )?pas "
        r"(?:(?:être )?en mesure de |capable de |autorisée? à |pouvoir )?(?:(?:vous|te|t'|y|l'|lui|en) ?)?"
        r"(?:aider(?: avec| à| dans| sur| pour| là|$|[.,;!])|assister|répondre (?:à|favorablement)|répondre[.,;!]"
        r"|donner suite|satisfaire|fournir (?:d|de|ce|cette|ces|des|une|les)\b|fournir d'|accéder à (?:votre|cette|ta)"
        r"|donner d(?:e|es|'|')|traiter (?:cette|votre|ta) (?:demande|question)|générer (?:ce|de|du|des|un)\b"
        r"|(?:écrire|rédiger|créer|produire) (?:ce|cet|cette|de tel|un tel|du contenu|ce genre)|discuter de (?:ce|cela)|parler de (?:ce|cela)|participer à|faire (?:ça|cela)[.,;!])",
        r"\bje ne (?:peux|puis) (?:vous|te) (?:aider|fournir|répondre)\b",
        r"\bje (?:dois|préfère|me vois contrainte? de) (?:poliment |respectueusement )?"
        r"(?:refuser|décliner|ne pas répondre)\b",
        r"\bje refuse (?:de |d')(?:vous |t')?(?:répondre|fournir|aider|participer|écrire|rédiger|créer|produire|générer|discuter|traiter)\b",
        r"\bje ne (?:vais|veux) pas (?:écrire|rédiger|faire|répondre à|créer) (?:ça|cela|ceci|ce texte|cette demande)\b",
        r"\bil (?:m'est|ne m'est pas) (?:malheureusement )?(?:im)?possible (?:de |d')(?:(?:vous|te|t'|y|en) ?)?"
        r"(?:aider|assister|répondre|fournir|donner suite|satisfaire|accéder|traiter)\b",
        r"\bparlons (?:plutôt )?d'autre chose\b",
        r"\b(?:cela|ça|c'est) (?:dépasse|va au-delà de|sort de|en dehors de) (?:mon|mes) (?:champ|compétences|capacités|domaine)",
        r"\bn'est pas (?:quelque chose que je peux|dans mes capacités)\b",
    ),
    disclaims=(
        r"\ben tant qu(?:e |')(?:grand )?(?:modèle (?:de langage|linguistique|d'ia)|ia|intelligence artificielle|"
        r"assistant(?:e)? (?:ia|virtuel(?:le)?)|assistant d'ia)\b[^.!?]{0,40}?\bje\b[^.!?]{0,60}(?:\bne |\bn')",
        r"\bje (?:ne )?suis (?:qu'un|juste une?|seulement une?) (?:ia|modèle de langage|intelligence artificielle|assistant ia)\b",
    ),
    asks=(
        r"\bsans (?:connaître|savoir|votre|vos|ton|plus de|davantage|voir|autres? )",
        r"\b(?:tant que|avant que) (?:vous|tu)\b",
        r"\bj'ai besoin (?:de |d')(?:plus|votre|vos|savoir|connaître|quelques)\b",
        r"\b(?:si|à moins que) (?:vous|tu) ne\b",
    ),
)

SPANISH = Wordings(
    "Spanish",
    refuses=(
        r"\bno (?:puedo|podré|podría|me es posible|me está permitido|soy capaz de|estoy en condiciones de|"
        r"estoy autorizad[oa] (?:a|para))(?: (?:ayudar(?:te|le|los|les)?|asistir(?:te|le)?))"
        r"(?: (?:con (?:eso|esto|esa|ese|esta|este|tu|su|la solicitud)|en (?:eso|esto)|a (?:hacer|crear))|$|[.,;!])",
        r"\bno (?:puedo|podré|me es posible) (?:responder(?:te|le)?|contestar)(?: a)? (?:eso|esta|esa|este|ese|tu|su|preguntas)\b",
        r"\bno (?:puedo|podré|me es posible) (?:responder|contestar)[.,;!]",
        r"\bno (?:puedo|podré|me es posible) (?:cumplir|satisfacer|atender|procesar|completar|acceder)(?: con| a)? "
        r"(?:esa|esta|ese|este|tu|su|la) (?:solicitud|petición|pregunta|tarea)",
        r"\bno (?:puedo|podré|me es posible|estoy en condiciones de) (?:proporcionar|ofrecer|dar|brindar|facilitar|generar|crear|"
        r"escribir|producir|compartir)(?:te|le|les)? (?:ese|esa|este|esta|información|instrucciones|asesoramiento|consejos|"
        r"ayuda|contenido|orientación|detalles|ningún|ninguna|material)\b",
        r"\bno (?:puedo|podré|me siento cómod[oa]) (?:hablar|hablando|discutir|discutiendo|participar|participando)"
        r"(?: (?:de|sobre|en))? (?:ese|eso|esto|este|esa|esta|temas)\b",
        r"\bno (?:puedo|voy a|deseo) (?:continuar|seguir) con (?:esta|esa|este) (?:conversación|solicitud|tema)\b",
        r"\bno (?:estoy autorizad[oa]|se me permite|tengo permitido) (?:a |para )?(?:hablar|responder|discutir|ayudar|proporcionar)",
        r"\bno (?:puedo|voy a) (?:escribir|redactar|crear|generar) (?:ese|este|esa|esta|un|una) (?:tipo de |texto|contenido|historia|mensaje)",
        r"\b(?:debo|tengo que|prefiero) (?:rechazar|declinar|negarme|no (?:responder|hablar))\b",
        r"\bno (?:voy a|pienso) (?:escribir|redactar|hacer|responder|crear) (?:eso|esto|a eso|algo así)\b",
        r"\bme niego a (?:responder|ayudar|escribir|redactar|crear|generar|proporcionar|participar|hablar|dar)",
        r"\bno (?:puedo|podré|voy a) (?:cumplir con|hacer|darte|escribir) lo que (?:me )?(?:pides|pide|solicitas|solicita)\b",
        r"\b(?:lo siento|lo lamento|lamentablemente|perdón|disculpa|me temo)\b[^.!?]{0,24}\bno (?:puedo|podré|me es posible) "
        r"(?:ayudar|asistir)(?:te|le|los|les)?\b",
        r"\bhablemos de otra cosa\b",
        r"\blo siento,? (?:pero )?no puedo (?:hacer eso|hacerlo|ayudar)",
        r"\b(?:está|queda) fuera de mi(?:s)? (?:alcance|capacidades)\b",
    ),
    disclaims=(
        r"\bcomo (?:un |una )?(?:gran )?(?:modelo de lenguaje|ia|inteligencia artificial|asistente (?:de ia|virtual|de inteligencia artificial))"
        r"(?=$|[,.;:!?]| (?:no|que|de|desarrollad|cread|entrenad|y|sin))[^.!?]{0,30}?(?:, |\b)no (?:tengo|puedo|soy|estoy|poseo|dispongo|me|he)\b",
        r"\b(?:solo |sólo |simplemente )soy (?:un |una )(?:ia|modelo de lenguaje|inteligencia artificial|asistente de ia)\b",
    ),
    asks=(
        r"\bsin (?:saber|conocer|tu|su|más|ver|tener)\b",
        r"\bhasta que (?:me |nos )?",
        r"\ba menos que\b",
        r"\bsi no (?:me|sé|tengo)\b",
        r"\bnecesit(?:o|aría) (?:más|saber|conocer|tu|su|que me)\b",
    ),
)

PORTUGUESE = Wordings(
    "Portuguese",
    refuses=(
        r"\bnão (?:posso|poderei|poderia|consigo|sou capaz de|estou autorizad[oa] a|me é possível|vou poder) "
        r"(?:te |o |a |lhe )?(?:ajudar|ajudá-lo|ajudá-la|auxiliar|auxiliá-lo|assistir)"
        r"(?: (?:você )?(?:com (?:isso|isto|essa|esse|esta|este|sua|seu|o seu|a sua|tal)|nisso|nisto|nesse|nessa|a (?:fazer|criar))|$|[.,;!])",
        r"\bnão (?:posso|poderei|consigo|é possível) (?:responder|atender|satisfazer|cumprir|processar)(?: a| com)?"
        r"(?: (?:isso|essa|esse|esta|este|sua|seu|tal|o seu|a sua|à sua|à essa)\b|à (?:sua|essa|esta)\b|[.,;!])",
        r"\bnão (?:posso|poderei|consigo|estou autorizad[oa] a) (?:fornecer|oferecer|dar|gerar|criar|escrever|produzir|compartilhar|"
        r"partilhar)(?:-lhe)? (?:esse|essa|este|esta|informaç(?:ão|ões)|instruções|conselhos|orientaç(?:ão|ões)|ajuda|conteúdo|"
        r"detalhes|nenhum|nenhuma|qualquer|material|tal)\b",
        r"\bnão (?:posso|me sinto confortável (?:em|a)|vou) (?:falar|discutir|discutindo|participar|falando)"
        r"(?: (?:sobre|de|em))? (?:isso|esse|essa|este|esta|nesse)\b",
        r"\bnão (?:posso|vou) (?:escrever|criar|gerar) (?:esse|este|essa|esta|um|uma) (?:tipo de |texto|conteúdo|história|mensagem)",
        r"\b(?:devo|tenho que|preciso|prefiro) (?:recusar|não responder|não falar|declinar)\b",
        r"\b(?:desculpe|lamento|sinto muito|desculpa),? (?:mas )?não (?:posso|consigo) (?:fazer isso|ajudar|fazê-lo)",
        r"\bnão vou (?:escrever|redigir|fazer|responder|criar) (?:isso|isto|a isso|algo assim)\b",
        r"\b(?:recuso-me|me recuso) a (?:responder|ajudar|escrever|redigir|criar|gerar|fornecer|participar|falar|dar)",
        r"\bnão (?:posso|vou) (?:fazer|cumprir|escrever) o que (?:me )?(?:pede|você pede|pediu|você pediu|você está pedindo)\b",
        r"\b(?:sinto muito|lamento|desculpe|desculpa|infelizmente|peço desculpas?)\b[^.!?]{0,24}\bnão (?:posso|consigo|poderei) "
        r"(?:te |o |a |lhe )?(?:ajudar|auxiliar|ajudá-l[oa])\b",
        r"\bvamos falar de outra coisa\b",
        r"\b(?:está|fica) (?:fora|além) d(?:o|as) (?:meu|minhas) (?:alcance|escopo|capacidades)\b",
    ),
    disclaims=(
        r"\bcomo (?:um |uma )?(?:grande )?(?:modelo de linguagem|ia|inteligência artificial|assistente (?:de ia|virtual))"
        r"(?=$|[,.;:!?]| (?:eu|não|que|desenvolvid|criad|treinad|e|sem))[^.!?]{0,40}?\bnão (?:tenho|posso|sou|possuo|consigo|estou)\b",
        r"\b(?:sou apenas|eu sou só) (?:um |uma )(?:ia|modelo de linguagem|inteligência artificial|assistente de ia)\b",
    ),
    asks=(
        r"\bsem (?:saber|conhecer|o seu|a sua|seu|sua|mais|ver|ter)\b",
        r"\baté (?:que )?(?:você|o senhor|me)\b",
        r"\ba menos que\b",
        r"\bse (?:você )?não (?:me|souber)\b",
        r"\bpreciso (?:de mais|saber|do seu|da sua|que você|de algumas)\b",
    ),
)

ITALIAN = Wordings(
    "Italian",
    refuses=(
        r"\bnon (?:posso|potrò|sono in grado di|mi è possibile|riesco ad?|sono autorizzat[oa] a(?:d)?) "
        r"(?:aiutar(?:ti|la|vi|e)|assister(?:ti|la|vi|e))"
        r"(?: (?:con (?:questo|quest|questa|ciò|la tua|la sua|tale)|in (?:questo|ciò|questa)|a (?:fare|creare))|$|[.,;!])",
        r"\bnon (?:posso|potrò|sono in grado di|mi è possibile) (?:risponder(?:e|ti|le)|soddisfare|esaudire|accogliere|elaborare|"
        r"dar seguito)(?: a)?(?: (?:questa|questo|quella|la tua|la sua|tale|tali|alla tua|alla sua|a questa)\b"
        r"|[.,;!]| alla (?:tua|sua)\b)",
        r"\bnon (?:posso|potrò|sono in grado di|mi è possibile) (?:fornir(?:e|ti|le)|offrir(?:e|ti|le)|dar(?:e|ti|le)|generare|creare|"
        r"scrivere|produrre|condividere) (?:quest[oaei]|informazioni|istruzioni|consigli|indicazioni|assistenza|aiuto|contenuti?|"
        r"dettagli|alcun|alcuna|tali|materiale)\b",
        r"\bnon (?:posso|voglio|mi sento a mio agio (?:a|nel)) (?:parlare|discutere|parlarne|discuterne|partecipare)"
        r"(?: (?:di|a|in))?(?: (?:questo|questi|ciò|quest)|[.,;!])",
        r"\bnon (?:mi è (?:consentito|permesso)|sono autorizzat[oa] a) (?:di )?(?:risponder|parlar|aiutar|fornir|discuter)",
        r"\bnon (?:posso|voglio) (?:scrivere|creare|generare) (?:quest[oai]|un|una|tal[ei]|contenut) ?(?:testo|tipo|contenut|storia|messaggio)?",
        r"\b(?:devo|preferisco|sono costrett[oa] a) (?:rifiutare|declinare|rifiutarmi|non rispondere)\b",
        r"\b(?:mi dispiace|spiacente|mi scuso),? (?:ma )?non posso (?:farlo|aiutar)",
        r"\bnon (?:scriverò|farò|risponderò a|intendo scrivere|intendo fare) (?:questo|ciò|quest[oa] \w+|una cosa simile)\b",
        r"\bmi rifiuto di (?:rispondere|aiutar|scrivere|creare|generare|fornire|partecipare|parlare|dare|produrre)",
        r"\b(?:mi dispiace|spiacente|purtroppo|mi scuso)\b[^.!?]{0,24}\bnon (?:posso|potrò|sono in grado di) "
        r"(?:aiutar|assister)(?:ti|la|vi|e)\b",
        r"\bparliamo d(?:i|')\s?altro\b",
        r"\b(?:va oltre|esula da(?:lle|l)?|è al di fuori d(?:i|el|elle)) (?:mi[eo] |il mio |le mie )?(?:ambito|capacità|competenze)",
    ),
    disclaims=(
        r"\b(?:come|in quanto|essendo un) (?:un |una )?(?:grande )?(?:modello (?:di linguaggio|linguistico)|ia|intelligenza artificiale|"
        r"assistente (?:ia|virtuale))(?=$|[,.;:!?]| (?:non|che|svilupp|cre|addestr|e|senza))[^.!?]{0,40}?\bnon (?:ho|posso|sono|possiedo)\b",
        r"\bsono (?:solo|soltanto|semplicemente) (?:un |un'|una )(?:ia|modello linguistico|intelligenza artificiale|assistente ia)\b",
    ),
    asks=(
        r"\bsenza (?:sapere|conoscere|il tuo|il suo|la tua|la sua|ulteriori|altre|vedere|avere|maggiori|più)\b",
        r"\b(?:finché|fino a quando) (?:non )?",
        r"\ba meno che\b",
        r"\bse non (?:mi|so|ho)\b",
        r"\bho bisogno (?:di|del|della|che) (?:sapere|più|ulteriori|altre|maggiori|tu|suo|tuo|conoscere)",
    ),
)
