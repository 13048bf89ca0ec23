"""A simulated user's message: what is taken out of what a model wrote, and what is none."""

from __future__ import annotations

import pytest

from hfsft.stages.talking.user_turns import UserTurn, fault, read

BEFORE = [
    {"role": "user", "content": "How long does a refund take?"},
    {"role": "assistant", "content": "Three to five working days. Do you have your order number at hand?"},
]


@pytest.mark.parametrize(
    ("written", "text", "ends"),
    [
        ('User: "Can I get it?"', "Can I get it?", False),
        ("**Customer:** When?\nAssistant: Tomorrow.", "When?", False),
        ("[you]\nWhat about two lamps?\n[assistant]\nThey are 5 euros.", "What about two lamps?", False),
        ("User\nAnd now?", "And now?", False),
        ("Here is the next message:\n\nDoes it cost more?", "Does it cost more?", False),
        ("[END]", "", True),
        ("End.", "End.", False),
        ("[end]", "", True),
        ("END", "", True),
        ("Thanks!\n\n[END]", "Thanks!", True),
        ("The end of the month?", "The end of the month?", False),
        ("AI is bad: why?", "AI is bad: why?", False),
    ],
)
def test_a_message_is_taken_out_of_what_stands_around_it(written: str, text: str, ends: bool) -> None:
    assert read(written) == UserTurn(text, ends)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Thanks, that helps a lot.", None),
        ("Yes, it's 12345.", None),
        ("No", None),
        ("12345", None),
        ("This is useless. Nothing works here.", None),
        ("And how long with Klarna?", None),
        ("How long does a refund take?", "unchanged"),
        ("Three to five working days. Do you have your order number at hand?", "echoes"),
        ("I'm happy to help! Please provide your order number so that I can check.", "answers"),
        ("Hello! How can I assist you today?", "answers"),
        ("Gerne! Wie kann ich Ihnen helfen?", "answers"),
        ("很高兴为您服务！", "answers"),
        (
            "It takes between three and five working days until the money is back on the card that paid for it, "
            "and the button for it stands on the page of each order, below the total.",
            "answers",
        ),
        ("Merci, et avec Klarna, combien de temps faut-il pour le remboursement de la commande ?", "language"),
        ("I'm sorry, but I cannot write that message.", "refuses"),
        ("Ask one more question that follows from it", "template"),
        ("...", "empty"),
        ("How long does a refund take? It has been a week and I have heard nothing at all from you.", "unchanged"),
        ("Oh. Three to five working days. Do you have your order number?", "echoes"),
        ("You said three to five working days, but it has been ten by now and nothing came.", None),
    ],
)
def test_what_no_user_would_write_next(text: str, found: str | None) -> None:
    own = frozenset(["ask one more question that follows"])
    assert fault(text, BEFORE, own) == found
