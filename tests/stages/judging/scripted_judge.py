"""A judge on loopback whose truth is known, and whose faults are planted: noise, taste, drift, verdicts that are none.

    with ScriptedJudge(length_bias=0.5) as judge:  # half a point more for each doubling of an answer's words
        ...  # a recipe whose model `judge` has base_url: judge.url

An answer says by a mark what it is worth: `answer(4)` is worth 4 of 5. What a verdict is made of hangs on the request
alone, but for `drift`, which hangs on how many rows it has judged: ask it with a concurrency of 1 there.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any, NamedTuple

from tests.models.server import LLM, Body, digest

MARK = re.compile(r"\(worth ([1-5])\)")
WORTHS = (1, 5)  # between which an answer's worth lies
TYPICAL = 32  # words of an answer that a judge with a taste for length gives neither more nor less
FILLER = ("and", "so", "it", "goes", "on", "in", "plain", "words", "that", "add", "nothing", "new")
_BLOCK = re.compile(r"(?:^(?:\[[^\n]*\]|\|[^\n]*)$\n?)+", re.MULTILINE)
_TITLE = re.compile(r"\[(.*)\]")


def answer(worth: int, number: int = 0, words: int = TYPICAL) -> str:
    """An answer worth so much, of so many words, no two of which are the same for different numbers."""
    said = ["Case", str(number), "(worth", f"{worth})"]
    return " ".join([*said, *(FILLER[(number * 7 + at) % len(FILLER)] for at in range(words - len(said)))]) + "."


def quality(text: str, criterion: str) -> float:
    """What an answer is worth by its mark, by whichever criterion; 3 where it has none."""
    found = MARK.search(text)
    return float(found[1]) if found else 3.0


@dataclass
class ScriptedJudge(LLM):
    """Scores what the last answer of the quoted conversation is worth, with the faults that its fields say."""

    truth: Callable[[str, str], float] = quality  # an answer and a criterion -> 1 to 5, whatever the scale
    says: Mapping[str, float] = field(default_factory=dict)  # its own opinion of the answers that hold such a text
    noise: float = 0.0  # standard deviation around the truth, another for each request
    bias: float = 0.0  # added to each score
    length_bias: float = 0.0  # added for each doubling of the words from `TYPICAL` on, taken off for each halving
    drift: Callable[[int], float] = lambda judged: 0.0  # added once so many rows, controls and repeats are judged
    unreadable: float = 0.0  # share of prompts whose verdict is none, also at the second try
    constant: float | None = None  # the one worth that it sees in all answers
    unsure: float = 0.3  # standard deviation of its probabilities, in points of 1 to 5
    questions: tuple[str, ...] = ()  # of its checklist, where they are asked one by one

    def __post_init__(self) -> None:
        super().__post_init__()
        self.judged = 0

    def _completion(self, body: Body, text: str | None = None, finish: str = "stop", **more: Any) -> Body:
        """The verdict, with the probabilities of its tokens where the server gives any."""
        pieces = self.verdict(body) if text is None else [_Piece(text)]
        made = super()._completion(body, "".join(piece.text for piece in pieces), finish, **more)
        if body.get("logprobs") and "logprobs" in self.gives:
            places = [place for piece in pieces for place in piece.places()]
            made["choices"][0]["logprobs"] = {"content": places}
        return made

    def verdict(self, body: Body) -> list[_Piece]:
        """What it writes, piece by piece."""
        prompt = str(body["messages"][0]["content"])
        if len(body["messages"]) == 1:
            self.judged += 1
        if _chance(f"{self.models}{body['model']} unreadable {digest(body['messages'][0])}") < self.unreadable:
            return [_Piece("I like this answer, it is quite good overall.")]
        said = last_answer(prompt)
        shape = body.get("response_format")
        if shape is None:
            number = next(at for at, question in enumerate(self.questions, 1) if question in outside(prompt))
            worth = self.worth(said, self.questions[number - 1], body)
            return [self._word(worth, number, len(self.questions))]
        pieces = [_Piece("{")]
        for at, (name, entry) in enumerate(shape["json_schema"]["schema"]["properties"].items()):
            pieces += [_Piece(f'{", " if at else ""}"{name}": {{'), *self._entry(name, entry, said, body), _Piece("}")]
        return [*pieces, _Piece("}")]

    def _entry(self, name: str, entry: Body, said: str, body: Body) -> list[_Piece]:
        """A criterion's reason and its score, or the answers to its questions."""
        worth = self.worth(said, name, body)
        numbers = [part for part in entry["properties"] if part.isdigit()]
        pieces: list[_Piece] = []
        for at, (part, inner) in enumerate(entry["properties"].items()):
            pieces.append(_Piece(f'{", " if at else ""}"{part}": '))
            if part in numbers:
                pieces += [_Piece('"'), self._word(worth, int(part), len(numbers)), _Piece('"')]
            elif part == "score":
                pieces.append(self._digit(worth, inner["minimum"], inner["maximum"]))
            else:
                pieces.append(_Piece(json.dumps(f"worth {worth:.1f}")))
        return pieces

    def worth(self, said: str, criterion: str, body: Body) -> float:
        """What it finds an answer worth, from 1 to 5."""
        own = next((worth for text, worth in self.says.items() if text in said), None)
        found = self.constant if self.constant is not None else own
        if found is None:
            found = self.truth(said, criterion) + self.bias + self.drift(self.judged)
            found += self.length_bias * math.log2(max(1, len(said.split())) / TYPICAL)
        if self.noise:
            draw = _chance(f"{body['model']} {criterion} {digest([body['messages'], body.get('seed')])}")
            found += NormalDist(0, self.noise).inv_cdf(min(max(draw, 1e-6), 1 - 1e-6))
        return min(max(found, WORTHS[0]), WORTHS[1])

    def _digit(self, worth: float, low: int, high: int) -> _Piece:
        """The score on a scale, and how likely it is to write each other."""
        per = (high - low) / (WORTHS[1] - WORTHS[0])
        mean, deviation = low + (worth - WORTHS[0]) * per, max(self.unsure * per, 1e-3)
        mass = {str(score): math.exp(-(((score - mean) / deviation) ** 2) / 2) for score in range(low, high + 1)}
        return _Piece(str(min(high, math.floor(mean + 0.5))), mass)

    def _word(self, worth: float, number: int, questions: int) -> _Piece:
        """Yes to as many questions of a checklist as an answer is worth."""
        beyond = (worth - WORTHS[0]) / (WORTHS[1] - WORTHS[0]) * questions - (number - 0.5)
        yes = 1 / (1 + math.exp(-beyond / max(self.unsure, 1e-3) * 4))
        return _Piece("yes" if yes >= 0.5 else "no", {"yes": yes, "no": 1 - yes})


