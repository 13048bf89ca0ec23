"""What a model says of itself instead of answering, and whom it sends people to: `As an AI`, `consult a professional`."""

from __future__ import annotations

from collections.abc import Iterator

from hfsft.texts.phrase_packs.pack import Pack, phrase
from hfsft.texts.refusal import disclaimer


def _of_a_machine(text: str) -> Iterator[str]:
    found = disclaimer(text)
    if found:
        yield found


PACK = Pack(
    "talk of being a machine, and advice to ask somebody else",
    "the AI disclaimers of hfsft.texts.refusals in 18 languages; the moralising phrases by which WizardLM-unfiltered and "
    "OpenHermes 2.5 clean theirs; Röttger et al. 2024, XSTest, arXiv 2308.01263",
    {
        "en": phrase(
            "consult|advice|doctor|lawyer|professional|substitute|seek|attorney|therapist|not a ",
            r"""\b(?:it is |it's |is )?(?:always |very |strongly )?(?:important|best|recommended|advisable|essential|crucial) to (?:consult|seek|speak|talk|check|work)(?: with| to)? (?:with |to )?(?:an? |your )(?:\w+ ){0,3}(?:professional|doctor|physician|lawyer|attorney|therapist|expert|advisor|adviser|provider|pharmacist|specialist|accountant)\b
            |\b(?:please |you should |i recommend (?:that you )?|i (?:would|strongly) (?:advise|recommend|suggest) (?:that you )?)(?:always |also )?(?:consult(?:ing)?|seek(?:ing)?|speak(?:ing)?|talk(?:ing)?)(?: with| to)? (?:with |to )?(?:an? |your )(?:\w+ ){0,3}(?:professional|doctor|physician|lawyer|attorney|therapist|expert|advisor|adviser|provider|pharmacist|specialist|accountant)\b
            |\b(?:i am|i'm) not a (?:licensed |qualified |medical |financial |legal |real |human )*(?:doctor|lawyer|professional|attorney|therapist|physician|advisor|adviser|human|person)\b
            |\b(?:this|the information|it) (?:is|does|should) not (?:be )?(?:intended as |a |constitute |considered |taken as |meant as )*(?:substitute for )?(?:professional |financial |legal |medical |investment )+(?:advice|opinion|diagnosis)""",
        ),
        "de": phrase(
            "arzt|anwalt|fachmann|fachleute|beratung|rat ",
            r"\b(?:bitte |sie sollten |es ist (?:wichtig|ratsam|am besten),? )(?:immer |auch )?(?:einen? |ihren? )?(?:\w+ )?(?:arzt|ärztin|anwalt|fachmann|experten|steuerberater|therapeuten)\w{0,3} (?:zu )?(?:konsultieren|aufsuchen|fragen|zu rate)|\bersetzt keine (?:ärztliche|rechtliche|professionelle|medizinische)",
        ),
        "fr": phrase(
            "consulter|avis|professionnel|médecin",
            r"\b(?:il est (?:important|conseillé|recommandé|préférable) de|veuillez|n'hésitez pas à|je (?:vous )?(?:conseille|recommande) de) consulter (?:un|votre|une) (?:\w+ )?(?:médecin|professionnel|avocat|expert|spécialiste|conseiller)|\bne (?:remplace|constitue) pas un (?:avis|conseil) (?:médical|juridique|professionnel|financier)",
        ),
        "es": phrase(
            "consult|médico|profesional|abogado|sustituye",
            r"\b(?:es (?:importante|recomendable|aconsejable|mejor)|te recomiendo|le recomiendo|por favor,?|debe[s]?) (?:que )?(?:siempre )?consult\w{1,4} (?:a|con) (?:un|su|tu|una) (?:\w+ )?(?:médico|profesional|abogado|experto|especialista|asesor)|\bno (?:sustituye|constituye|reemplaza) (?:el |un )?(?:consejo|asesoramiento) (?:médico|legal|profesional|financiero)",
        ),
        "pt": phrase(
            "consult|médico|profissional|advogado|substitui",
            r"\b(?:é (?:importante|recomendável|aconselhável|melhor)|recomendo|por favor,?) (?:que )?(?:sempre )?consult\w{1,4} (?:um|seu|uma|com um) (?:\w+ )?(?:médico|profissional|advogado|especialista|consultor)|\bnão substitui (?:o |um )?(?:aconselhamento|conselho|parecer)",
        ),
        "it": phrase(
            "consult|medico|professionista|avvocato|sostituisce",
            r"\b(?:è (?:importante|consigliabile|meglio)|ti consiglio di|si consiglia di|per favore,?) consult\w{2,4} (?:un|il tuo|il proprio|sempre un) (?:\w+ )?(?:medico|professionista|avvocato|esperto|specialista|consulente)|\bnon sostituisce (?:il |un )?(?:parere|consiglio|consulto)",
        ),
        "ru": phrase(
            "врач|специалист|юрист|консультац",
            r"\b(?:рекомендую|рекомендуется|лучше|важно|пожалуйста,?|следует|вам стоит) (?:всегда )?(?:обратиться|проконсультироваться|обращаться|консультироваться) (?:к|с|со) (?:\w+ )?(?:врач|специалист|юрист|эксперт|психолог|адвокат)\w*|\bне (?:заменяет|является заменой) (?:консультаци|профессиональн|медицинск)\w+",
        ),
        "vi": phrase(
            "bác sĩ|chuyên gia|luật sư|tham khảo|tư vấn",
            r"(?:hãy|bạn nên|tốt nhất (?:là )?(?:bạn )?(?:nên )?|vui lòng|xin hãy) (?:luôn )?(?:tham khảo|hỏi|liên hệ|gặp|tìm đến)(?: ý kiến)?(?: của)? (?:một )?(?:bác sĩ|chuyên gia|luật sư|nhà tư vấn|cố vấn)|không (?:thay thế|phải là) (?:cho )?(?:lời khuyên|tư vấn) (?:y tế|pháp lý|chuyên môn|tài chính)",
        ),
        "zh": phrase(
            "咨询|諮詢|请教|专业|医生|律师|就医",
            r"(?:建议|请|最好|应该|務必|务必|建議)(?:您|你)?(?:还是|先|及时|尽快)?(?:咨询|諮詢|寻求|请教|求助于|联系)(?:一下|一位|您的|你的)?(?:专业|医生|律师|相关专业|醫生|律師|专家|專業|有资质)|(?:不构成|不能替代|不能代替|不作为)[^。！？\n]{0,8}(?:建议|意见|诊断)",
        ),
        "ja": phrase(
            "専門家|医師|弁護士|相談",
            r"(?:専門家|医師|弁護士|医療機関|専門医)(?:に|へ)(?:ご)?相談(?:して|する|を|ください|されること)",
        ),
        "ko": phrase(
            "전문가|의사|변호사|상담",
            r"(?:전문가|의사|변호사|전문의)(?:와|에게|의|과) ?(?:상담|상의|조언)(?:하|을|을 구하)",
        ),
    },
    more=_of_a_machine,
)
