"""Prompts that a model wrote: what is taken off them, and what is no prompt at all."""

from __future__ import annotations

import pytest

from hfsft.prompts import available, templates
from hfsft.texts.language import other_language, scripts
from hfsft.texts.peel import peel
from hfsft.texts.prompt_faults import prompt_fault, rule_of, template_runs

Q = "How do I return a lamp, and who pays for the label?"


@pytest.mark.parametrize(
    "text",
    [
        Q,
        f"  \n {Q} ",
        f'"{Q}"',
        f"“{Q}”",
        f"„{Q}“",
        f"«{Q}»",
        f"**{Q}**",
        f"```\n{Q}\n```",
        f"```text\n{Q}\n```",
        f"# {Q}",
        f"> {Q}",
        f"1. {Q}",
        f"New prompt: {Q}",
        f"**New instruction:** {Q}",
        f"**New message**: {Q}",
        f"#Rewritten Prompt#: {Q}",
        f"#Rewritten Prompt#:\n{Q}",
        f"#Rewritten Prompt#\n{Q}",
        f"### Rewritten message:\n\n{Q}",
        f"[New question]: {Q}",
        f"Rewritten: message: {Q}".removeprefix("Rewritten: "),
        f"Here's the rewritten question: {Q}",
        f"The new message is: {Q}",
        f"Sure! Here's a rewritten version of the message that asks for more:\n\n{Q}",
        f'Sure, here is the message:\n\n"{Q}"',
        f"Certainly! Below is a more complex prompt:\n\n{Q}",
        f"Of course. Here is the revised instruction: {Q}",
        f"I have rewritten the message as follows:\n{Q}",
        f"#Given Prompt#: How do I return a lamp?\n#Rewritten Prompt#: {Q}",
        f"Original message: How do I return a lamp?\n\nNew message: {Q}",
        f"Let me think about a second question.\n\n**Rewritten message:** {Q}",
        f"{Q}\n\n(Note: I added a second question that follows from the first one.)",
        f"{Q} (Note: this adds a question.)",
        f"{Q}\n\n*Note: The rewritten message asks for more.*",
        f"{Q}\n\nExplanation: The new message asks who pays.",
        f"{Q}\n\n**Explanation:**\nThe new message asks who pays.",
        f"{Q}\n\nThis version adds a question about the label.",
        f"{Q}\n\nI added a second question to the original message.",
        f"{Q}\n\nLet me know if you'd like another version!",
        f"{Q} Let me know if you would like me to change it.",
        f"{Q}\n\nHope this helps!",
        f"{Q}\n\n---\n\nThis message now asks two things.",
        f"{Q}\n\nOriginal message: How do I return a lamp?",
        f'Sure! **New message:** "{Q}"\n\n(Note: I added a second question.)\n\nLet me know if this works.',
        f"Neue Nachricht: {Q}",
        f"Nouvelle question : {Q}",
        f"Nuevo mensaje: {Q}",
        f"Новое сообщение: {Q}",
        f"改写后的消息：{Q}",
        f"新しい質問：{Q}",
        f"Tất nhiên! Đây là phiên bản viết lại:\n\n{Q}",
        f"Câu hỏi mới: {Q}",
        f"好的，以下是改写后的指令：\n{Q}",
        f"もちろんです。書き直した質問は以下の通りです：\n\n{Q}",
        f"Oczywiście! Oto nowa wiadomość:\n{Q}",
        f"Yeni soru: {Q}",
        f"Here you go:\n\n{Q}",
        f"<prompt>{Q}</prompt>",
        f"<rewritten_prompt>\n{Q}\n</rewritten_prompt>",
        f'{{"prompt": "{Q}"}}',
        f"Question: {Q}",
    ],
)
def test_what_models_put_around_a_prompt_is_taken_off(text: str) -> None:
    assert peel(text) == Q


