"""What somebody forgot to fill in or to take out, in answers and in what users say, and what only looks like it."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.texts.wording.unfilled import placeholder, placeholder_of_user


class Said(NamedTuple):
    """What an answer replies to."""

    text: str

    def asked(self) -> str:
        return self.text

    def all(self) -> str:
        return self.text


ASKED = "Which tides are the highest of the month?"
LEFT = [
    # places to fill in
    ("The highest come at new moon. Yours truly, [Your Name]", "[Your Name]"),
    ("Our office in [City, State] opens at nine.", "[City, State]"),
    ("Spring tides, as <insert source here> explains, come twice.", "<insert source here>"),
    ("They come at [insert date] and fall again.", "[insert date]"),
    ("Please ask {your tutor} about it.", "{your tutor}"),
    ("Ask [Company Name] for the table (insert link here).", "[Company Name]"),
    ("The tide is high at [TBD].", "[TBD]"),
    ("最高的潮水在新月，详情请联系[您的姓名]。", "[您的姓名]"),
    ("潮水最高的日子是【填写日期】。", "【填写日期】"),
    ("Triều cường đến vào kỳ trăng mới, theo [tên của bạn].", "[tên của bạn]"),
    ("Die Springflut kommt bei Neumond. [Ihr Name]", "[Ihr Name]"),
    ("La marée est haute, dit [votre nom].", "[votre nom]"),
    ("La marea sube con la luna, dice [su nombre].", "[su nombre]"),
    ("Прилив выше в новолуние, пишет [ваше имя].", "[ваше имя]"),
    ("満潮は新月です。[お名前]", "[お名前]"),
    ("만조는 초승달입니다. [이름]", "[이름]"),
    ("المد أعلى عند الهلال، [اسمك]", "[اسمك]"),
    ("Ask <FIRST_NAME> at <YOUR_OFFICE>.", "<FIRST_NAME>"),
    ("Ask {姓名} about it.", "{姓名}"),
    ("TODO: name the moons.", "TODO:"),
    ("Lorem ipsum dolor sit amet, the tide is high.", "Lorem ipsum"),
    ("It is <EMAIL_1> or [PERSON_2], as was redacted.", None),
    ("She keeps a TODO list of tides.", None),
    # variables of templates
    ("Hello {{ user.name }}, spring tides are the highest.", "{{ user.name }}"),
    ("Dear {first_name}, spring tides are.", "{first_name}"),
    ("The answer to {instruction} is spring tides.", "{instruction}"),
    ("In ${city} the tide is high at noon.", "${city}"),
    ("The tide in %s is high at %s.", "%s"),
    ("{% if moon %}Spring tides{% endif %}", "{% if moon %}"),
    ("<%= tide %> is the highest.", "<%= tide %>"),
    ("潮水在{city}最高，请见{{日期}}。", "{city}"),
    ("The tide table of XX/XX/XXXX is the last.", "XX/XX/XXXX"),
    ("Dear {customer.name}, tides rise.", "{customer.name}"),
    ("It is [object Object] now.", "[object Object]"),
    # marks of prompts
    ("### Response\nSpring tides.", "### Response"),
    ("Spring tides.\n\n### Instruction\nName a sea.", "### Instruction"),
    ("You are a helpful assistant. Spring tides.", "You are a helpful assistant"),
    ("Bread\n### Instructions\n1. Bake.\n### Response\ntime counts.", None),
    ("### Response:\nSpring tides.", "### Response:"),
    ("Spring tides.\n\n### Instruction:\nName a sea.", "### Instruction:"),
    ("Spring tides.\nHuman: And neap tides?\nAssistant: The lowest.", "Human:"),
    ("ASSISTANT: Spring tides.", "ASSISTANT:"),
    ("Response: Spring tides.", "Response:"),
    ("Question: Spring tides.", "Question:"),
    ("### Input:\nSpring tides.", "### Input:"),
    ("[ASSISTANT]: Spring tides.", "[ASSISTANT]:"),
    (
        "Below is an instruction that describes a task. Write a response.",
        "Below is an instruction that describes a task",
    ),
    ("### 回答：\n大潮。", "### 回答："),
    ("大潮。\n用户：那小潮呢？", "用户："),
    ("Triều cường.\n\n### Câu trả lời:\nTriều cường.", "### Câu trả lời:"),
    # nothing at all
    ("N/A", "N/A"),
    ("<nooutput>", "<nooutput>"),
    ("No output.", "No output."),
    ("[Your response here]", "[Your response here]"),
    ("TODO", "TODO"),
    ("待补充", "待补充"),
    ("...", "..."),
    ("<noinput> Spring tides are.", "<noinput>"),
    # nothing of the kind
    ("Spring tides are the highest [1], neap tides the lowest [see note].", None),
    ("See [the table of names](https://tides.example.org/name).", None),
    ("The array `[name]` and the tag <name> and {0} stay.", None),
    ("None", None),
    ("Take `{{ name }}` as it stands.", None),
    ("```\nprint('%s' % name)\n```", None),
    ("It rose by 50%s of what was said; 100 %d is a typing error.", None),
    ("\\frac{name}{date} and $x_{name}$", None),
    ("[Verse 1]\nThe tide is high\n[Chorus]\nand I hold on", None),
    ('He said: "Note: user: name" and left.', None),
    ("Spring tides. System: a set of parts.", None),
    ("The noise level was N/A in March and 40 dB in April, so put none in.", None),
    ("Set the input to 5. No input is lost.", None),
]


@pytest.mark.parametrize(("text", "found"), LEFT)
def test_what_is_left_in_an_answer(text: str, found: str | None) -> None:
    assert placeholder(text, Said(ASKED)) == found


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Dear [Name],\nthank you.\n[Your Name]", "Write a letter of thanks to a neighbour."),
        ("Dear [Name],\nthank you.", "Draft a template for thanks."),
        ("[您的姓名]敬上", "写一封感谢信。"),
        ("Kính gửi [tên công ty],", "Viết thư xin việc."),
        ("Sehr geehrte Frau [Ihr Name]", "Entwirf eine Vorlage."),
        ("Hello {{ name }}!", "Show how a Jinja variable is printed."),
        ('printf("%s", name);', "Print a name in C."),
        ("Run it with ${HOME} set.", "Why does my bash script fail?"),
        ("The name {user_name} must be unique.", "Why does `{user_name}` fail?"),
        ("System: a set\nUser: one of it", "Explain both words of a chat."),
        ("User: Hi\nBot: Hello", "Write a dialogue between a user and a bot."),
        ("用户：你好\n助手：您好", "写一段客服对话。"),
        ("Assistant: Hello", "Continue.\nUser: Hi\nAssistant:"),
        ("undefined", "What does this JavaScript function return?"),
        ("None", "Which of these are prime: 4, 6, 8?"),
        ("### Response:\nA part of it.", "Which headings does Alpaca use? '### Response:' is one."),
    ],
)
def test_what_was_asked_for_is_nothing_left(text: str, asked: str) -> None:
    assert placeholder(text, Said(asked)) is None


@pytest.mark.parametrize("text", ["None", "null", "nan", "无", "không"])
def test_an_empty_cell_answers_no_call_for_prose(text: str) -> None:
    assert placeholder(text, Said("Describe the tides of the North Sea.")) == text


@pytest.mark.parametrize(
    ("instruction", "context", "found"),
    [
        ("Name five seas.", "<noinput>", "<noinput>"),
        ("Name five seas.", "No input required.", "No input required."),
        ("Name five seas.", "`< noinput >`", "`< noinput >`"),
        ("Name five seas.", "N/A", "N/A"),
        ("Name five seas.", "none", "none"),
        ("说出五个海。", "无输入", "无输入"),
        ("Kể tên năm biển.", "không có đầu vào", "không có đầu vào"),
        ("Name five seas.\nnoinput", "", "noinput"),
        ("noinput", "", "noinput"),
        ("nan", "", "nan"),
        ("...", "", "..."),
        ("### Instruction:\nName five seas.", "", "### Instruction:"),
        ("Human: Name five seas.", "", "Human:"),
        ("{{ customer }} Name five seas.", "", "{{ customer }}"),
        ("Name five seas {{#if premium}}", "", "{{#if premium}}"),
        ("说出五个海 ${firstName}", "", "${firstName}"),
        ("Name five seas.", "", None),
        ("Print this pattern.", "*", None),
        ("What does `input` do when no input is given?", "", None),
        ("Go on.\nHuman: Hi\nAssistant: Hello\nHuman: Bye", "", None),
        ("Fill in [Your Name] and {{date}}.", "Dear [Name]", None),
    ],
)
def test_what_is_left_in_what_a_user_says(instruction: str, context: str, found: str | None) -> None:
    assert placeholder_of_user(instruction, context) == found


@given(st.text(st.sampled_from("ab .\n"), max_size=80), st.sampled_from(["[Your Name]", "{{name}}", "<insert date>"]))
def test_a_place_is_found_wherever_it_stands(text: str, place: str) -> None:
    assert placeholder(f"{text} {place} {text}", Said(ASKED)) == place
