"""The sources of a recipe: looked into before anything is paid for, each fault at its line; and their first step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hfsft import pipeline
from hfsft.cli import main
from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
from hfsft.engine.live import Forecast
from hfsft.engine.plan import Plan
from hfsft.engine.step import Step
from hfsft.errors import RecipeError
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.rows.batch import Row
from hfsft.rows.columns import COLUMNS
from hfsft.rows.tables.table import Table
from tests.engine.held import held
from tests.rows.helpers import file


def problems(folder: Path, text: str, **how: Any) -> list[str]:
    """What `validate` says of a recipe, without its name."""
    path = folder / "r.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        pipeline.validate(path, **how)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def test_a_missing_file_is_told_at_its_line_with_all_other_mistakes(tmp_path: Path) -> None:
    file(tmp_path, "seeds.jsonl", {"prompt": "a"})
    whole = "name: r\nseeds:\n  - path: seed.jsonl\n  - path: none\n"
    missing = ["r.yaml:3:11: seed.jsonl: no such file (did you mean `seeds.jsonl`?)", "r.yaml:4:11: none: no such file"]
    assert problems(tmp_path, whole) == missing
    wrong_key = problems(tmp_path, f"{whole}split: {{validatoin: 1}}\n")
    assert (wrong_key[:2], len(wrong_key)) == (missing, 3)
    wrong_variable = problems(tmp_path, f"{whole}generate: {{template: '{{{{ instrction }}}}'}}\n")
    assert (wrong_variable[:2], len(wrong_variable)) == (missing, 3)
    for making in (pipeline.forecast, lambda path: list(pipeline.preview(path)), pipeline.run):
        with pytest.raises(RecipeError, match=r"r.yaml:3:11: seed.jsonl: no such file"):
            making(tmp_path / "r.yaml")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            "{path: a.jsonl, instruction: qestion}",
            ["r.yaml:3:34: a.jsonl: no column 'qestion' (did you mean `question`?"],
        ),
        ("{path: a.jsonl, keep: [tiket]}", ["r.yaml:3:27: a.jsonl: no column 'tiket' (did you mean `ticket`?"]),
        ("{path: a.jsonl, format: messages}", ["r.yaml:3:29: a.jsonl: format messages needs messages (it has"]),
        (
            "{path: b.jsonl}",
            ["r.yaml:3:12: b.jsonl: no column holds the response (name it with response:; it has question"],
        ),
        ("{path: a.jsonl, split: test}", ["r.yaml:3:28: a.jsonl: is one file and has no splits"]),
        (
            "{path: c.csv}",
            ["r.yaml:3:12: c.csv:1: the columns may be separated by `,` or `;` (say which with delimiter:)"],
        ),
        ("{path: d.jsonl}", ["d.jsonl:2:2: not JSON"]),
        (
            "{path: e.jsonl}",
            [
                "r.yaml:3:12: none of its 3 rows can be used: "
                "unknown role x (`roles: {x: user}` or another says what it is): "
                "2 rows, first e.jsonl:1; no conversation: 1 row, first e.jsonl:2"
            ],
        ),
    ],
)
def test_what_the_first_rows_show_is_told_at_the_key_that_settles_it(
    tmp_path: Path, source: str, told: list[str]
) -> None:
    file(tmp_path, "a.jsonl", {"question": "a", "answer": "b", "ticket": 1})
    file(tmp_path, "b.jsonl", {"question": "a"})
    file(tmp_path, "c.csv", "a,b;c", "1,2;3")
    file(tmp_path, "d.jsonl", {"question": "a", "answer": "b"}, "{")
    odd = {"messages": [{"role": "x", "content": "y"}]}
    file(tmp_path, "e.jsonl", odd, {"messages": []}, odd)
    found = problems(tmp_path, f"name: r\nexamples:\n  - {source}\n")
    assert [line[: len(start)] for line, start in zip(found, told, strict=True)] == told
    if "none of its" in told[0]:
        return
    with pytest.raises(RecipeError) as caught:  # a build says the same
        list(compile_recipe(load_recipe(tmp_path / "r.yaml")).steps[0].function())
    assert str(caught.value).replace(f"{tmp_path}/", "").startswith(told[0])


def test_a_valid_recipe_says_what_it_will_not_carry_and_offline_asks_no_hub(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"question": "a", "answer": "b", "id": 7, "channel": "x"}, {"question": "c", "answer": "d", "id": 8}]
    file(tmp_path, "a.jsonl", *rows)
    (tmp_path / "r.yaml").write_text("name: r\nexamples:\n  - path: a.jsonl\n  - path: ana/none\n")
    assert main(["validate", str(tmp_path / "r.yaml"), "--offline"]) == 0
    assert capsys.readouterr().out.splitlines()[:-1] == [
        "note: a.jsonl: 2 columns were not carried: id (2 rows), channel (1) "
        "(name columns in `keep:` to have them in provenance)",
    ]


def test_a_recipe_is_checked_without_reading_all_of_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[Table] = []
    monkeypatch.setattr(Table, "identity", hashed.append)
    file(tmp_path, "a.jsonl", {"question": "a", "answer": "b"})
    (tmp_path / "r.yaml").write_text("name: r\nexamples:\n  - path: a.jsonl\n")
    assert pipeline.validate(tmp_path / "r.yaml").notes == []
    assert hashed == []


def test_half_a_character_in_a_recipe_is_an_error_at_its_key() -> None:
    with pytest.raises(RecipeError, match=r"seeds\[0\].prompts\[1\] is text that is not Unicode"):
        load_recipe({"name": "r", "seeds": [{"prompts": ["\ud83d\ude00", "\ud83d"]}]})


SEEDS = {"name": "r", "license": "mit"}


def test_kept_columns_are_known_to_templates_and_filters_and_no_others(tmp_path: Path) -> None:
    file(tmp_path, "a.jsonl", {"prompt": "a", "channel": "mail", "id": "t1"})
    recipe = {
        **SEEDS,
        "seeds": [{"path": str(tmp_path / "a.jsonl"), "keep": ["channel", "id"]}, {"prompts": ["b"]}],
        "evolve": {"templates": ["{{ channel }} {{ instruction }}"], "rounds": 2},
        "generate": {"template": "{{ source_id }} {{ instruction }}"},
        "filters": [{"tokens": {"column": "channel", "at_most": 2}}],
    }
    plan = compile_recipe(load_recipe(recipe), weights=False)
    steps = {step.name: step for step in plan.steps}
    rows = list(steps["sources"].function())
    assert [(row["channel"], row["source_id"], row["source"]) for row in rows] == [
        ("mail", "t1", "a.jsonl:1"),
        (None, None, "seeds[1].prompts[0]"),
    ]
    grown = steps["evolve[1].branch"].function({name: [row[name] for row in rows] for name in rows[0]})
    assert grown["channel"] == ["mail", "mail", None, None]
    assert "channel" in steps["evolve[2]"].reads
    assert "source_id" in steps["generate"].reads
    assert "channel" not in steps["generate"].reads
    asked = next(steps["evolve[1]"].function({name: values[1] for name, values in grown.items()}))
    assert asked.messages[0]["content"] == "mail a"
    recipe["seeds"][0]["keep"] = ["channel"]  # type: ignore[index]
    with pytest.raises(RecipeError, match="the template uses `source_id`"):
        compile_recipe(load_recipe(recipe), weights=False)


def test_a_seed_that_differs_by_outer_white_space_alone_is_the_same(tmp_path: Path) -> None:
    file(tmp_path, "s.txt", "How?", " How? ", "Why?")
    recipe = load_recipe({**SEEDS, "seeds": [{"path": str(tmp_path / "s.txt")}]})
    rows = compile_recipe(recipe, weights=False).steps[0].function()
    assert [row["defect"] for row in rows] == [None, "the same as another seed", None]


def test_a_source_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    broken = [True]

    def rows() -> Iterator[Row]:
        for number in range(3):
            if number == 2 and broken:
                raise KeyboardInterrupt
            yield {**dict.fromkeys(COLUMNS), "id": str(number)}

    plan = Plan("toy", (Step("sources", rows="source", writes=COLUMNS, work=held(rows)),))
    with pytest.raises(KeyboardInterrupt):
        engine.run(plan, Forecast(None), tmp_path, Ledger())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
    broken.clear()
    assert engine.run(plan, Forecast(None), tmp_path, Ledger())["id"] == ["0", "1", "2"]  # type: ignore[arg-type]


def test_what_was_not_carried_stands_in_the_notes_of_a_build(tmp_path: Path, home: Path) -> None:
    rows = [{"question": f"{word}?", "answer": f"{word}!", "channel": "mail"} for word in ("Where", "When", "Why")]
    file(tmp_path, "a.jsonl", *rows, {"question": "x", "channel": "mail", "id": 1})
    recipe = {**SEEDS, "examples": [{"path": str(tmp_path / "a.jsonl")}], "split": {"validation": 0}}
    built, _ = pipeline.run(recipe, out=tmp_path / "build")
    assert [note for note in built.notes if note.startswith("a.jsonl: ")] == [
        "a.jsonl: 2 columns were not carried: channel (4 rows), id (1) "
        "(name columns in `keep:` to have them in provenance)"
    ]


def test_a_folder_that_is_called_like_a_dataset_is_read_from_the_disk_and_said_so(tmp_path: Path) -> None:
    file(tmp_path, "you/rows/a.jsonl", {"prompt": "Here?", "n": 1})
    file(tmp_path, "long.jsonl", *({"prompt": f"q{n}", "n": n} for n in range(1200)))
    (tmp_path / "r.yaml").write_text(
        "name: r\nseeds:\n  - path: you/rows\n  - {path: long.jsonl, where: n > 1100, sample: 5}\n"
    )
    notes = pipeline.validate(tmp_path / "r.yaml", hub=False).notes
    assert (
        "you/rows: is read from the disk, where it lies beside the recipe; hf://datasets/you/rows is the Hub's" in notes
    )
    assert (
        "long.jsonl: `where` leaves out all of the first 1,000 rows; whether it leaves out all, a build tells" in notes
    )
