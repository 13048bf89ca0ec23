"""What a card says of the rows themselves: who wrote them, where they were read, what they are about, one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from hfsft.documents.corpus import DOCUMENTS
from hfsft.plain import plain
from hfsft.recipe.documents.opened_corpus import corpus_of
from hfsft.recipe.rules import filters_of
from hfsft.release.by_source import as_table, worth_telling
from hfsft.release.card.markdown import code, joined, named, prose, table
from hfsft.release.export import published_columns
from hfsft.release.folder import lock
from hfsft.release.folder.source_files import FOLDER, local_sources
from hfsft.release.hub.release_files import size
from hfsft.release.report import measures
from hfsft.release.trainer.dataset_writer import READS
from hfsft.rows.columns import EVIDENCE, LEDGER, UNANSWERABLE
from hfsft.rows.views import said
from hfsft.stages.writing.base import Written
from hfsft.tallies.frequent import frequent

if TYPE_CHECKING:
    from hfsft.engine.executor import Rows
    from hfsft.release.card.card_sections import Draft
    from hfsft.release.result import Built

Values = dict[str, Any]

TOPICS, FILES, COLUMNS = 20, 20, 12  # that one table names
DIFFERENT = 20_000  # texts of one column that are counted exactly; of more the most frequent are
LOOKED_AT = 20  # rows, of which the shortest is shown
SHOWN_LINES, SHOWN_LINE = 20, 400  # of each turn of the row that is shown


def about(draft: Draft) -> Values:
    """What it is, how large, and who wrote it as far as that is known."""
    built = draft.built
    recipe, counts = built.recipe, built.ledger.counts()
    sizes = [f"**{counts[split]:,}** {split}" for split in built.ledger.splits if counts[split]]
    return {
        "name": recipe.name,
        "description": recipe.description.strip(),
        "sizes": joined(sizes),
        "rows_in": f"{built.ledger.rows_in:,}",
        "license": recipe.license,
        "languages": joined(recipe.language or []),
        "claims": " ".join(_claims(built)),
    }


def _claims(built: Built) -> Iterator[str]:
    recipe, wrote = built.recipe, measures.writers(built.plan)
    given = {"seeds": [each for each in recipe.seeds if not isinstance(each, Written)], "examples": recipe.examples}
    came = joined([name for name, sources in given.items() if sources])
    by = {"people": "people", "models": "models", "both": "people and models"}.get(recipe.written_by or "")
    if wrote:
        stages = joined(list(dict.fromkeys(stage for stages in wrote.values() for stage in stages)))
        yield f"Models wrote part of it ({stages}); whether anybody has read every row, this card cannot know."
    elif measures.roles(built.plan):
        yield "This build asked models to score rows, not to write any."
    else:
        did = [
            "read",
            *(["filtered"] if filters_of(recipe) else []),
            *filter(None, (stage.did for stage in recipe.stages().values())),
        ]
        yield f"This build asked no model: existing rows were {joined(did)}."
    if came and by:
        yield f"Its {came} were written by {by}, says the recipe."
    elif came:
        yield f"Who wrote its {came}, the recipe does not say."


def sample(draft: Draft) -> Values | None:
    """One row as a trainer meets it, a short one, and the same in every card; None where the recipe wants none."""
    if not draft.built.recipe.publish.samples:
        return None
    kept = draft.built.kept
    first = [row for split in kept.counts for row in _first(kept.of(split))]
    found = [said(row) for row in sorted(first, key=itemgetter("id"))[:LOOKED_AT]]
    if not found:
        return None
    shortest = min(found, key=lambda row: sum(len(each.text) for each in row))
    return {"block": code("\n\n".join(f"[{plain(each.title)}]\n{_shown(each.text)}" for each in shortest))}


def _first(rows: Rows) -> list[dict[str, Any]]:
    names = [name for name in ("id", *READS) if name in rows.column_names]
    some: list[dict[str, Any]] = next(rows.slice(0, LOOKED_AT).batches(names)).to_pylist()
    return some


def _shown(text: str) -> str:
    lines = text.splitlines()
    more = [f"… ({len(lines) - SHOWN_LINES:,} more lines)"] if len(lines) > SHOWN_LINES else []
    return "\n".join([*(_line(line) for line in lines[:SHOWN_LINES]), *more])


def _line(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip(" \t"))][:SHOWN_LINE]
    return indent + plain(line, SHOWN_LINE)


def documents(draft: Draft) -> Values | None:
    """What rows were written from or answered over, and under which licences; None where there are no documents."""
    built = draft.built
    corpus = corpus_of(built.plan)
    if corpus is None:
        return None
    rest = Counter[str]()  # rows by what they rest on
    for ids in built.values(DOCUMENTS):
        rest.update({corpus.by_id[each].of for each in ids or () if each in corpus.by_id})
    lines = []
    for name in dict.fromkeys(each.called for each in built.recipe.documents):
        chunks = [chunk for chunk in corpus.chunks if chunk.of == name]
        licences = dict.fromkeys(e.license or "not stated" for e in built.recipe.documents if e.called == name)
        count, empty = len({chunk.document for chunk in chunks}), corpus.empty.get(name, 0)
        lines.append((named(name), joined(list(licences)), count, len(chunks), rest[name], empty))
    head = ("documents", "licence", "documents that say something", "chunks", "rows that rest on them", "without text")
    width = len(head) if any(line[-1] for line in lines) else len(head) - 1
    return {
        "table": table(head[:width], [line[:width] for line in lines], right=range(2, width)),
        "unstated": [named(each.called) for each in built.recipe.documents if each.license is None],
        "closed": EVIDENCE in built.plan.columns(),
        "lacking": sum(map(bool, built.values(UNANSWERABLE))) if UNANSWERABLE in built.rows.column_names else None,
    }


def topics(draft: Draft) -> Values | None:
    """How many of the kept rows are about what; None too where a section varies or chooses it, which tells of it."""
    if any(each.name == "topic" for stage in draft.built.recipe.stages().values() for each in stage.writes()):
        return None
    found = _counted(draft.built, "topic", "other topics")
    return {"table": found} if found else None


def labels(draft: Draft) -> Values | None:
    """Of each column of named choices that a section writes, how many of the kept rows have which."""
    built = draft.built
    stages = built.recipe.stages().values()
    written = [each for stage in stages for each in stage.writes() if each.name not in stage.varies]
    found = [
        {"name": each.name, "about": prose(each.about), "table": counted}
        for each in written
        if each.role in ("label", "attribute") and (counted := _counted(built, each.name, "others"))
    ]
    return {"columns": found} if found else None


def _counted(built: Built, column: str, others: str) -> str | None:
    """How many of the kept rows have which text in a column, the most frequent first; None where none has any."""
    found = frequent(lambda: filter(None, built.values(column)), DIFFERENT)
    if not found.total:
        return None
    ordered = sorted(found.counts.items(), key=lambda item: (-item[1], item[0]))
    rows: list[tuple[str, int]] = [(prose(plain(text, 80)), number) for text, number in ordered[:TOPICS]]
    left = found.total - sum(number for _, number in ordered[:TOPICS])
    if left:
        many = f"{len(ordered) - TOPICS:,}" if found.exact else f"more than {DIFFERENT:,}"
        rows.append((f"{many} {others}", left))
    without = len(built.rows) - found.total
    if without:
        rows.append(("none", without))
    return table((column, "rows"), rows, right=(1,))


def columns(draft: Draft) -> Values | None:
    """What stands beside the rows by their ids, column by column; None where no row is left."""
    if not len(draft.built.rows):
        return None
    none_removed = not any(len(removal.rows) for removal in draft.built.ledger.removals)
    found = [
        (named(name), each.role, prose(each.about))
        for name, each in published_columns(draft.built).items()
        if not (none_removed and name in LEDGER)  # of these only `rejected` has any
    ]
    return {"table": table(("column", "part", "holds"), found)}


def sources(draft: Draft) -> Values | None:
    """Where rows were read, how many of each stayed, what was not carried, and what of the files goes along."""
    built = draft.built
    files = sorted(built.read_from.items(), key=lambda item: (-item[1].kept - item[1].removed, item[0]))
    if not files:
        return None
    rows_of = [
        (prose(plain(file)), rows.kept + rows.removed, rows.kept, _named(rows.unread)) for file, rows in files[:FILES]
    ]
    return {
        "table": table(("read from", "rows", "kept", "not carried"), rows_of, right=(1, 2)),
        "counts": _counts(built),
        "more": len(files) - FILES if len(files) > FILES else 0,
        "published": published(draft.folder),
        "local": any(local_sources(built.recipe)),
        "silent": not built.recipe.publish.rejected,
    }


def _counts(built: Built) -> str:
    """What became of the rows of each source, where that is more than what each file held."""
    found = [each.as_dict() for each in built.by_source]
    if not worth_telling(found):
        return ""
    head, rows = as_table(found)
    return table(head, [(prose(plain(name)), *counts) for name, *counts in rows], right=range(1, len(head)))


def _named(columns: Counter[str]) -> str:
    """Columns that held something and were not carried, the most frequent first."""
    named = [prose(plain(name, 60)) for name, _ in sorted(columns.items(), key=lambda item: (-item[1], item[0]))]
    return ", ".join(named[:COLUMNS]) + (f" and {len(named) - COLUMNS} more" if len(named) > COLUMNS else "")


def published(folder: Any) -> list[str]:
    """What a release holds of the sources: each file with its size."""
    files = sorted(folder.glob(f"{FOLDER}/*"))
    return [f"{named(str(path.relative_to(folder)))} ({size(path.stat().st_size)})" for path in files]


def unpublished(folder: Any) -> list[str]:
    """The local files that the recipe of a release reads and that it does not hold."""
    return [named(str(path)) for path in lock.read(folder).get("unpublished", ())]
