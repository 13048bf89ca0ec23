"""The generated parts of the README, and recipes/REFERENCE.md: `python -m tests.docs --write`; a test compares them.

The output of the quick start is real and stands as it was printed; only the test that builds it replaces it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
REFERENCE = ROOT / "recipes" / "REFERENCE.md"

MISTAKES = """\
name: refund-support
seeds:
  - prompts: [How long does a refund take?]
evolve:
  templates: [depen, "Shorter: {{ instrution }}"]
filters:
  - repetition: {at_most: 40}
  - tokens: {column: response, at_least: 50, at_most: 20}
split: {validaton: 0.1}
"""


def part(text: str, name: str) -> re.Match[str]:
    """A part of the page: its text is the first group."""
    found = re.search(rf"<!-- (?:output|generated): {name} -->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert found, f"README.md has no part {name}"
    return found


def replaced(text: str, name: str, content: str) -> str:
    """The text with other content between a part's marks."""
    found = part(text, name)
    return text[: found.start(1)] + content + text[found.end(1) :]


def filters() -> str:
    """The table of filters."""
    from hfsft.filters import FILTERS
    from hfsft.recipe.json_schema import filter_table

    return filter_table(FILTERS)


def mistakes() -> str:
    """What `hfsft validate` says of a recipe with mistakes."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "recipe.yaml").write_text(MISTAKES)
        command = [sys.executable, "-m", "hfsft", "validate", "recipe.yaml"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    return f"```text\n$ hfsft validate recipe.yaml\n{done.stderr}```\n"


def reference() -> str:
    """The reference of recipes."""
    from hfsft.recipe.explain.reference import reference as page

    return page()


GENERATED = {"filters": filters, "mistakes": mistakes}


def main() -> None:
    text = README.read_text(encoding="utf-8")
    for name, make in GENERATED.items():
        text = replaced(text, name, make())
    if sys.argv[1:] == ["--write"]:
        README.write_text(text, encoding="utf-8")
        REFERENCE.write_text(reference(), encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
