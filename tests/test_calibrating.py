"""A judge of known faults, calibrated against people: printed, kept, in card and report, written into the recipe."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import cohen_kappa_score

from hfsft.agreement import library
from hfsft.cli import main
from hfsft.errors import RecipeError, ReleaseError, SourceError, UserError
from hfsft.hashing import unit
from hfsft.pipeline import run, validate
from hfsft.pipeline.calibrating import calibrate
from hfsft.release.hub.release_files import Build
from hfsft.release.reader import open_release
from hfsft.release.rows.records import BuildRows, ReleaseRow
from hfsft.verdicts import Verdict
from tests.stages.judging.scripted_judge import ScriptedJudge, answer

RECIPE = """\
# Boats, by Jo.
name: boats
models:
  judge: {{model: org/judge, base_url: {url}}}
examples:
  - path: rows.jsonl
judge:
  model: judge
  rubric: {{usefulness: Does it help?}}
filters:
  - score: {{mean: {{at_least: 2}}}}  # a first guess
split: {{validation: 0}}
"""
COUNT = 80


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "RESAMPLES", 40)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    rows = [{"instruction": f"What of case {n}?", "response": answer(1 + n % 5, n, 20 + n)} for n in range(COUNT)]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with ScriptedJudge(noise=0.7) as judge:
        (tmp_path / "boats.yaml").write_text(RECIPE.format(url=judge.url))
        run("boats.yaml")
        asked = len(judge.requests)
        yield tmp_path
        assert len(judge.requests) == asked, "nothing that follows asks a model"


def built() -> list[ReleaseRow]:
    return list(BuildRows(open_release("build/boats")))


def worth(record: ReleaseRow) -> int:
    """What people give a row: what it is worth, now and then one more."""
    found = re.search(r"worth (\d)", record.row["response"])
    assert found
    return min(5, max(1, int(found[1]) + (unit("ann", record.id) < 0.2)))


def review(**more: Any) -> dict[str, int]:
    """Verdicts of people on all rows that were kept."""
    lines = [
        Verdict(
            record.id,
            record.content or "",
            "ann",
            "2026-11-26T12:00:00Z",
            "accept" if worth(record) >= 4 else "reject",
            scores={"usefulness": worth(record)},
            **{"drawn": "sample", **more},
        ).to_line()
        for record in built()
        if record.fate == "train"
    ]
    Path("boats.review.jsonl").write_text("\n".join(lines) + "\n")
    return {record.id: worth(record) for record in built() if record.fate == "train"}


def test_from_verdicts_to_a_bound_in_the_recipe(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = review()
    assert main(["calibrate", "boats.yaml", "--precision", "0.8", "--write"]) == 0
    shown = capsys.readouterr()
    assert f"the judge is calibrated, by {len(people)} rows with people's labels, drawn at random" in shown.out
    fell = COUNT - len(people)
    assert f"nobody has labelled one of the {fell} rows that fell at a bound on a score" in shown.out
    assert "recall of the others" in shown.out

    kept = json.loads(Path("boats.calibration.json").read_text())
    judge = {record.id: int(record.row["score_usefulness"]) for record in built()}
    pairs = [(people[row], judge[row]) for row in sorted(people)]
    assert kept["criteria"][0]["kappa"]["value"] == cohen_kappa_score(*zip(*pairs, strict=True), labels=[1, 2, 3, 4, 5])

    bound = kept["suggested"]["at_least"]
    assert (
        Path("boats.yaml")
        .read_text()
        .endswith(f"  - score: {{mean: {{at_least: {bound:g}}}}}  # a first guess\nsplit: {{validation: 0}}\n")
    )
    assert "boats.yaml:11:30" in shown.err

    made, place = run("boats.yaml")
    assert len(made.rows) == sum(score >= bound for score in judge.values())
    card = (place / "README.md").read_text()
    assert "The judge is calibrated, by" in card
    assert "mean at least" in card
    assert "The judge is calibrated, by" in (place / "report.html").read_text()
    assert any(note.startswith("the judge is calibrated") for note in made.notes)
    assert any(note.startswith("the judge is calibrated") for note in validate("boats.yaml", hub=False).notes)

    # A clone shows it too: what the release holds is what lies beside the recipe.
    assert (place / "calibration.json").read_bytes() == Path("boats.calibration.json").read_bytes()
    assert "calibration.json" in Build.read(place).files
    note = next(note for note in made.notes if note.startswith("the judge is calibrated"))
    (place / "rows.jsonl").write_bytes(Path("rows.jsonl").read_bytes())  # which this release does not hold
    assert note in run(place / "recipe.resolved.yaml", out="again")[0].notes

    # The rows that the new bound took have labels: they count as what they are, and the figures stay.
    again = calibrate("boats.yaml", precision=0.8).found
    assert again.suggested is not None
    assert again.suggested.at_least == bound
    assert (again.basis.unseen, again.basis.fell) == (fell, len(people) - len(made.rows))

    # Another judge is uncalibrated, and its scores are not those of the build.
    Path("boats.yaml").write_text(Path("boats.yaml").read_text().replace("Does it help?", "Does it help at sea?"))
    (note,) = [note for note in validate("boats.yaml", hub=False).notes if "calibrated" in note]
    assert note == (
        "the judge is uncalibrated: its rubric has changed since it was calibrated (run `hfsft calibrate` again)"
    )
    with pytest.raises(ReleaseError, match="its scores are by another judge, as the recipe has another rubric now"):
        calibrate("boats.yaml")


def test_labels_of_a_file_in_place_of_verdicts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = [(each.id, worth(each)) for each in built()]
    lines = ["id,verdict,usefulness", *(f"{row},{'accept' if score >= 4 else 'reject'},{score}" for row, score in said)]
    Path("labels.csv").write_text("\n".join([*lines[:31], "ffff9999,accept,5"]))
    assert main(["calibrate", "boats.yaml", "labels.csv", "--by", "usefulness", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["state"], shown["basis"]["rows"], shown["basis"]["random"]) == ("provisional", 30, False)
    assert shown["suggested"]["score"] == "usefulness"
    assert shown["told"] == ["labels that count for nothing: 1 of rows that the build does not have"]

    Path("labels.csv").write_text("\n".join(lines[:11]))
    assert main(["calibrate", "boats.yaml", "labels.csv", "--write"]) == 1
    few = capsys.readouterr()
    assert "the judge is uncalibrated: 10 of 20 rows that are needed at least have people's labels" in few.out
    assert "no bound was written: the judge is uncalibrated" in few.err
    assert "at_least: 2}" in Path("boats.yaml").read_text()


def test_a_calibration_is_told_by_the_next_build_though_nothing_else_changed(folder: Path) -> None:
    review()
    calibrate("boats.yaml")
    made, place = run("boats.yaml")
    assert any(note.startswith("the judge is calibrated") for note in made.notes)
    assert "The judge is calibrated" in (place / "README.md").read_text()
    assert run("boats.yaml")[0].stands


def test_scores_stand_for_verdicts_where_somebody_says_from_which_on(folder: Path) -> None:
    rows = built()
    Path("scores.jsonl").write_text(
        "\n".join(json.dumps({"id": each.id, "scores": {"usefulness": worth(each), "wit": 1}}) for each in rows)
    )
    found = calibrate("boats.yaml", "scores.jsonl").found
    assert found.suggested is not None
    assert "--good 4" in found.suggested.why
    assert found.bounds is None
    assert found.told == ["people's scores of `wit` are by no criterion of the judge"]
    found = calibrate("boats.yaml", "scores.jsonl", good=4, precision=0.8).found
    assert found.bounds is not None
    accepted = sum(worth(each) >= 4 for each in rows)
    assert found.bounds.kept_accepted + found.bounds.fell_accepted == accepted
    assert f"{COUNT} rows without a verdict count as accepted" in found.told[0]


def _not_installed(name: str) -> Any:
    raise ImportError(f"No module named {name!r}", name=name.partition(".")[0])


def test_people_among_themselves_are_the_measure(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = [(each.id, worth(each), min(5, worth(each) + (unit("ben", each.id) < 0.4))) for each in built()]
    labels = [
        {"id": row, "reviewer": name, "scores": {"usefulness": score}}
        for row, *scores in pairs
        for name, score in zip(("ann", "ben"), scores, strict=True)
    ]
    Path("two.jsonl").write_text("\n".join(map(json.dumps, labels)))
    assert main(["calibrate", "boats.yaml", "two.jsonl"]) == 0
    _, ann, ben = zip(*pairs, strict=True)
    kappa = cohen_kappa_score(ann, ben, labels=[1, 2, 3, 4, 5], weights="quadratic")
    assert f"people among themselves come to a kappa of: usefulness {kappa:.2f} (" in capsys.readouterr().out


def test_what_is_missing_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = (folder / "build" / "boats" / "README.md").read_text()
    assert "The judge is uncalibrated: no comparison of its scores with people's is known." in card
    with pytest.raises(UserError, match=r"boats\.review\.jsonl: there is no such file"):
        calibrate("boats.yaml")
    Path("labels.jsonl").write_text("{}")
    with pytest.raises(SourceError, match="names no row by `id`"):
        calibrate("boats.yaml", "labels.jsonl")
    review()
    with pytest.raises(UserError, match=r"the judge gives no score `means` \(did you mean `mean`\?"):
        calibrate("boats.yaml", by="means")
    with monkeypatch.context() as without:
        without.setattr(library, "import_module", _not_installed)
        with pytest.raises(
            UserError, match=r"need scikit-learn, which is not installed \(pip install 'hfsft\[people\]'\)"
        ):
            calibrate("boats.yaml")
    with pytest.raises(UserError, match="precision is a share above 0 and up to 1, not 90"):
        calibrate("boats.yaml", precision=90)
    with pytest.raises(ReleaseError, match="there is no build whose scores could be compared"):
        calibrate("boats.yaml", out="elsewhere")
    Path("plain.yaml").write_text("name: plain\nexamples: [{path: rows.jsonl}]\n")
    with pytest.raises(RecipeError, match="has no judge"):
        calibrate("plain.yaml")
