"""Personal data made up for tests: any number of different values of every kind, and where they turn up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from hfsft.privacy.pii import KINDS

SAID = {
    "email": "Write to {}.",
    "phone": "Call me at {}, please.",
    "card": "My card is {}.",
    "iban": "Pay it back to {}.",
    "ip": "I came from {} today.",
    "national_id": "My SSN is {}.",
    "login": "See https://{}@host.example/file.",
}


def luhn(digits: str) -> str:
    """The digits with the check digit behind them."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return digits + str(-total % 10)


def iban(account: str) -> str:
    """A German IBAN of an account of 18 digits."""
    return f"DE{98 - int(f'{account}131400') % 97:02d}{account}"


def value(kind: str, number: int) -> str:
    """The value of that kind and number, below 1,000."""
    return {
        "email": f"canary{number:03d}@mail.example.org",
        "phone": f"+1 415 2{number % 100:02d} 0{number:03d}",
        "card": luhn(f"453201511283{number:03d}"),
        "iban": iban(f"3704004405320{number:05d}"),
        "ip": f"203.0.{number // 250}.{number % 250 + 1}",
        "national_id": f"{200 + number % 400}-{45 + number // 400}-6{number:03d}",
        "login": f"canary{number:03d}:hunter{number:03d}x",
    }[kind]


@dataclass
class Canaries:
    """Sets values free, and looks for them."""

    first: int = 0
    let_out: dict[str, str] = field(default_factory=dict)  # value -> where it stood at first

    def sing(self, where: str) -> str:
        """A text with a new value of each kind."""
        number = self.first + len(self.let_out) // len(KINDS)
        said = []
        for kind in KINDS:
            self.let_out[value(kind, number)] = f"{kind} in {where}"
            said.append(SAID[kind].format(value(kind, number)))
        return " ".join(said)

    def caught(self, text: str) -> list[str]:
        """Where the values stood at first that are in a text, also where a part of one is."""
        folded = re.sub(r"[^a-z0-9@.:]", "", text.lower())
        return [where for value, where in self.let_out.items() if re.sub(r"[^a-z0-9@.:]", "", value.lower()) in folded]


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file below a folder as text, Parquet cell by cell."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            for name in table.column_names:
                yield f"{path.name} {name}", " ".join(map(str, table[name].to_pylist()))
        elif path.is_file() and path.suffix != ".png":
            yield path.name, f"{path.name} {path.read_text(encoding='utf-8', errors='replace')}"


def leaks(canaries: Canaries, said: Mapping[str, str]) -> list[str]:
    """What was caught in which of the texts."""
    return [f"{where} found in {name}" for name, text in said.items() for where in canaries.caught(text)]
