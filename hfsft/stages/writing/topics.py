"""Written over a tree of topics: a model divides the field into topics, these into topics of their own, and so on.

The tree grows by as few questions as it has nodes with children: every row asks for what lies on its own way from the
root, and the same question is asked once, whoever asks it. Which way a row takes is decided by its number alone, so
that rows spread evenly over the tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from hfsft.engine.resources import Work
from hfsft.engine.step import Step
from hfsft.errors import SourceError, unusable
from hfsft.hashing import sampling_seed
from hfsft.marks import FILE, PROSE, TEMPLATE
from hfsft.models.model import Answer, Request, Turns
from hfsft.plain import plain
from hfsft.prompts import Prompt
from hfsft.rows.batch import Row
from hfsft.rows.columns import SLOT, WRITTEN_BY, Column
from hfsft.stages.attributes.values_file import tree_in
from hfsft.stages.base import Context, Template
from hfsft.stages.evolving.template_prompts import TURNS, messages_of
from hfsft.stages.writing.base import FOLDER, Written
from hfsft.stages.writing.empty_rows import RowSubject
from hfsft.stages.writing.surroundings import Surroundings
from hfsft.stages.writing.written_kind import written_kind

PATH = "topic_path"
TOPIC = "topic"
LONGEST = 120  # characters of a topic
MOST = 20_000  # topics at the end of a tree
TRIES = 3  # answers that hold no topics, one after the other, until a row fails for it
QUESTION = "_subtopics"
_ITEM = re.compile(r"\A[\s#*_>]{0,9}(?:\d{1,3}[.):]|[-*\u2022\u2013])[\s*_]{1,9}")
_NEXT = re.compile(r"(?<=\S)[,;.]?[ \t]+(?=\d{1,2}[.)][ \t]+\S)")  # between items of a list that stands in one line
NOTHING = ("", "null", "~")  # what stands below a topic from which all others were taken out
_ENDS = " \t*_`\"'.:;,"

Tree = Sequence["str | Mapping[str, Any]"] | Mapping[str, Any]


@written_kind
class FromTopics(Written):
    """An instruction for each row on a topic of a tree, which is grown from the recipe's description or given."""

    way: ClassVar[str] = "topics"
    looks_at: ClassVar[tuple[str, ...]] = (SLOT, PATH)
    brings: ClassVar[tuple[Column, ...]] = (
        Column(PATH, ["string"], "lineage", "The way to the row's topic in the tree of topics, from the widest."),
    )
    sets: ClassVar[tuple[str, ...]] = (TOPIC,)
    knows: ClassVar[Mapping[str, Any]] = {"path": [], "leaf": ""}
    example: ClassVar[str] = """\
    seeds:
      - {from: topics, count: 300, depth: 2, breadth: 8}
    """

    depth: int = Field(2, ge=1, le=5, description="Levels of the tree that is grown.")
    breadth: int = Field(8, ge=2, le=50, description="Topics that each topic is divided into.")
    tree: dict[str, Any] | list[Any] | None = Field(
        None,
        min_length=1,
        description="The tree itself, in place of one that is grown: lists of topics, and mappings from a topic to "
        "those below it.",
    )
    path: Annotated[str | None, FILE] = Field(
        None,
        min_length=1,
        description="A file of the tree, .yaml or .json; left out: what `hfsft plan --topics` wrote beside the recipe, "
        "if it did.",
    )
    topic: Literal["first", "last"] = Field(
        "first", description="Which topic on a row's way becomes its `topic`: that next to the root, or its own."
    )
    question: Annotated[str | None, PROSE, TEMPLATE] = Field(
        None,
        description="Jinja for what divides a topic, or a file of it beside the recipe; left out: "
        "templates/seeds/_subtopics.jinja.",
    )

    @model_validator(mode="after")
    def _one_tree(self) -> FromTopics:
        if self.tree is not None and self.path is not None:
            raise ValueError("needs `tree` or `path`, not both")
        if self.tree is not None:
            leaves(self.tree)
        elif self.path is None and self.breadth**self.depth > MOST:
            raise ValueError(
                f"grows {self.breadth**self.depth:,} topics: at most {MOST:,}, so a lower depth or breadth"
            )
        return self

    def renders(self) -> list[Template]:
        """Its templates, and the question that divides a topic."""
        own = [Template(("question",), self._question, ("path", "breadth", *TURNS))] if self.question else []
        return [*super().renders(), *own]

    def _question(self) -> Prompt:
        return Prompt.parse(self.question, name="question") if self.question else Prompt.named(FOLDER, QUESTION)

    def grown_in(self, base: Path, stem: str, called: str) -> Tree | None:
        """The tree that is known; None where it is to be grown. Raises `SourceError` for a file that is none."""
        if self.tree is not None:
            return self.tree
        if self.path is not None:
            return _checked(tree_in(self.path, base), self.path)
        beside = file_beside(stem)
        if not stem or not (base / beside).is_file():
            return None
        found = tree_in(beside, base)
        if not found:
            return None
        if not isinstance(found, Mapping):
            raise SourceError(f"{beside}: is a mapping from the name of each source to its tree, as `{called}: [...]`")
        return _checked(found[called], beside) if called in found else None

    def subjects(self, around: Surroundings) -> Sequence[RowSubject]:
        """The topics at the ends of the tree, where it is known."""
        tree = self.grown_in(around.base, around.stem, around.name)
        return [] if tree is None else [RowSubject("\n".join(way), self._columns(way)) for way in leaves(tree)]

    def _columns(self, way: Sequence[str]) -> dict[str, Any]:
        return {PATH: list(way), TOPIC: way[0] if self.topic == "first" else way[-1]}

    @property
    def settles(self) -> frozenset[str]:
        """Which topic becomes that of the row; of a tree that is grown the steps say how."""
        return frozenset({TOPIC})

    def steps(self, context: Context) -> list[Step]:
        """What grows the tree where it is not known, and what writes and checks the rows."""
        try:
            known = self.grown_in(context.base, context.stem, context.called) is not None
        except SourceError:  # told where the source is opened
            known = True
        return [*([] if known else [self.growing(context)]), *super().steps(context)]

    def growing(self, context: Context) -> Step:
        """The step that asks for the topics on each row's way."""
        question = self._question()
        return Step(
            name=f"{self._key}.topics",
            asks=True,
            reads=("id", "origin", WRITTEN_BY, SLOT, PATH, TOPIC),
            writes={PATH: ["string"], TOPIC: "string"},
            role="attribute",
            identity={
                "model": context.models[self.model],
                "temperature": self.temperature,
                "max_tokens": self.max_tokens,
                "question": context.template_identity(question),
                "called": context.called,
                "depth": self.depth,
                "breadth": self.breadth,
                TOPIC: self.topic,
            },
            work=Work(
                "hfsft.stages.writing.topics:growing",
                {"section": self.arguments()["section"], "values": context.values(), "called": context.called},
            ),
            models=(self.model,),
            max_failed_share=self.max_failed_share,
            place=context.place(self.key),
        )

    def grow(self, row: Row, *, called: str, question: Prompt, values: dict[str, Any]) -> Turns:
        """Ask for the topics on the way that a row takes; other rows keep theirs."""
        if not self.mine(row, called):
            return {PATH: row[PATH], TOPIC: row[TOPIC]}
        way: list[str] = []
        turn: int = row[SLOT]
        for _ in range(self.depth):
            below = yield from self._below(way, called, question, values)
            turn, place = divmod(turn, len(below))
            way.append(below[place])
        return self._columns(way)

    def _below(
        self, way: Sequence[str], called: str, question: Prompt, values: dict[str, Any]
    ) -> Generator[Request, Answer, list[str]]:
        """The topics below one: whoever asks for them sends the same request."""
        messages = messages_of(question, {**values, "path": list(way), "breadth": self.breadth})
        for attempt in range(TRIES):
            answer = yield Request(
                model=self.model,
                messages=messages,
                temperature=self.temperature,
                max_tokens=self.max_tokens,
                seed=sampling_seed("\n".join((called, *way, str(attempt))), TOPIC),
                accept_cut=True,
                chosen=self.chosen,
            )
            if found := topics_in(answer.text, way)[: self.breadth]:
                return found
        raise unusable("no_topics", f"the model divided {plain(' > '.join(way), LONGEST) or 'the field'} into nothing")

    def shown(self, row: Row) -> dict[str, Any]:
        """The way to the topic, and its end."""
        way = row[PATH] or []
        return {"path": way, "leaf": way[-1] if way else ""}


