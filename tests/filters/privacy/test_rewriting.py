"""Rules that rewrite, on any dataset."""

from __future__ import annotations

from typing import Any

from datasets import Dataset, Features, Value

import hfsft.filters
from hfsft.filters import Pii, Secrets

KEY = "ghp" + "_" + "Zq3Xw8Rt5Lm2Kp9Vb4Nc7Hd1Sf6Gj0YaEuIo"
ROWS = {
    "id": [1, 2],
    "question": ["Mail ana@example.com or +1 415 555 0132.", "How are you?"],
    "tags": [["ana@example.com", "new"], ["old"]],
    "turns": [[{"role": "user", "content": "I am ana@example.com", "more": {"ip": "203.0.113.9"}}], []],
}


def test_redacting_keeps_every_row() -> None:
    kept, rejected = Pii(do="redact").apply(Dataset.from_dict(ROWS))
    assert kept["question"][:] == ["Mail <EMAIL_1> or <PHONE_1>.", "How are you?"]
    assert kept["tags"][:] == [["<EMAIL_1>", "new"], ["old"]]
    assert kept["turns"][0] == [{"role": "user", "content": "I am <EMAIL_1>", "more": {"ip": "<IP_1>"}}]
    assert (kept["id"][:], kept["pii"][:]) == ([1, 2], [3, 0])
    assert kept["pii_kinds"][:] == ["EMAIL:1 IP:1 PHONE:1", None]
    assert len(rejected) == 0


def test_rejected_rows_do_not_hold_what_they_fell_for() -> None:
    kept, rejected = hfsft.filters.Pii(do="reject").apply(Dataset.from_dict(ROWS))
    assert (kept["id"][:], rejected["id"][:]) == ([2], [1])
    assert rejected["question"][:] == ["Mail <EMAIL_1> or <PHONE_1>."]


def test_reporting_changes_nothing() -> None:
    dataset = Dataset.from_dict(ROWS)
    kept, rejected = Pii(do="report").apply(dataset)
    assert (kept["pii"][:], len(rejected)) == ([3, 0], 0)
    assert kept.select_columns(dataset.column_names).to_list() == dataset.to_list()


def test_kinds_and_values_that_stay() -> None:
    kept, _ = Pii(kinds=["email"], allow=["Ana@example.com"]).apply(Dataset.from_dict(ROWS))
    assert kept["question"][0] == ROWS["question"][0]
    assert kept["pii_email"][:] == [0, 0]
    kept, _ = Pii(allow=["@example.com", "(415) 555-0132"]).apply(Dataset.from_dict(ROWS))
    assert kept["question"][0] == "Mail ana@example.com or <PHONE_1>."


def test_columns_of_other_types_are_left() -> None:
    features = Features({"text": Value("large_string"), "n": Value("float32"), "at": Value("timestamp[s]")})
    dataset = Dataset.from_dict({"text": ["ana@example.com", None], "n": [1.5, 2], "at": [None, 7]}, features=features)
    kept, _ = Pii().apply(dataset)
    assert kept["text"][:] == ["<EMAIL_1>", None]
    assert {name: kept.features[name] for name in features} == features
    assert kept["n"][:] == [1.5, 2.0]


def test_secrets_are_redacted_by_their_kind() -> None:
    kept, _ = Secrets().apply(Dataset.from_dict({"text": [f"export TOKEN={KEY}", "export TOKEN=${TOKEN}"]}))
    assert kept["text"][:] == ["export TOKEN=<GITHUB_TOKEN_1>", "export TOKEN=${TOKEN}"]
    assert kept["secrets_kinds"][:] == ["GITHUB_TOKEN:1", None]
    kept, rejected = Secrets(do="reject").apply(Dataset.from_dict({"text": [KEY, "none"]}))
    assert (len(kept), rejected["text"][:]) == (1, ["<GITHUB_TOKEN_1>"])


def test_two_rules_follow_each_other() -> None:
    dataset = Dataset.from_dict({"text": [f"{KEY} of ana@example.com"]})
    for rule in (Secrets(), Pii()):
        dataset, _ = rule.apply(dataset)
    assert dataset["text"][:] == ["<GITHUB_TOKEN_1> of <EMAIL_1>"]


def test_what_a_column_is_called_says_what_its_values_are() -> None:
    number = "4155550132"
    rows: dict[str, list[Any]] = {
        "phone_number": [number],
        "ssn": ["536904399"],
        "order": [number],
        "info": [{"tel": number}],
        "customerPhone": [number],
    }
    kept, _ = Pii().apply(Dataset.from_dict(rows))
    assert [kept[name][0] for name in rows] == [
        "<PHONE_1>",
        "<NATIONAL_ID_1>",
        number,
        {"tel": "<PHONE_1>"},
        "<PHONE_1>",
    ]
