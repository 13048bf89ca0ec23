"""Questions that lean on a text which whoever is asked does not see, and those that do not."""

from __future__ import annotations

import pytest

from hfsft.texts.unseen_text import unseen_text

LEANS = [
    "According to the passage, when is the clinic open?",
    "What does the text say about fees?",
    "In this document, what is the fee?",
    "Based on the information provided, when can I move?",
    "What is mentioned in the article about refunds?",
    "What does the above excerpt say on fees?",
    "As described in the context, how do I pay?",
    "Can you summarize the document?",
    "the passage mentions a fee; how much?",
    "What information is given about billing in the text?",
    "What is the main idea of the passage?",
    "What does the author recommend?",
    "Is [1] cheaper than [2]?",
    "Laut dem Text, wann ist geöffnet?",
    "Was sagt der Artikel über Gebühren?",
    "Selon le texte, quand ouvre la clinique ?",
    "¿Según el texto, cuándo abre la clínica?",
    "De acordo com o texto, quando abre?",
    "Secondo il testo, quando apre?",
    "Volgens de tekst, wanneer is het open?",
    "Согласно тексту, когда открыта клиника?",
    "Według tekstu, kiedy jest otwarte?",
    "Theo đoạn văn, phòng khám mở cửa lúc nào?",
    "Menurut teks di atas, kapan buka?",
    "根据上文，诊所什么时候开门？",
    "文中提到的费用是多少？",
    "この文章によると、何時に開きますか？",
    "본문에 따르면 언제 여나요?",
    "จากข้อความข้างต้น เปิดกี่โมง",
    "وفقا للنص، متى تفتح العيادة؟",
    "पाठ के अनुसार क्लिनिक कब खुलता है?",
]
STANDS = [
    "When can I move my appointment?",
    "How do I upload a document?",
    "What documents do I need for a passport?",
    "Where do I find the information desk?",
    "How do I cite an article in APA style?",
    "What is in the source code of Linux?",
    "How long is the text message limit?",
    "Which section of the train is quiet?",
    "In this section of town, where can I park?",
    "How do I extract text from a PDF?",
    "What does this error say?",
    "How do I describe this section of my CV?",
    "Nach welchem Artikel der DSGVO darf ich das?",
    "Ich habe im Text einen Fehler gemacht, wie ändere ich ihn?",
    "根据法律，我可以退款吗？",
    "Theo luật, tôi có thể hoàn tiền không?",
    "이 글을 어떻게 삭제하나요?",
    "この書類はどこに出せばいいですか？",
]


@pytest.mark.parametrize("text", LEANS)
def test_a_question_that_leans_on_a_text_is_found(text: str) -> None:
    assert unseen_text(text)


@pytest.mark.parametrize("text", STANDS)
def test_one_that_stands_by_itself_is_not(text: str) -> None:
    assert unseen_text(text) is None
