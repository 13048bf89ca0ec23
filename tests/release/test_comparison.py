"""Diff: what became of each row from one build to another."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hfsft.cli import main
from hfsft.cli.commands.diff import report
from hfsft.pipeline import run
from hfsft.release.comparison import Diff, ScoreShift, StepPair, diff
from hfsft.release.folder.previous import previous_of
from hfsft.release.reader import open_release
from tests.models.server import LLM
from tests.recipes import reply, support
from tests.release.samples import examples


def between(old: Any, new: Any, out: Path) -> Diff:
    """Two builds, the second over a copy of the first."""
    first = run(old, out=out / "old")[1]
    shutil.rmtree(out / "new", ignore_errors=True)
    shutil.copytree(out / "old", out / "new")
    second = run(new, out=out / "new")[1]
    return diff(open_release(str(first)), open_release(str(second)))


def rewrite(folder: Path, **columns: Any) -> None:
    """Write other values into the first row of the build's train split."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    (path,) = (folder / "provenance").glob("train-*.parquet")
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[0].update(columns)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)


def test_the_same_build_twice_differs_in_nothing(tmp_path: Path, home: Path) -> None:
    found = between(examples(), examples(), tmp_path)
    assert (found.added, found.removed, found.changed, found.moved) == ({}, {}, {}, {})
    assert sum(old for old, _ in found.splits.values()) == 20


def test_new_examples_are_added_and_move_no_row(tmp_path: Path, home: Path) -> None:
    run(examples(20), out=tmp_path)
    folder = run(examples(30), out=tmp_path)[1]  # where the sides of the build before are remembered
    found = diff(open_release(str(previous_of(folder))), open_release(str(folder)))
    assert len(found.added) == 10
    assert set(found.added.values()) == {"new"}
    assert (found.removed, found.changed, found.moved) == ({}, {}, {})


def test_examples_that_were_taken_out_are_no_longer_made(tmp_path: Path, home: Path) -> None:
    found = between(examples(20), examples(15), tmp_path)
    assert list(found.removed.values()) == ["no longer made"] * 5


def test_a_rule_that_removes_rows_is_named_and_one_that_let_them_in(tmp_path: Path, home: Path) -> None:
    some = examples(filters=[{"tokens": {"at_most": 6}}])
    longer = {"instruction": "And now?", "response": "This answer has more than six words in it."}
    for recipe in (some, plain := examples()):
        recipe["examples"] = [*recipe["examples"], {"rows": [longer]}]
    loosened, tightened = between(some, plain, tmp_path / "one"), between(plain, some, tmp_path / "two")
    assert set(loosened.added.values()) == {"rejected by filters[tokens]"}
    assert set(tightened.removed.values()) == {"rejected by filters[tokens]"}
    assert StepPair("filters[tokens]", None, 20, None, 1) in tightened.funnel


def test_a_row_that_says_something_else_is_changed(tmp_path: Path, home: Path) -> None:
    first, second = (run(examples(), out=tmp_path / name)[1] for name in ("old", "new"))
    rewrite(second, response="Something else.", topic="parcels")
    found = diff(open_release(str(first)), open_release(str(second)))
    assert list(found.changed.values()) == [("topic", "response")]


def test_scores_are_compared_over_all_rows_and_over_the_same_rows(tmp_path: Path, home: Path) -> None:
    with LLM(reply=reply) as llm:
        first, second = (run(support(llm, filters=[]), out=tmp_path / name)[1] for name in ("old", "new"))
    before = open_release(str(second)).rows("train")[0]["score_usefulness"]
    rewrite(second, score_usefulness=before + 2)
    found = diff(open_release(str(first)), open_release(str(second)))
    shifts = {score.criterion: score for score in found.scores}
    rows = sum(old for old, _ in found.splits.values())
    assert set(shifts) == {"relevance", "usefulness", "mean", "min"}
    assert shifts["relevance"].shift == 0
    assert shifts["usefulness"].shift == pytest.approx(2 / rows)
    assert shifts["usefulness"].rows_compared == rows


