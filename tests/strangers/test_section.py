"""A section as a contributor adds it: one file, and one line in the table of sections."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.models.server import LLM, Body, said_to
from tests.strangers.checkout import Checkout

SECTION = '''
"""Tone: a model says in which tone each instruction is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from hfsft.engine.resources import Work
from hfsft.engine.step import Step
from hfsft.errors import Problem, unusable
from hfsft.models.model import Request, Turns
from hfsft.prompts import Prompt
from hfsft.rows.batch import Row
from hfsft.rows.columns import Column
from hfsft.stages.base import (
    AskingStage, CardPart, Context, Name, Outcome, Panel, Shares, ShownTable, Template, Warn, rendered,
)


class Tone(AskingStage):
    """Say in which tone instructions are written."""

    key: ClassVar[str] = "sound"

    tones: list[str] = Field(["calm", "very angry"], description="The tones to choose from.")
    template: str = Field("Tone of this, of {{ tones }}: {{ instruction }}", description="What the model is asked.")
    model: str | None = Field(None, description="Name under `models`.")

    def renders(self) -> list[Template]:
        """The template."""
        return [Template(("template",), self.prompt, ("instruction", "tones"))]

    def writes(self) -> list[Column]:
        """The tone."""
        return [Column("tone", "string", "label", "In which tone the instruction is written.")]

    @classmethod
    def lacking(cls, column: str) -> str:
        """Nobody else writes the tone."""
        return "nothing has a tone" if column == "tone" else ""

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Whether one tone is all that there is."""
        found = {tone for tone in outcome.values("tone") if tone}
        if len(found) == 1:
            yield Warn(f"every row that stayed is {found.pop()}")

    def card(self, outcome: Outcome) -> CardPart:
        """How many rows have which tone, and who said so."""
        counts = Counter(outcome.values("tone"))
        fell = Counter(outcome.removed("tone"))
        rows = [(Name(tone), count, fell[tone]) for tone, count in counts.items()]
        text = "## Tones\\n\\n{{ model }} told {{ count }} tones, by *{{ words }}*.\\n\\n{{ table }}"
        asked = outcome.models[self.asks(outcome.models)[0].name]
        table = ShownTable(("tone", "kept", "fell"), rows, (1, 2))
        values = {"model": Name(asked.model), "count": len(counts), "words": "*letters*", "table": table}
        return CardPart("tones", values, text)

    def panel(self, outcome: Outcome) -> Panel:
        """The same, as a chart."""
        counts = {"tone": dict(Counter(map(len, filter(None, outcome.values("tone")))))}
        rows = [(each.step, each.rows) for each in outcome.fell]
        chart = Shares(counts, range(20), "column", "letters")
        pieces = ["Letters of `tone`, <b>counted</b>.", chart, ShownTable(("step", "rows"), rows, (1,))]
        return Panel("tones", "Tones of rows", pieces)

    def problems(self, context: Context) -> Iterator[Problem]:
        """A choice needs two."""
        if len(set(self.tones)) < 2:
            yield Problem(context.place(self.key, "tones"), "sound.tones: there is nothing to choose", "name two")

    def steps(self, context: Context) -> list[Step]:
        """One step that asks for the tone."""
        ((_, model),) = self.asks(context.models)
        return [
            Step(
                name="sound",
                asks=True,
                reads=("id", "instruction"),
                writes={column.name: column.type for column in self.writes()},
                role="label",
                about=self.writes()[0].about,
                identity={
                    "model": context.models[model],
                    "tones": self.tones,
                    **context.template_identity(self.prompt()),
                },
                work=Work("hfsft.stages.tone:asking", self.arguments(model=model)),
                models=(model,),
                max_failed_share=self.max_failed_share,
                place=context.place(self.key),
            )
        ]

    def prompt(self) -> Prompt:
        """What the model is asked."""
        return Prompt.parse(self.template, name="sound.template")

    def ask(self, row: Row, *, prompt: Prompt, model: str) -> Turns:
        """Ask for the tone."""
        asked = rendered(prompt, instruction=row["instruction"], tones=self.tones)
        answer = yield Request(model=model, messages=({"role": "user", "content": asked},), temperature=0)
        tone = answer.text.strip()
        if tone not in self.tones:
            raise unusable("unreadable", f"{tone!r} is no tone")
        return {"tone": tone}


def asking(section: Mapping[str, Any], model: str) -> Callable[[Row], Turns]:
    """What asks for the tone of a row."""
    tone = Tone.model_validate(section)
    return partial(tone.ask, prompt=tone.prompt(), model=model)
'''


def says(body: Body) -> str:
    asked = said_to(body)
    if asked.startswith("Tone of this"):
        return "very angry" if "!" in asked else "calm"
    return f"We look into it: {asked}"


@pytest.fixture
def server() -> Iterator[LLM]:
    with LLM(reply=says) as llm:
        yield llm


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout.copied(tmp_path)
    made.write("hfsft/stages/tone.py", SECTION)
    table = "hfsft/recipe/sections.py"
    made.register(table, "from hfsft.stages.seeds", "from hfsft.stages.tone import Tone")
    line = '    sound: Tone | None = Field(None, description="Say in which tone instructions are written.")'
    made.register(table, "    generate: Generate | None", line)
    return made


def recipe(llm: LLM, **changes: Any) -> dict[str, Any]:
    things = ("parcel", "refund", "invoice", "coupon", "battery", "courier")
    return {
        "name": "toy",
        "models": {"writer": {"model": "w", "base_url": llm.url}},
        "seeds": [{"prompts": [f"My {each} is gone{'!' if each == 'refund' else '.'}" for each in things]}],
        "sound": {},
        "generate": {"template": "A {{ tone }} customer: {{ instruction }}"},
        "filters": [{"tokens": {"column": "tone", "at_most": 1}}],
        "split": {"validation": 0},
        **changes,
    }


def test_a_section_is_one_file_and_one_line(checkout: Checkout, server: LLM) -> None:
    checkout.recipe(**recipe(server))
    checkout.run("build", "recipe.yaml")
    asked = Counter(said_to(body).split(":")[0].split(",")[0] for body in server.requests)
    assert asked == {"Tone of this": 6, "A calm customer": 5}, "rows fall by their label before an answer is paid for"
    folder = checkout.folder / "build" / "toy"
    fates = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    assert Counter(each["fate"] for each in fates) == {"train": 5, "rejected": 1}
    page = (folder / "report.html").read_text()
    assert '<tr><td dir="auto">very angry</td><td class="number">0</td><td class="number">1</td></tr>' in page
    assert "In which tone the instruction is written." in (card := (folder / "README.md").read_text())
    assert "| calm | 5 |" in card
    assert "## Tones\n\n`w` told 1 tones, by *\\*letters\\**.\n\n| tone | kept | fell |" in card
    assert "| `calm` | 5 | 0 |" in card
    assert "every row that stayed is calm" in card.replace("Every", "every")
    assert "Models wrote part of it (generate)" in card, "a choice is no text"
    assert '<a href="#tones">Tones of rows</a>' in page
    assert "<p>Letters of <code>tone</code>, &lt;b&gt;counted&lt;/b&gt;.</p>" in page
    assert 'data-chart="tones-1"' in page
    assert '"tones-1":{"data":' in page
    assert '<td dir="auto">filters[tokens]</td><td class="number">1</td>' in page
    assert "sound" in json.loads((folder / "hfsft.lock.json").read_text())["templates"]
    told = checkout.run("explain", "sound")
    assert "The tones to choose from." in told
    assert "In which tone the instruction is written." in told
    before = len(server.requests)
    checkout.run("build", "recipe.yaml", "--set", "sound.on_error=fail")
    assert len(server.requests) == before
    checkout.run("build", "recipe.yaml", "--set", "sound.tones=[calm, very angry, sad]")
    assert len(server.requests) == before + 6, "the answers to the same template are kept, those of another are not"


def test_what_is_wrong_with_it_is_told_at_its_line(checkout: Checkout, server: LLM) -> None:
    def told(**changes: Any) -> list[str]:
        checkout.recipe(**recipe(server, **changes))
        said = checkout.run("validate", "recipe.yaml", code=1)
        return sorted(line.partition(" ")[2] for line in said.splitlines() if line.startswith("error: recipe.yaml:"))

    sound = {"tones": ["calm"], "template": "{{ topicc }}", "model": "judge"}
    assert [
        line.partition(": ")[2].partition(" (")[0] for line in told(sound=sound, generate={"template": "{{ ton }}"})
    ] == [
        "sound.tones: there is nothing to choose",
        "the template uses `topicc`, which no column or setting is called",
        "sound asks a model `judge`, which is not under models",
        "the template uses `ton`, which no column or setting is called",
    ]
    assert "did you mean `tone`?" in told(generate={"template": "{{ ton }}"})[0]
    (missing,) = told(sound=None, generate=None)
    assert missing.endswith(": filters[tokens] reads tone, but nothing has a tone (add a sound section)")
    (unknown,) = told(sound={"tonnes": ["a", "b"]})
    assert "unknown key `tonnes` in sound (did you mean `tones`?" in unknown
    assert not server.requests