@pytest.mark.parametrize(
    "text",
    [
        'He said "no" and "yes"',
        "'Tis late. What's open?",
        "My lamp is broken: what now?",
        "Order 5: what now?",
        "Here is my problem: it broke. What now?",
        "How do I return it?\n\nLet me know if you need my order number.",
        "How do I return it?\n\nNote: I live in France.",
        "I have added a lamp to my cart, but the original price shows. Why?",
        "How do I cancel? (I added a note to the order)",
        "Write a poem.\n\nMake it rhyme, and explain the last line.",
        "I need three things:\n1. a label\n2. a box\n3. a date",
        "Sure of it? I am not. How do I check?",
        "Here is my code:\n```py\nprint(1\n```\nWhat is wrong with it?",
        "Here is a paragraph:\n\nThe sea is wide.\n\nSummarize it.",
        'Here is a prompt for an image model: "a cat". Rewrite it with light and lens.',
        "This is our menu:\n| Dish | Price |\n|---|---|\n| Soup | 4 |\n\nWhich costs least?",
        "I have changed two lines:\n- x = 1\n+ x = 2\nWhy do the tests fail?",
        "以下是一封邮件：\n\n明天我没空。\n\n请把它改得更正式。",
        "Đây là đoạn văn của tôi:\n\nBiển rất rộng.\n\nTóm tắt nó.",
        "改写以下句子：明天我没空。",
        "Version: PostgreSQL 14. Write a query that finds copies.",
        "Task: plan a party. Budget: 100 euros. Output: a table.",
        "Answer: DNA. Question: what could the question be?",
        "Write a prompt for a painter. The prompt should name the light.",
        "Write tests for it. This version should also cover empty input.",
        "What is a tort? Let me know if it changes under Scots law.",
        '{"name": "Ann", "age": 3}',
        '{"prompt": 3}',
        '{"question": "Who?"} How do I parse this?',
        "<p>Hello</p>",
        "",
    ],
)
def test_what_a_user_says_is_left_as_it_is(text: str) -> None:
    assert peel(text) == text


PARENT = "How do I return a lamp?"


@pytest.mark.parametrize(
    ("text", "parent", "fault"),
    [
        (Q, PARENT, None),
        ("...", PARENT, "empty"),
        (PARENT, PARENT, "unchanged"),
        ("how do i return a lamp", PARENT, "unchanged"),
        ("How do I return the lamp?", PARENT, "unchanged"),
        ("怎么退货", "怎么退货？", "unchanged"),
        ("怎么退款？", "怎么退货？", None),
        ("How do I return a desk?", PARENT, None),
        ("Is it not safe?", "Is it safe?", None),
        ("I'm sorry, but I can't help with rewriting this message.", PARENT, "refuses"),
        ("I cannot fulfill this request.", PARENT, "refuses"),
        ("Please provide the message that you want me to rewrite.", PARENT, "refuses"),
        ("抱歉，我无法满足您的请求。", "怎么退货？", "refuses"),
        ("1. How do I return a lamp?\n2. Who pays?\n3. How long have I?", PARENT, "several"),
        ("- How do I return a lamp?\n- Who pays?", PARENT, "several"),
        ("Question 1: How do I return it?\nQuestion 2: Who pays?", PARENT, "several"),
        ("**1.** How do I return it?\n**2.** Who pays?", PARENT, "several"),
        ("How do I return it?\n\nWho pays for that?\n\nHow long have I?", PARENT, "several"),
        ("I have two questions:\n1. How do I return it?\n2. Who pays?", PARENT, None),
        ("1. Check the label.\n2. Why does it fail?", "1. Check it.\n2. Why?", None),
        ("Wie schicke ich die Lampe zurück, und wer zahlt für das Etikett?", PARENT, "language"),
        ("Comment est-ce que je renvoie la lampe, et qui paie pour le retour?", PARENT, "language"),
        ("如何退回一盏灯，谁付运费？", PARENT, "language"),
        ("How do I return a lamp that I bought last week?", "怎么退货？", "language"),
        ("ランプを返品するにはどうすればいいですか？", "怎么退货？", "language"),
        ("Wie schicke ich eine Lampe zurück, und wer zahlt das?", "Wie schicke ich eine Lampe zurück?", None),
        ('How do I say "ich möchte eine Lampe und nicht das" in German?', PARENT, None),
        ("To return a lamp, open your orders and choose it. You get a label by email.", PARENT, "answers"),
        ("You can return it within 30 days.", PARENT, "answers"),
        ("Yes, you can return it. Is there anything else I can help you with?", PARENT, "answers"),
        ("Thank you for your question. Please send the lamp back.", PARENT, "answers"),
        ("Returns are free. Is there anything else I can help you with?", PARENT, "answers"),
        ("Dear customer, the lamp can be returned in any shop.", PARENT, "answers"),
        ("Rain falls softly on the silent roofs.", "Write a line about rain.", "answers"),
        ("Write a line about rain that has the word roof in it.", "Write a line about rain.", None),
        ("lamp is broken, how to send it back", PARENT, None),
        ("My lamp arrived broken and I have lost the box.", PARENT, None),
        ("My bicycle clicks when I turn left.", "My bicycle makes a noise.", None),
        ("Explain the steps to return a lamp that was a present.", PARENT, None),
        (
            "Die Lampe kann im Laden abgegeben werden. Das Etikett kommt per E-Mail.",
            "Wie geht die Rückgabe?",
            "answers",
        ),
        ("灯可以在店里退。标签会发到邮箱。", "灯怎么退货？", "answers"),
        ("灯坏了，我怎么退货，运费谁付", "灯怎么退货？", None),
        ("抱歉，我无法改写这个请求。", "灯怎么退货？", "refuses"),
        ("Es tut mir leid, aber ich kann diese Nachricht nicht umschreiben.", "Wie geht die Rückgabe?", "refuses"),
        ("Je ne peux pas réécrire ce message.", "Comment renvoyer la lampe ?", "refuses"),
        ("Tôi xin lỗi, tôi không thể viết lại câu hỏi này.", "Làm thế nào để trả đèn?", "refuses"),
        ("Wie kann ich einen Satz so umschreiben, dass er nicht beleidigt?", "Wie schreibe ich höflich?", None),
        ("1. Lion\n2. Shark\n\nExplain what sets the second apart.", "Explain what a lion is.", None),
        ("- Boil water\n- Add tea\n\nTurn it into a paragraph.", "Write a recipe.", None),
        ("1. Explain a lion.\n2. Explain a shark.\n\nI hope this helps.", "Explain what a lion is.", "several"),
        ("Distinguish a tort from a crime.", "What is a tort?", None),
        ("Return a JSON object with a name and an age; no other text.", "Give me a JSON.", None),
        ("Recipe for vegan lasagna, 4 people, under 40 minutes", "Write a recipe.", None),
        ("The lamp can be returned within thirty days", PARENT, "answers"),
    ],
)
def test_what_is_no_prompt_of_a_user(text: str, parent: str, fault: str | None) -> None:
    assert (rule_of(found) if (found := prompt_fault(text, parent)) else None) == fault


