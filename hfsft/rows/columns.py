"""The registry of columns: what each is called, what it holds, and what part it plays in a row.

Whoever has to tell texts from measures or scores from verdicts asks here (`Column.role`), and keeps no list of names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, get_args

from hfsft.rows.messages import MESSAGE

Role = Literal["lineage", "text", "attribute", "label", "kept", "measure", "score", "verdict", "vector"]
"""What part a column plays in a row:

- `lineage`: where the row comes from and what it belongs to.
- `text`: what a person or a model says in it.
- `attribute`: what it is about, or was asked to be like.
- `label`: a named choice, made by a model or a person.
- `kept`: a column of a source that stays with its rows.
- `measure`: what a filter found in it.
- `score`: what a judge gave, and why.
- `verdict`: what became of it, and by which rule.
- `vector`: numbers that stand for one of its texts; no release holds them unless its recipe says so.
"""
ROLES: tuple[Role, ...] = get_args(Role)

Side = Literal["train", "validation", "test"]
SIDES: tuple[Side, ...] = get_args(Side)
"""The splits that kept rows are in: what is trained on, what is looked at meanwhile, and what only in the end."""

OF = "_of"  # behind a measure's name: the column with the id of the row that it compares with
FOUND = "_found"  # behind a measure's name: the column that says in words what it counts
MESSAGES = [MESSAGE]
NAME = r"^[a-z][a-z0-9_]*$"
"""What columns are called whose names are an author's own."""


class Scale(NamedTuple):
    """The bounds between which all values of a column of numbers lie, both inclusive."""

    low: float
    high: float
    called: str = "values"  # what lies on it
    said_by: str = ""  # the key of a recipe that says so


@dataclass(frozen=True)
class Column:
    """One column of rows."""

    name: str
    type: Any  # in the words of `hfsft.rows.features`
    role: Role
    about: str = ""  # what it holds, in words for who reads the data
    ours: bool = False  # whether its texts are hfsft's own words, so that nobody's can stand there
    scale: Scale | None = None  # of numbers, where it is known between which they lie
    choices: tuple[str, ...] = ()  # of texts, where it is known which there may be
    structured: bool = False  # whether its texts are JSON, of which templates read the fields by their names
    published: bool = True  # whether a release may hold it

    def as_dict(self) -> dict[str, Any]:
        """The column as JSON."""
        return {"name": self.name, "type": self.type, "role": self.role, "about": self.about, "ours": self.ours}


ROW = (
    Column("id", "string", "lineage", "Hash of what the row said as it was read, or of what it grew from.", True),
    Column("seed_id", "string", "lineage", "The seed or example that it grew from; its own id for these.", True),
    Column("parent_id", "string", "lineage", "The row that it was grown from.", True),
    Column(
        "origin", "string", "lineage", "seed, example, written (by a model, from no seed), evolved or edited.", True
    ),
    Column("round", "int32", "lineage", "0 for rows that grew from none, then the round of evolution.", True),
    Column("template", "string", "lineage", "The template by which a model wrote the instruction.", True),
    Column("source", "string", "lineage", "File and line (tickets.jsonl:3) of the row, or of the seed it grew from."),
    Column("unread", ["string"], "lineage", "Columns and fields of the source row that hold something and were left."),
    Column("dialect", "string", "lineage", "How the source writes it, so that it can be written so again.", True),
    Column("topic", "string", "attribute", "What the row is about."),
    Column("system", "string", "text", "The system prompt."),
    Column("context", "string", "text", "A text that belongs to the instruction."),
    Column("instruction", "string", "text", "What the user says; of a conversation the first message."),
    Column("response", "string", "text", "What the assistant answers; of a conversation the last answer."),
    Column("reasoning", "string", "text", "What was thought before the response, where it came in a field of its own."),
    Column("messages", MESSAGES, "text", "The turns, where the other columns do not say it all."),
    Column("tools", "string", "text", "The tools that the assistant may call: a JSON list of their schemas."),
    Column("reference", "string", "text", "The right answer, which a response is compared with."),
)
"""What every row has from the start, in the order that files show it."""

