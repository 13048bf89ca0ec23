"""What each section of the card says, measured from a build; a section without data is left out.

A new section is one function, one file in `templates/card/` and one line in `SECTIONS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.plain import plain
from hfsft.release.card import planted_leaks
from hfsft.release.card.contents import about, columns, documents, labels, sample, sources, topics, unpublished
from hfsft.release.card.licence_terms import stricter, terms_of
from hfsft.release.card.markdown import code, joined, named, prose, table
from hfsft.release.card.pictures import FUNNEL, LENGTHS
from hfsft.release.card.stage_parts import parts, rendered
from hfsft.release.folder.file_names import PREFERENCE, RANDOM, RESOLVED, WRITTEN
from hfsft.release.removal_causes import listed
from hfsft.release.report import measures
from hfsft.release.step_titles import fate_name

if TYPE_CHECKING:
    from hfsft.release.result import Built

Values = dict[str, Any]
Said = Values | list[str] | None
"""The values of a section's template, or what it says as Markdown; None where it says nothing."""

EXAMPLE_MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
HOLDS = {
    "default": "what a trainer reads",
    "provenance": "lineage, measures, scores and reasons of the same rows, by `id`",
    "rejected": "the rows that fell, with stage, rule, value and what was measured of them",
    RANDOM: "as many rows by chance of the same candidates, to compare the selection with",
    PREFERENCE: "a better and a worse answer to one prompt, as `DPOTrainer` reads them",
}
SILENT = "of the rows that fell the ids, rules and numbers, and nothing that they say"


@dataclass(frozen=True)
class Draft:
    """A build, the folder that its data are written to already, and the pictures that are drawn there."""

    built: Built
    folder: Path
    drawn: Collection[str]
    metadata: Values

    def picture(self, name: str) -> str | None:
        """The path of a picture as the card links it, None where there is none."""
        return name if name in self.drawn else None


def use(draft: Draft) -> Values | None:
    """The code that loads it into a trainer; None where no row is left to load."""
    found = draft.built.lengths
    if found is None:
        return None
    default = draft.metadata["dataset_info"][0]
    columns = [feature["name"] for feature in default["features"]]
    names = [split["name"] for split in default["splits"]]
    publish, pairs = draft.built.recipe.publish, draft.built.pair_lengths
    return {
        "source": publish.repo_id or f"build/{draft.built.recipe.name}",
        "model": json.dumps(plain(publish.tokenizer or EXAMPLE_MODEL), ensure_ascii=False),
        "columns": joined([named(name) for name in columns]),
        "assistant_only": draft.built.trainer.loss_covers_prompt and draft.built.trainer.marks_answers,
        "held_out": next((name for name in names if name != "train"), ""),
        "tested": names[-1] == "test" and "validation" in names,
        "max_length": publish.max_length or found.max_length,
        "estimated": found.tokenizer is None and not publish.max_length,
        "pairs_length": publish.max_length or (pairs.longer.recommended if pairs else None),
        "pairs": next(
            (
                [split["name"] for split in info["splits"]]
                for info in draft.metadata["dataset_info"]
                if info["config_name"] == PREFERENCE
            ),
            [],
        ),
        "configs": table(
            ("configuration", "rows", "holds"),
            [
                (f"`{info['config_name']}`", sum(split["num_examples"] for split in info["splits"]), holds)
                for info in draft.metadata["dataset_info"]
                if (holds := _holds(info["config_name"], publish.rejected))
            ],
            right=(1,),
        ),
    }


def _holds(config: str, texts: bool) -> str | None:
    return HOLDS.get(config) if texts or config != "rejected" else SILENT


def funnel(draft: Draft) -> Values:
    """What each step did to the number of rows."""
    ledger = draft.built.ledger
    rows = [
        (
            f"`{line.step}`",
            line.rows_in,
            line.added or None,
            line.removed or None,
            f"{line.share_removed:.1%}" if line.removed else None,
            line.rows_out,
        )
        for line in ledger.funnel
        if line.added or line.removed
    ]
    return {
        "table": table(("step", "rows in", "added", "removed", "share", "left"), rows, right=range(1, 6)),
        "rows_in": f"{ledger.rows_in:,}",
        "fates": " + ".join(f"{rows:,} {fate_name(fate)}" for fate, rows in ledger.counts().items()),
        "picture": draft.picture(FUNNEL),
        "causes": [prose(line) for line in listed(draft.built.causes)],
    }