def growing(section: Mapping[str, Any], values: dict[str, Any], called: str) -> Callable[[Row], Turns]:
    """What grows the tree along the ways of rows."""
    stage = FromTopics.model_validate(section)
    return partial(stage.grow, called=called, question=stage._question(), values=values)


def topics_in(answer: str, way: Sequence[str]) -> list[str]:
    """The topics that a model listed: a line each, its number taken off, without those that stand above them already.

    Where some lines are items of a list, the others are talk around it.
    """
    lines = [line for line in _NEXT.sub("\n", answer).splitlines() if line.strip()]
    items = [line for line in lines if _ITEM.match(line)]
    above = {each.casefold() for each in way}
    found: dict[str, str] = {}
    for line in items or lines:
        text = _ITEM.sub("", line).strip(_ENDS)
        text = re.split(r"\s[\u2013\u2014-]\s|:\s", text)[0].strip(_ENDS)
        if any(map(str.isalnum, text)) and len(text) <= LONGEST and text.casefold() not in above:
            found.setdefault(text.casefold(), text)
    return list(found.values())


def leaves(tree: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The ways to the ends of a tree. Raises `ValueError` for what is none."""
    found: list[tuple[str, ...]] = []
    items = (
        tree.items()
        if isinstance(tree, Mapping)
        else [(each, None) for each in tree or ()]
        if isinstance(tree, list)
        else None
    )
    if items is None:
        where = f"below `{' > '.join(above)}` stands `{plain(str(tree), LONGEST)}`: " if above else ""
        raise ValueError(f"{where}a tree is lists of topics, and mappings from a topic to those below it")
    for topic, below in items:
        if isinstance(topic, Mapping):
            found += leaves(topic, above)
            continue
        text = str(topic).strip() if isinstance(topic, str | int | float) else ""
        if not text or len(text) > LONGEST:
            raise ValueError(f"{' > '.join(above) or 'the tree'}: a topic is a text of at most {LONGEST} characters")
        way = (*above, text)
        found += leaves(below, way) if below else [way]
    if twice := next((way for at, way in enumerate(found) if way in found[:at]), None) if len(found) < 1_000 else None:
        raise ValueError(f"`{' > '.join(twice)}` stands there twice")
    if len(found) > MOST:
        raise ValueError(f"more than {MOST:,} topics")
    return found


def tree_of(ways: Sequence[Sequence[str]]) -> Any:
    """The tree to whose ends these ways lead, as lists and mappings."""
    below: dict[str, list[Sequence[str]]] = {}
    for way in ways:
        below.setdefault(way[0], []).append(way[1:])
    if all(rest == [()] or not any(rest) for rest in below.values()):
        return list(below)
    return {topic: tree_of([each for each in rest if each]) for topic, rest in below.items()}


def file_beside(stem: str) -> str:
    """The name of the file of trees beside a recipe's file."""
    return f"{stem}.topics.yaml"


def _checked(told: Any, path: str) -> Tree:
    """A tree as a file has it, where it is one. Raises `SourceError`."""
    tree: Tree = _pruned(told)
    try:
        if tree is None or not leaves(tree):
            raise ValueError("has no topic")
    except ValueError as error:
        raise SourceError(f"{path}: {error}") from None
    return tree


def _pruned(told: Any) -> Any:
    """The tree that a file of texts alone tells, with nothing where nothing is left below a topic."""
    if isinstance(told, Mapping):
        return {topic: _pruned(below) for topic, below in told.items()}
    if isinstance(told, list):
        return [_pruned(each) if isinstance(each, Mapping) else each for each in told]
    return None if isinstance(told, str) and told.strip().casefold() in NOTHING else told


def shown_tree(tree: Any, indent: int = 0) -> Iterator[str]:
    """The tree in lines, each topic below the one that it is part of."""
    for topic in tree:
        if isinstance(topic, Mapping):
            yield from shown_tree(topic, indent)
            continue
        yield f"{'  ' * indent}{plain(str(topic), LONGEST)}"
        if isinstance(tree, Mapping) and tree[topic]:
            yield from shown_tree(tree[topic], indent + 1)
