"""How far reviewers agree, in card, report and notes of a build."""

from __future__ import annotations

from pathlib import Path

import pytest
from sklearn.metrics import cohen_kappa_score

from hfsft.agreement import library
from tests.stages.reviewing.helpers import built, file_of, judged, kiln, rows_in


@pytest.mark.parametrize("named", [False, True])
def test_two_reviewers_agree_so_far_and_guidelines_are_blamed(
    named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "RESAMPLES", 40)
    recipe = kiln(tmp_path, {"names": named, "on_fail": "warn"}, split={"validation": 0})
    made, _, _ = built(recipe)
    said = {"ann": "aaaarrrrarar", "ben": "aarraarrrara"}
    for name, words in said.items():
        for row, word in zip(rows_in(made), words, strict=False):
            verdict = judged(row, "accept" if word == "a" else "reject", name, drawn="overlap")
            file_of(recipe).append(verdict)
    made, folder, _ = built(recipe)
    kappa = cohen_kappa_score(list(said["ann"]), list(said["ben"]))
    card = (folder / "README.md").read_text()
    assert "How far reviewers agree" in card
    assert f"| accept or reject | 12 | 33% (10% to 65%) | {kappa:.2f}" in card
    (note,) = [note for note in made.notes if "guidelines" in note]
    assert note.startswith(f"review: accept or reject: kappa is {kappa:.2f}, below 0.6")
    assert ("(ben reject, ann accept)" in note or "(ann reject, ben accept)" in note) is named
    assert "r1 reject, r2 accept" in note or named
    report = (folder / "report.html").read_text()
    assert "below 0.6" in report


def test_one_reviewer_is_told_nothing_of_agreement(tmp_path: Path) -> None:
    recipe = kiln(tmp_path, {"on_fail": "warn"}, split={"validation": 0})
    made, _, _ = built(recipe)
    for row in rows_in(made)[:5]:
        file_of(recipe).append(judged(row))
    made, folder, _ = built(recipe)
    assert "agree" not in " ".join(made.notes)
    assert "How far reviewers agree" not in (folder / "README.md").read_text()
