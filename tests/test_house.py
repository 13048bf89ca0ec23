"""The house rules: imports run one way, files stay small, one file does each thing that only one may do."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "hfsft"
FILES = sorted(PACKAGE.rglob("*.py"))

# Each room may import those before it; rooms in one tuple may not import each other.
ORDER = [
    ("letters",),
    ("plain",),
    ("errors", "hashing", "nested", "cache", "isolated", "marks", "section", "without_datasets"),
    ("keys",),
    ("storage", "tallies"),
    ("sandbox", "rows", "similarity", "privacy"),
    ("verdicts",),
    ("agreement",),
    ("prompts", "pretrained", "texts"),
    ("models",),
    ("engine",),
    ("embedding", "tooling", "near"),
    ("documents",),
    ("filters",),
    ("stages",),
    ("recipe",),
    ("release",),
    ("review",),
    ("preflight",),
    ("loading",),
    ("submit",),
    ("pipeline",),
    ("cli",),
]
# What stages share beside what is below them.
SHARED = {
    "hfsft.stages",
    "hfsft.stages.base",
    "hfsft.stages.source",
    "hfsft.stages.seeds",
    "hfsft.stages.examples",
    "hfsft.stages.prompt_check",
    "hfsft.stages.handed_on",
    "hfsft.stages.several_answers",
    "hfsft.stages.answers.checking",
    "hfsft.stages.attributes.shares",
    "hfsft.stages.asking_part",
    "hfsft.stages.told",
    "hfsft.stages.attributes.sampling",
    "hfsft.stages.attributes.values_file",
    "hfsft.stages.evolving.template_prompts",
    "hfsft.stages.guards.like",
    "hfsft.stages.selecting.twin",
}
# Of models, a stage knows what is asked, what is answered, and how an answer is read; never who asks.
STAGE_MODELS = {
    "hfsft.models.model",
    "hfsft.models.naming",
    "hfsft.models.structured",
    "hfsft.models.probabilities",
    "hfsft.models.readings.yes_no",
    "hfsft.models.vectors.text_turns",
}


def room(module: str) -> tuple[int, str]:
    parts = module.split(".")
    for depth in (2, 1):
        name = ".".join(parts[1 : 1 + depth])
        for level, names in enumerate(ORDER):
            if name in names:
                return level, name
    raise AssertionError(f"{module} stands in no room of the table")


def imports(path: Path) -> set[str]:
    return imports_of(ast.parse(path.read_text()))


def imports_of(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("hfsft"):
            modules = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {m if (ROOT / (m.replace(".", "/") + ".py")).exists() else node.module for m in modules}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("hfsft.")}
    return found


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_run_one_way(path: Path) -> None:
    module = module_of(path)
    if module in ("hfsft", "hfsft.__main__"):
        return  # the front door names every room
    level, name = room(module)
    for imported in imports(path):
        if imported == "hfsft":
            continue
        other_level, other = room(imported)
        assert other == name or other_level < level, f"{module} imports {imported}"
        if name == "stages" and other == "models":
            assert imported in STAGE_MODELS, f"{module} imports {imported}"
        if name == "filters":
            assert other not in ("models", "recipe"), f"{module} imports {imported}"
        if name == "stages" and other == "stages":
            own = ".".join(module.split(".")[:3])  # a stage may be a room
            rooms = (f"{own}.", "hfsft.stages.tools.")  # tools are called in several sections
            assert imported in SHARED or imported.startswith(rooms), f"{module} imports another stage, {imported}"


@pytest.mark.parametrize("path", [*FILES, *sorted((ROOT / "tests").rglob("*.py"))], ids=module_of)
def test_no_file_is_over_400_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize(
    ("words", "home"),
    [
        ((".map(", ".filter("), {"engine/parts/on_datasets.py"}),
        (("print(",), {"cli"}),
        (("sys.exit", "SystemExit"), {"cli", "__main__.py"}),
        (("create_commit", "upload_folder"), {"release/hub/hub.py"}),
        (("AutoTokenizer.",), {"pretrained"}),
        (("import daft as", "from daft "), {"engine/on_daft/queries.py"}),
    ],
    ids=["map and filter", "print", "exit", "hub", "tokenizer", "daft"],
)
def test_one_place_for_each_thing(words: tuple[str, ...], home: set[str]) -> None:
    for path in FILES:
        where = path.relative_to(PACKAGE).as_posix()
        if where in home or where.split("/")[0] in home:
            continue
        text = path.read_text()
        assert not [word for word in words if re.search(rf"(?<!\w){re.escape(word)}", text)], where


# What a row says is read in `rows` alone; the others write it: for trainers, for models, and back into a source's file.
WRITERS = ("rows/", "release/trainer/", "models/", "release/folder/source_files.py")
PARTS = re.compile(r"""\["(?:messages|context)"\]|\.get\("(?:messages|context)\"""")


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_what_a_row_says_is_read_by_the_views_alone(path: Path) -> None:
    where = path.relative_to(PACKAGE).as_posix()
    if not where.startswith(WRITERS):
        lines = path.read_text().splitlines()
        assert not [f"{where}:{n}" for n, line in enumerate(lines, 1) if PARTS.search(line)], "ask hfsft.rows.views"


# One file for each command, and each filter: tables, where another file costs a reader nothing.
TABLES = {"cli/commands"}


def test_no_room_is_over_12_files() -> None:
    rooms = {path.parent for path in FILES}
    sizes = {room.relative_to(PACKAGE).as_posix(): len(list(room.glob("[!_]*.py"))) for room in rooms}
    assert not {name: size for name, size in sizes.items() if size > 12 and name not in TABLES}


def test_no_ring_of_imports_at_run_time() -> None:
    """Types may point back (under TYPE_CHECKING); code may not, not even inside a function."""
    # The front door names every room, and every room may read its version.
    known = {module_of(path): path for path in FILES if module_of(path) != "hfsft"}
    arrows = {module: run_time_imports(path) & known.keys() - {module} for module, path in known.items()}
    done: set[str] = set()

    def walk(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module not in done:
            for other in sorted(arrows[module]):
                walk(other, (*path, module))
            done.add(module)

    for module in sorted(known):
        walk(module, ())


def run_time_imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return imports_of(tree)


# Classes that share a name because they are of one meaning; why.
SAME_CLASSES = {
    "Rows": "the engine's protocol, and how this machine holds them",
}
# Files that share a name; why. Files of `cli/commands` are called as the command is, whatever room it is about.
SAME_FILES = {
    "base": "the class that all others in its room are subclasses of",
    "pii": "the filter, and what finds personal data in a text",
    "secrets": "the filter, and what finds secrets in a text",
    "language": "the filter, and what tells scripts and small words",
    "refusal": "the filter, and what finds refusals in a text",
}


def test_no_two_classes_share_a_name() -> None:
    found: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(path.relative_to(PACKAGE).as_posix())
    twice = {name: where for name, where in found.items() if len(where) > 1}
    assert {name: where for name, where in twice.items() if name not in SAME_CLASSES} == {}
    assert SAME_CLASSES.keys() <= twice.keys()


def test_no_two_files_share_a_name() -> None:
    found: dict[str, list[str]] = {}
    for path in FILES:
        where = path.relative_to(PACKAGE)
        if path.stem not in ("__init__", "__main__") and where.parent.as_posix() != "cli/commands":
            found.setdefault(path.stem, []).append(where.as_posix())
    twice = {name: where for name, where in found.items() if len(where) > 1}
    assert {name: where for name, where in twice.items() if name not in SAME_FILES} == {}
    assert SAME_FILES.keys() <= twice.keys()