def test_changes_beyond_memory_and_rows_in_any_order_are_told_the_same(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import pyarrow.parquet as pq

    recipes = [examples(40, filters=[{"tokens": {"at_most": 30}}]), examples(30)]
    recipes[1]["examples"].append({"rows": [{"instruction": f"And {n} then?", "response": "No."} for n in range(15)]})
    first, second = (str(run(recipe, out=tmp_path / name)[1]) for name, recipe in zip("ab", recipes, strict=True))
    rewrite(Path(second), response="Something else.")
    for options in ([], ["--json"]):
        monkeypatch.undo()
        code = main(["diff", first, second, *options])
        told = capsys.readouterr().out
        assert json.loads(told)["texts"] if options else "10 more" not in told
        monkeypatch.setattr("hfsft.release.compared.row_changes.HELD", 2)
        assert main(["diff", first, second, *options]) == code
        assert capsys.readouterr().out == told
    (path,) = Path(second, "provenance").glob("train-*.parquet")
    table = pq.read_table(path)
    pq.write_table(table.take(list(reversed(range(len(table))))), path)
    assert main(["diff", first, second, "--json"]) == code
    assert capsys.readouterr().out == told


def test_another_format_shows_in_the_columns(tmp_path: Path, home: Path) -> None:
    found = between(examples(), examples(publish={"format": "prompt_completion"}), tmp_path)
    assert found.columns == (("messages",), ("prompt", "completion"))
    assert "columns: messages -> prompt, completion" in report(found)


def test_a_row_that_moved_between_splits_is_named_and_fails_the_command(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (run(examples(), out=tmp_path / name)[1] for name in ("old", "new"))
    for config in ("provenance", "data"):  # the two splits change places
        train, validation = (f"{config}/{split}-00000-of-00001.parquet" for split in ("train", "validation"))
        shutil.copyfile(first / train, second / validation)
        shutil.copyfile(first / validation, second / train)
    moved = open_release(str(first)).rows("validation")["id"][0]
    assert main(["diff", str(first), str(second), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["moved"][moved] == ["validation", "train"]
    assert main(["diff", str(first), str(second)]) == 1
    shown = capsys.readouterr().out
    assert "rows moved from train to validation, so a model trained on the old rows has seen them" in shown
    assert "moved from validation to train" in shown
    assert main(["diff", str(first), str(first)]) == 0


def test_the_report_reads_well() -> None:
    found = Diff(
        old="a",
        new="b",
        columns=(("messages",), ("messages",)),
        splits={"train": (1000, 1200), "validation": (100, 100)},
        added={f"{number:02d}": "new" for number in range(12)},
        removed={"ff": "rejected by filters[score]"},
        changed={"ee": ("response",)},
        rewritten={"dd": "d0"},
        moved={},
        texts={
            "ee": {"response": ("It takes five days in all, as we said.", "It takes ten days in all, as we said.")},
            "dd": {"response": ("Yes.", "No.")},
        },
        recipe={"filters[tokens].at_least": ("5", "20"), "judge.scale": (None, "[1, 5]")},
        scores=(
            ScoreShift("usefulness", 3.5, 4.0, 0.25, 990),
            ScoreShift("tone", None, 4.5, None, 0),
            ScoreShift("mean", 3.58, 3.44, 0.0, 900),
        ),
        funnel=(
            StepPair("sources", 1000, 1200, 0, 0),
            StepPair("filters[tokens].measure", 1000, 1200, 0, 0),
            StepPair("filters[score]", None, 1100, None, 100),
        ),
    )
    assert report(found) == (Path(__file__).parent / "diff.txt").read_text(encoding="utf-8").rstrip("\n")
    assert "1 row moved from train to validation" in report(replace(found, moved={"aa": ("train", "validation")}))


def test_only_a_row_that_comes_from_train_to_validation_fails_the_command(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (run(examples(split={"validation": 0.5}), out=tmp_path / name)[1] for name in ("old", "new"))
    for config in ("provenance", "data"):  # a row more that was held out, and none the other way
        import pyarrow as pa
        import pyarrow.parquet as pq

        train, validation = (first / config / f"{side}-00000-of-00001.parquet" for side in ("train", "validation"))
        held = pq.read_table(validation)
        pq.write_table(pa.concat_tables([pq.read_table(train), held[:1]]), second / config / train.name)
        pq.write_table(held[1:], second / config / validation.name)
    assert main(["diff", str(first), str(second)]) == 0
    assert "1 row moved from validation to train" in capsys.readouterr().out
    assert main(["diff", str(second), str(first)]) == 1
    assert "1 row moved from train to validation" in capsys.readouterr().out