def tokens(draft: Draft) -> Values | None:
    """How long rows are, and where to cut; None where no row is left."""
    found = draft.built.lengths
    if found is None:
        return None
    summary = found.summary
    head = ("shortest", "median", "95th percentile", "longest")
    values = (summary.shortest, summary.median, summary.percentile_95, summary.longest)
    return {
        "unit": found.unit,
        "tokenizer": found.tokenizer and named(found.tokenizer),
        "table": table(head, [values], right=range(len(head))),
        "max_length": found.max_length,
        "cut": f"{found.cut:,}",
        "rows": f"{len(draft.built.rows):,}",
        "picture": draft.picture(LENGTHS),
    }


def models(draft: Draft) -> Values | None:
    """Which model did what, and under which terms."""
    recipe = draft.built.recipe
    roles = measures.roles(draft.built.plan)
    rows, warnings = [], []
    for name, stages in roles.items():
        model = recipe.models[name]
        terms = terms_of(model.model)
        # The address of a company's server is in the recipe for those who may build; the table has no need of it.
        where = (model.provider and prose(plain(model.provider))) or (
            "a server of its own" if model.base_urls else "in the process of the build"
        )
        called = named(model.model) + (f" at {named(model.revision)}" if model.revision else "")
        rows.append((called, joined(stages), where, terms.licence, terms.asks))
        if set(stages) - {"judge"} and stricter(model.model, recipe.license):
            warnings.append({"model": named(model.model), "asks": terms.asks})
    head = ("model", "asked in", "ran", "licence or terms", "asks of what is made of its output")
    return {"table": table(head, rows), "warnings": warnings, "license": recipe.license} if rows else None


def cost(draft: Draft) -> Values | None:
    """What the models' answers took, whichever build asked for them."""
    spent, each = draft.built.spent, draft.built.usd_per_row
    rows = [
        (
            part["stage"],
            prose(plain(part["model"])),
            *(part[name] for name in ("answers", "input_tokens", "output_tokens")),
            dollars(part["usd"]),
        )
        for part in spent["by_stage"]
    ]
    head = ("stage", "model", "answers", "tokens in", "tokens out", "USD")
    if not rows:
        return None
    return {
        "table": table(head, rows, right=range(2, 6)),
        "total": dollars(spent["usd"]),
        "each": dollars(each, 6) if each else "",
    }


def dollars(usd: float | None, places: int = 4) -> str:
    """A cost in USD; one that is not known is said to be unknown, never 0."""
    return "unknown" if usd is None else f"{usd:.{places}f}"


def limits(draft: Draft) -> Values:
    """What to know before training on it; a note that begins with a file's name keeps its first letter."""
    notes = [note if "." in note.split(" ")[0] else note[0].upper() + note[1:] for note in draft.built.notes]
    return {"notes": [prose(note) for note in notes], "rows": len(draft.built.rows)}


def recipe(draft: Draft) -> Values:
    """The recipe as it was built, and the command that builds the same again."""
    from hfsft import __version__

    # What was overridden on the command line stands only in the resolved recipe.
    written = draft.folder / WRITTEN
    file = RESOLVED if draft.built.recipe.source.changed or not written.is_file() else written.name
    text = (draft.folder / file).read_text(encoding="utf-8")
    missing = unpublished(draft.folder)
    return {
        "block": code(text, "yaml"),
        "file": RESOLVED,
        "version": __version__,
        "unpublished": missing,
    }


def contamination(draft: Draft) -> Values | None:
    """Which evaluation sets rows were compared with, and what that finds; None without any."""
    filters = planted_leaks.contamination(draft.built)
    return {"filters": filters} if filters else None


def stages(draft: Draft) -> list[str]:
    """What the sections of the recipe say themselves, as Markdown."""
    return [rendered(part, draft.picture) for part in parts(draft.built)]


SECTIONS: tuple[Callable[[Draft], Said], ...] = (
    about,
    sample,
    use,
    sources,
    documents,
    topics,
    labels,
    funnel,
    contamination,
    stages,
    tokens,
    models,
    cost,
    limits,
    columns,
    recipe,
)
"""The sections in their order; each is written by the template of the same name, but for `stages`."""
