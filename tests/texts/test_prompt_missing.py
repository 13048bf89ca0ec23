"""Prompts that speak of a text, a table or a file that is not there, or of a conversation that there was not."""

from __future__ import annotations

import pytest

from hfsft.texts.prompt_faults import prompt_fault
from hfsft.texts.prompt_missing import leans_on, missing


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Summarize the following article in three sentences.", "the following article"),
        ("Summarize the article below, and keep it short.", "the article below"),
        ("What was best in May by the table above?", "the table above"),
        ("Using the above table, which month was the best?", "the above table"),
        ("Based on this passage, who founded the firm?", "on this passage"),
        ("Fix the bug in the given code.", "the given code"),
        ("Which of the following songs is the oldest?", "the following songs"),
        ("I have attached a photo of my lamp. What is broken?", "I have attached a"),
        ("Please check the attached invoice and tell me what I owe.", "the attached invoice"),
        ("Look at this picture: which bird is it?", "Look at this picture"),
        ("Sales fell, as listed below. Why?", "as listed below"),
        ("How many people are shown in the image?", "shown in the image"),
        ("Siehe Anhang: was muss ich zahlen?", "Siehe Anhang"),
        ("Fasse den folgenden Text kurz zusammen.", "folgenden Text"),
        ("Bitte übersetze folgenden Text ins Englische.", "folgenden Text"),
        ("Résume le texte suivant en deux phrases.", "texte suivant"),
        ("Resume el siguiente texto en dos frases.", "siguiente texto"),
        ("请总结以下文章的主要观点。", "以下"),
        ("请看附件，这是什么？", "附件"),
        ("以下の文章を要約してください。", "以下の文章"),
        ("Hãy tóm tắt đoạn văn sau đây.", "đoạn văn sau đây"),
    ],
)
def test_what_is_not_there_is_missed(text: str, words: str) -> None:
    assert missing(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "Summarize the following article: The sea rises by a hand each decade, and the town builds a wall.",
        "Summarize the following article.\n\nThe sea rises by a hand each decade.",
        'What does the following sentence mean? "The cat is out of the bag."',
        "Read the following sentence and correct it. I am going to the the store.",
        "Find the mistake in the code below.\n```py\nprint(1\n```",
        "Translate the following word - Haus",
        "The sea rises by a hand each decade and the town builds a wall against it. Shorten the text above.",
        "Compare the following sites: example.com and example.org",
        "Write a function that sorts the given list.",
        "Write a program that counts the words in a given text.",
        "How do I attach a file to a message?",
        "Does the app delete the photos that I uploaded to my account?",
        "What happens on the following day?",
        "Is the temperature below zero in May?",
        "I live above the shop. Can I get my parcel there?",
        "What is the table of contents for?",
        "将以下句子改写得更礼貌：我太累了。",
        "养育健康的孩子需要整个社区的参与。将以下句子拼接起来。",
        "Dịch câu sau sang tiếng Anh: Trời hôm nay đẹp.",
    ],
)
def test_what_is_there_or_is_only_spoken_of_is_not_missed(text: str) -> None:
    assert missing(text) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("As I mentioned earlier, the lamp flickers. What now?", "As I mentioned earlier"),
        ("Can you explain the second point of your previous answer?", "your previous answer"),
        ("Like you said, I reset it, but it is still slow. Why?", "Like you said"),
        ("In addition to the above, what does it cost?", "In addition to the above"),
        ("What else does the original question ask?", "the original question"),
        ("Wie oben erwähnt: was kostet das?", "Wie oben erwähnt"),
        ("你刚才说的第二点是什么意思？", "你刚才说"),
        ("I have already told you that my lamp is broken. When do I get a new one?", ""),
        ("How do I change the first message that customers see?", ""),
        ("Who answered the last question of the quiz?", ""),
    ],
)
def test_what_leans_on_an_earlier_message_does_not_stand_by_itself(text: str, words: str) -> None:
    assert leans_on(text) == words


def test_nothing_is_missing_that_stands_beside_the_prompt_or_that_the_parent_lacked() -> None:
    text, parent = "Summarize the table above for a child.", "Summarize the table above."
    assert prompt_fault(text, "Summarize it.") == "missing: the table above"
    assert prompt_fault(text, "Summarize it.", beside="| a | b |") is None
    assert prompt_fault(text, parent) is None
    assert prompt_fault("What did you mean by your last answer?", "What is it?") == "alone: your last answer"
    assert prompt_fault("What did you mean by your last answer?", "", turn=True) is None