def test_words_of_the_template_are_told_from_those_of_the_parent() -> None:
    runs = template_runs("Rewrite each message so that it asks for more.")
    leaked = "Rewrite each message so that it asks for more: how do I return a lamp?"
    assert prompt_fault(leaked, PARENT, runs) == "template: rewrite each message so that it"
    assert prompt_fault(leaked, "Rewrite each message so that it asks for less?", runs) == (
        "template: so that it asks for more"
    )
    assert prompt_fault(f"{leaked} And who pays?", leaked, runs) is None
    assert prompt_fault("Rewrite each message, please?", PARENT, runs) is None
    assert template_runs("Could you please let me know when it is back, as I have to go now?") == set()


@pytest.mark.parametrize("name", available("evolve"))
def test_the_demonstrations_of_every_template_are_prompts(name: str) -> None:
    import re

    text = (templates() / "evolve" / f"{name}.jinja").read_text("utf-8")
    pairs = re.findall(r'\["(.*?)", "(.*?)"\]', text)
    assert len(pairs) == 3
    for given, new in pairs:
        assert peel(new) == new
        assert prompt_fault(new, given) is None


def test_scripts_are_weighed_by_what_a_letter_says() -> None:
    assert scripts("hello") == {"Latin": 1}
    assert set(scripts("怎么安装 Python")) == {"Han", "Latin"}
    assert set(scripts("ランプ 返品")) == {"kana", "Han"}
    assert scripts("123 !?") == {}


@pytest.mark.parametrize(
    ("text", "model", "other"),
    [
        ("Where?", "Wo?", False),  # too little to be sure
        ("123", "Where is it?", False),
        ("Where is my parcel and why is it late?", "Wo ist mein Paket und warum ist es nicht da?", True),
        ("¿Dónde está mi paquete y por qué no llega?", "Where is my parcel and when does it come?", True),
        ("Onde está a minha encomenda e quando chega?", "¿Dónde está mi paquete y cuándo llega?", True),
        ("Где моя посылка?", "Where is my parcel?", True),
        ("هل وصلت الشحنة؟", "Where is my parcel?", True),
        # small words that another language has too
        ("In law, is a promise to do a duty a good reason to pay? Refer to v. 3.", "What is a reason in law?", False),
        ("Design a program to print a list up to the n-th term.", "How can you join the lists of two users?", False),
        ("Suggest a way to plan a day.", "Analyze the text and identify the kind of text it is.", False),
        ("Give a list to print.", "Describe a company's U.S. office and a company's slogan.", False),
        ("Escribe un poema sobre el mar a un niño.", "Explica a un niño por qué el cielo es azul.", False),
        ("Schreib in an ein Buch.", "Erkläre mir, wie man ein Buch in der Stadt kauft.", False),
        ("Is it a fruit or a nut, and who eats it on a ship?", "Wat is een noot en waar kan ik het eten?", True),
    ],
)
def test_another_language_is_told_where_it_is_plain(text: str, model: str, other: bool) -> None:
    assert other_language(text, model) is other
