"""What the files in a build's folder are called; `hfsft.release.folder.write` says what each holds."""

from __future__ import annotations

CARD = "README.md"
REPORT = "report.html"
LEDGER = "ledger.jsonl"
FUNNEL = "funnel.json"
SIDES = "sides.jsonl"
TRAINER = "trainer.jsonl"  # only where there is anything to tell
LOCK = "hfsft.lock.json"
WRITTEN = "recipe.yaml"  # as its author wrote it; only where it was read from a file
RESOLVED = "recipe.resolved.yaml"  # with every default, beside the sources it names, so that it can be built from here
VERDICTS = "review.jsonl"  # what people said of rows, where the recipe asks them and publishes its sources
GUIDELINES = "guidelines.md"  # by which they judged
CALIBRATION = "calibration.json"  # how far the judge is right, where people calibrated it
RANDOM = "random"  # the folder and configuration of the rows by chance that a selection is compared with
PREFERENCE = "preference"  # the folder and configuration of pairs