CONTENT, REFERENCE = "content", "reference"
PENDING = "pending"  # in a forecast: the row stands for one whose text is not known yet
WRITTEN_BY, SLOT, WAVE = "written_by", "slot", "wave"
OTHERS = (
    Column(CONTENT, "string", "lineage", "Hash of what the row says now; another answer, another hash.", True),
    Column("from_source", "string", "lineage", "What the source is called that the row, or its seed, is of.", True),
    Column("family_key", "string", "lineage", "Hash of what the source's `family` column says.", True),
    Column("family", "string", "lineage", "Rows of one seed, or nearly alike; the split divides none.", True),
    Column("split", "string", "verdict", "train, validation or test."),
    Column("defect", "string", "verdict", "Why the row could not be used as it was read."),
    Column(
        "call_faults", ["string"], "measure", "Why calls of tools in it could not be used and were asked again.", True
    ),
    Column(
        "tool_case", "string", "measure", "irrelevant or asks_back, where its tools were changed to need no call.", True
    ),
    Column("user_turns", "int32", "measure", "How often the user speaks in a row that grew into a conversation."),
    Column(
        "conversation_end",
        "string",
        "measure",
        "How that ended: turns (all wanted), user (had enough), or a fault.",
        True,
    ),
    Column("user_templates", ["string"], "lineage", "The templates that its user's further messages are by.", True),
    Column("user_persona", "string", "lineage", "Who its user was played to be."),
    Column("user_faults", ["string"], "measure", "What was wrong with turns of it that were asked again.", True),
    Column("unscored", "string", "verdict", "Why the judge's verdict could not be read."),
    Column(
        "fate",
        "string",
        "verdict",
        "rejected by a rule; failed: no usable answer came; not_chosen: others of its group stay.",
    ),
    Column("stage", "string", "verdict", "The step that took the row out."),
    Column("rule", "string", "verdict", "Its rule."),
    Column("value", "string", "verdict", "What the rule found."),
    Column("bound", "string", "verdict", "What it allows."),
    Column(
        "of",
        "string",
        "verdict",
        "The row that stays in its place: one that it is too much like, or another of its group.",
    ),
    Column("error", "string", "verdict", "Why no usable answer came."),
    Column(PENDING, "bool", "verdict", "Whether an answer is not known yet."),
)
"""What some rows have beside that, under names that mean the same everywhere."""

EVIDENCE, UNANSWERABLE = "evidence", "unanswerable"
REVIEWED, EDITED_FROM = "reviewed", "edited_from"
WRITTEN = (
    Column("documents", ["string"], "lineage", "The chunks of documents that the row was given, by their ids.", True),
    Column("document", "string", "lineage", "The document that it rests on: was written from, or found first.", True),
    Column(UNANSWERABLE, "bool", "lineage", "Whether the documents were picked so that they lack what is asked for."),
    Column(EVIDENCE, "string", "text", "Documents that the writer alone was shown.", published=False),
    Column(EDITED_FROM, "string", "lineage", "Hash of what a row asked before people edited it.", True),
    Column(
        REVIEWED,
        "string",
        "verdict",
        "What people say of it: accepted, edited (the text is theirs), rejected, or replaced by an edited one.",
        True,
    ),
)
"""What some recipes' steps write, under names that a source's own column may have in all other recipes."""

SCORE, REASON, VECTOR, UNLABELLED = "score_", "reason_", "vector_", "unlabelled_"
ADJUSTED = "adjusted_"
"""How what stands behind `score_` begins, of scores without the part that goes with the length of the answer."""
FAMILIES = {
    SCORE: Column(SCORE, "float64", "score", "The judge's score of {}."),
    REASON: Column(REASON, "string", "score", "Why the judge gave that score of {}."),
    UNLABELLED: Column(UNLABELLED, "string", "verdict", "Why a label that is chosen by `{}` is missing."),
    VECTOR: Column(VECTOR, "vector", "vector", "What `{}` means, as the numbers that an embedder makes of it."),
}
"""How names of columns begin whose rest says of which criterion, or of which column, they are."""
_AGGREGATES = {
    f"{SCORE}mean": "The mean of the judge's scores.",
    f"{SCORE}min": "The lowest of the judge's scores.",
    f"{SCORE}turns": "The lowest mean of the judge's scores, of the answers of a conversation.",
}

COLUMNS: dict[str, Any] = {column.name: column.type for column in ROW}
"""Column -> type of what every row has from the start."""
TEXTS = tuple(column.name for column in ROW if column.role in ("text", "attribute"))
"""The columns of `ROW` that hold what somebody wrote; the others say where a row comes from."""
LEDGER = ("fate", "stage", "rule", "value", "bound", "of", "error")
"""What the ledger says of a row that fell."""


def first_of(name: str) -> str:
    """The column that holds what a text said before it was rewritten."""
    return f"first_{name}"


FIRSTS = tuple(
    Column(first_of(each.name), each.type, "lineage", f"What `{each.name}` said before it was rewritten, if it was.")
    for each in ROW
    if each.name in TEXTS
)
"""What rows have whose texts were rewritten, but for what must not be known."""