class _Piece(NamedTuple):
    """A part of a verdict; of one that it chose, what it weighed."""

    text: str
    mass: Mapping[str, float] | None = None

    def places(self) -> list[Body]:
        """Its tokens with their probabilities, as servers give them."""
        if self.mass is None:
            return [_place(token, {token: 1.0}) for token in re.findall(r"\w+|\W", self.text)]
        total = math.fsum(self.mass.values())
        return [_place(self.text, {token: mass / total for token, mass in self.mass.items()})]


def _place(token: str, shares: Mapping[str, float]) -> Body:
    logs = {name: math.log(max(share, 1e-12)) for name, share in shares.items()}
    top = [{"token": name, "logprob": log} for name, log in sorted(logs.items(), key=lambda each: -each[1])]
    return {"token": token, "logprob": logs[token], "top_logprobs": top}


def last_answer(prompt: str) -> str:
    """What the assistant says last in the last quoted conversation of a prompt."""
    parts: list[tuple[str, list[str]]] = []
    for line in _BLOCK.findall(prompt)[-1].splitlines():
        if title := _TITLE.fullmatch(line):
            parts.append((title[1], []))
        elif parts:
            parts[-1][1].append(line[2:])
    return next("\n".join(lines) for title, lines in reversed(parts) if title == "assistant")


def outside(prompt: str) -> str:
    """A prompt without what it quotes."""
    return _BLOCK.sub("", prompt)


def _chance(said: str) -> float:
    """From 0 to 1, by a hash."""
    return int(hashlib.sha256(said.encode()).hexdigest()[:12], 16) / 16**12
