"""Precision and recall of `secrets` on files full of made-up ones, and what it takes of ordinary text.

    uv run python tests/benchmarks/secret_finds.py --data FOLDER [--show]

The files are those that detect-secrets tests itself with. They have no labels: LINES tells, by number, the lines that
hold a secret which its form, its name or the place gives away, and those with a chance string that nothing calls one,
which only a measure of randomness finds (hashes and ids look the same). detect-secrets itself, with all its detectors
and filters as they are set, is printed beside it.

Precision and recall of the lines were 1.000 and 0.696 (0.615 with the chance strings), those of detect-secrets 0.692
and 0.783 (0.808 and 0.808). Of 6,016 ordinary rows `secrets` takes 2 and detect-secrets 6, most of them passwords of
examples and checksums of web pages.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings

from hfsft.filters import Secrets
from tests.benchmarks.sets import HEADS, ORDINARY, Score, lines, reading, share

FILES = "secrets/detect_secrets_test_data.jsonl.gz"


class Marked(NamedTuple):
    """The lines of a file with secrets that something gives away, and with chance strings."""

    told: tuple[int, ...] = ()
    chance: tuple[int, ...] = ()


LINES = {
    "config.env": Marked(chance=(1,)),
    "config.ini": Marked((2, 10, 26, 32)),
    "config.yaml": Marked((5, 12, 13)),
    "config.md": Marked((10,)),
    "each_secret.py": Marked((4, 5, 6, 8, 9)),
    "files/file_with_secrets.py": Marked((3, 4)),
    "files/private_key": Marked((1, 2, 3)),
    "sample.diff": Marked(chance=(22, 34)),
    "short_files/first_line.php": Marked((1,)),
    "short_files/last_line.ini": Marked((3, 4, 5)),
    "short_files/middle_line.yml": Marked((4,)),
}


def ours(text: str, _: str) -> set[int]:
    """The numbers of the lines in which `secrets` finds something."""
    return {
        number
        for found in Secrets().find(text)
        for number in range(text.count("\n", 0, found.start) + 1, text.count("\n", 0, found.end) + 2)
    }


def theirs(text: str, name: str) -> set[int]:
    """The numbers of the lines in which detect-secrets finds something."""
    with default_settings(), TemporaryDirectory() as folder:
        file = Path(folder, Path(name).name)
        file.write_text(text, encoding="utf-8")
        return {secret.line_number for secret in scan_file(str(file))}


FINDERS: dict[str, Callable[[str, str], set[int]]] = {"secrets": ours, "detect-secrets": theirs}


def in_files(folder: Path, show: bool) -> None:
    files = {row["path"]: row["content"] for row in lines(folder / FILES)}
    places = [(path, number) for path, text in files.items() for number in range(1, text.count("\n") + 2)]
    told = {(path, number) for path, marked in LINES.items() for number in marked.told}
    chance = {(path, number) for path, marked in LINES.items() for number in marked.chance}
    print(f"{'lines':<20}{'by':<16}{HEADS}")
    for by, finder in FINDERS.items():
        hits = {(path, number) for path, text in files.items() for number in finder(text, path)}
        for named, wanted in (("given away", told), ("and chance strings", told | chance)):
            print(f"{named:<20}{by:<16}{Score.of((at in wanted for at in places), (at in hits for at in places))}")
        if show and by == "secrets":
            for path, number in sorted((told | chance) ^ hits):
                what = "wrong" if (path, number) in hits else "missed"
                print(f"    {what}: {path}:{number} {files[path].split(chr(10))[number - 1][:90]}")


def in_ordinary(folder: Path, show: bool) -> None:
    print(f"\n{'ordinary rows':<20}{'rows':>6}" + "".join(f"{by:>18}" for by in FINDERS))
    for name, path in ORDINARY.items():
        texts = ["\n".join(value for value in row.values() if isinstance(value, str)) for row in lines(folder / path)]
        parts = []
        for by, finder in FINDERS.items():
            hits = [text for text in texts if finder(text, "row.txt")]
            parts.append(f"{f'{len(hits)} {share(len(hits), len(texts))}':>18}")
            if show and by == "secrets":
                for text in hits:
                    print("    ", [(found.kind, text[found.start : found.end]) for found in Secrets().find(text)])
        print(f"{name:<20}{len(texts):>6}{''.join(parts)}")


def main() -> None:
    parser = reading(__doc__ or "")
    parser.add_argument("--show", action="store_true", help="print what is missed and what is wrong")
    arguments: Any = parser.parse_args()
    in_files(arguments.data, arguments.show)
    in_ordinary(arguments.data, arguments.show)


if __name__ == "__main__":
    main()