_KNOWN = {column.name: column for column in (*ROW, *OTHERS, *FIRSTS)}
_WRITTEN = {column.name: column for column in WRITTEN}
_RESERVED = frozenset(("name", "description", "language", "user", "assistant", "prompt", "completion", "conversation"))
"""Names that templates and formats know beside the columns."""


def column(name: str, kind: Any = None, role: Role = "measure", about: str = "") -> Column:
    """The column of that name: as the registry knows it, or else of the type, the role and the words that are given.

    A type that is given is taken: a step may write a known column in another one.
    """
    found = _KNOWN.get(name) or (_WRITTEN.get(name) if role != "kept" else None)
    if found is None:
        prefix = next((prefix for prefix in FAMILIES if name.startswith(prefix) and name != prefix), None)
        if prefix is None:
            return Column(name, kind, role, about)
        found = FAMILIES[prefix]
        about = found.about.format(name.removeprefix(prefix).replace("_", " "))
        found = replace(found, name=name, about=_AGGREGATES.get(name, about))
    return found if kind is None else replace(found, type=kind)


def known(name: str) -> bool:
    """Whether the registry knows a column of just that name, and it is no kept or measured one."""
    return name in _KNOWN


def not_free(name: str, *but: str) -> str:
    """Why no section may write a column of that name, as the end of a sentence; empty where one may, and for `but`."""
    if name in but:
        return ""
    if name in _KNOWN:
        return "is a column of hfsft's own"
    if name in _RESERVED:
        return "means something else to templates and formats"
    prefix = next((prefix for prefix in (*FAMILIES, first_of("")) if name.startswith(prefix)), "")
    return f"begins with {prefix}, as columns of hfsft's own do" if prefix else ""


def named(columns: Mapping[str, Column], *roles: Role) -> list[str]:
    """The names of those columns that play one of the parts, in their order."""
    return [name for name, each in columns.items() if each.role in roles]


def score_of(criterion: str) -> str:
    """The column of a criterion's score."""
    return f"{SCORE}{criterion}"


def reason_of(criterion: str) -> str:
    """The column of the reason for it."""
    return f"{REASON}{criterion}"


def adjusted_of(criterion: str) -> str:
    """The column of a criterion's score without the part that goes with the length of the answer."""
    return score_of(f"{ADJUSTED}{criterion}")


RANKING = (score_of("mean"), adjusted_of("mean"))
"""The columns that rows may be ranked by."""


def ranked_by(names: Collection[str]) -> str:
    """The one of these columns that rows are ranked by: the mean score, without length where there is such a one."""
    return adjusted if (adjusted := adjusted_of("mean")) in names else score_of("mean")


def spread_of(criterion: str) -> str:
    """The column of how far the probabilities of a criterion's score, or the scores of several judges, lie apart."""
    return f"spread_{criterion}"


def lost_of(criterion: str) -> str:
    """The column of the probability of all that is no score by a criterion."""
    return f"lost_{criterion}"


def criterion_of(name: str) -> str | None:
    """The criterion whose score a column holds; None for any other column."""
    return name.removeprefix(SCORE) if name.startswith(SCORE) and name != SCORE else None


def vector_of(text: str) -> str:
    """The column of the vectors of a column of texts: a filter that reads it has them, and need do nothing for it."""
    return f"{VECTOR}{text}"


def text_under(name: str) -> str | None:
    """The column of texts whose vectors a column holds; None for any other column."""
    return name.removeprefix(VECTOR) if name.startswith(VECTOR) and name != VECTOR else None


def variables(*without: str) -> tuple[str, ...]:
    """The columns of `ROW` that a template may use by their names: what the row says as text, but for `without`.

    `without` are those that have nothing in them yet when the template is used.
    """
    return tuple(each.name for each in ROW if each.name in TEXTS and each.type == "string" and each.name not in without)


def kept_columns(names: Iterable[str], written: Collection[str] = ()) -> dict[str, str]:
    """The column that each kept column of the sources becomes: itself, or `source_<name>` where that name is taken.

    `written` are the columns that the plan's other steps write.
    """
    names = list(dict.fromkeys(names))
    taken = {*_KNOWN, *_RESERVED, *written}
    ours = {name for name in names if name in taken or name.startswith(tuple(FAMILIES))}
    kept = {name: name for name in names if name not in ours}
    for name in names:
        if name in ours:
            renamed = f"source_{name}"
            while renamed in taken or renamed in kept.values():
                renamed = f"source_{renamed}"
            kept[name] = renamed
    return {name: kept[name] for name in names}
