"""The report: one page that shows a build, with everything it needs inside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.release.build_outcome import outcome_in, stages_in
from hfsft.release.by_source import as_table, worth_telling
from hfsft.release.card.card_sections import dollars
from hfsft.release.folder import lock
from hfsft.release.folder.file_names import REPORT, RESOLVED, WRITTEN
from hfsft.release.folder.outputs import require_free, writing
from hfsft.release.reader import HUB_SCHEME, Release, open_release
from hfsft.release.removal_causes import Cause, listed
from hfsft.release.report import charts, vega
from hfsft.release.report.html_pages import environment, inside_page, page_file, source_hash, unseen_letters
from hfsft.release.report.page_data import PageData, PageLimits, cut
from hfsft.release.report.panels import bounded, drawn, panels
from hfsft.release.report.thresholds import thresholds
from hfsft.release.report.trainer_warnings import unseen
from hfsft.rows.reading.summaries import rows_said

if TYPE_CHECKING:
    from jinja2 import Environment

LATER: dict[str, Any] = {"built": None, "language": None, "license": None, "causes": [], "sources": []}
"""What summaries say since builds that still lie about were made, as it is where they do not say it."""

MOST = 5_000_000  # bytes of the page: what a browser opens at once, and a reviewer is sent

ABOUT_MEASURES = (
    "Blue rows were kept in the end, orange ones fell at this measure. Move a threshold to see what it would keep. "
    "Rows that a wider one lets through would go on to the rules behind it, which have not seen them."
)
SCRIPTS = ("charts.js", "row.js", "samples.js")
STYLES = ("base.css", "style.css")


def preparations() -> Iterator[None]:
    """Have ready what is the same on every page, a part after each yield: templates that were read, and the letters
    that nobody sees.
    """
    environment = _environment()
    for name in environment.list_templates(extensions=["html"]):
        yield
        environment.get_template(name)
    yield
    unseen_letters()


def report(release: Release) -> str:
    """The page of a build, from the files of its folder: no request leaves it, and no text of a row can become markup.

    It has no more than `MOST` bytes, whatever the build holds: of what would be more it shows less, and says so.
    Raises `ReleaseError` where files are missing.
    """
    story, limits = PageData(release), PageLimits()
    shown = panels(stages_in(release.recipe()), outcome_in(story))
    counted = {name for panel in shown for name in panel["counts"]}
    values = {
        "measured": list(thresholds(story, limits.measures)),
        "rules": story.rules(),
        "panels": shown,
        "choices": story.choices(counted),
        "trainer": unseen(release),
    }
    while True:
        samples = story.samples(limits) if release.shows_samples else []
        # What their texts alone are too large for need not be written to be known.
        if not limits.lines or sum(len(turn["text"]) for each in samples for turn in each["turns"]) <= MOST:
            page = _within(limits, story, samples, **values)
            if len(page.encode()) <= MOST or not limits.lines:
                return page
        limits = limits.tighter()


def _within(
    limits: PageLimits,
    story: PageData,
    samples: list[dict[str, Any]],
    measured: list[dict[str, Any]],
    rules: list[dict[str, Any]],
    panels: list[dict[str, Any]],
    choices: list[dict[str, Any]],
    trainer: list[dict[str, Any]],
) -> str:
    """The page with so much of everything."""
    release, summary, most = story.release, {**LATER, **story.summary}, limits.lines
    lines = [line for line in summary["funnel"] if line["added"] or line["removed"]]
    measured = charts.most_telling(measured, [bool(measure["bounds"]) for measure in measured], limits.measures)
    shows = release.shows_samples
    lengths = summary["lengths"] and summary["lengths"]["summary"]
    seen = {(sample["fate"], sample.get("stage")) for sample in samples}
    rules = [{**rule, "shown": (rule["fate"], rule["stage"]) in seen} for rule in rules]
    shown = bounded(panels, limits)
    sources = as_table(summary["sources"]) if worth_telling(summary["sources"]) else None
    data = {
        **drawn(shown),
        "funnel": charts.funnel(lines),
        "lengths": lengths and charts.histogram(lengths["bins"], None, {"95th percentile": lengths["percentile_95"]}),
        "measures": measured,
        "samples": samples,
    }
    return filled(
        "page.html",
        data,
        summary=summary,
        notes=first_of([cut(note, limits.text) for note in summary["notes"]], most),
        funnel=first_of(lines, most),
        steps=first_of(summary["funnel"], most),
        spent=first_of(summary["spent"]["by_stage"], most),
        sources=sources and (sources[0], first_of(sources[1], most)),
        measures=measured,
        about_measures=ABOUT_MEASURES,
        rules=first_of(rules, most),
        causes=listed([Cause(**cause) for cause in summary["causes"]]),
        choices=[{**choice, "rows": choice["rows"][:most]} for choice in choices[: limits.panels]],
        trainer=[{**cause, "shown": cause["shown"][:most]} for cause in trainer],
        recipe=_recipe(release, limits.recipe),
        version=_version(release),
        clusters=story.clusters(limits) if shows else [],
        panels=shown,
        links=tuple((panel["name"], panel["called"]) for panel in shown),
        samples=len(samples),
        shows=shows,
        look=any(rule["shown"] for rule in rules),
        withheld=story.withheld,
        fates=sorted({sample["fate"] for sample in samples}),
        stages=sorted({sample["stage"] for sample in samples if "stage" in sample}),
    )


def first_of(items: Sequence[Any], most: int) -> dict[str, Any]:
    """The first items, and how many more there are."""
    return {"shown": items[:most], "more": max(0, len(items) - most)}


def filled(template: str, data: Mapping[str, Any], **values: Any) -> str:
    """A page from its template, with `data` for its scripts."""
    scripts = [vega.bundle(), *map(page_file, SCRIPTS)]
    page: str = (
        _environment()
        .get_template(template)
        .render(
            **values,
            drawn=bool(scripts[0]),
            style="".join(map(page_file, STYLES)),
            scripts=scripts,
            policy=_policy(scripts),
            data=inside_page({**data, "unseen": unseen_letters()}),
        )
    )
    return page


def _recipe(release: Release, most: int) -> dict[str, str] | None:
    """The recipe as it was built, so many characters of it; None where the folder has none."""
    for name in (WRITTEN, RESOLVED):
        path = release.folder / name
        if path.is_file():
            return {"file": name, "text": cut(path.read_text(encoding="utf-8"), most)}
    return None


def _version(release: Release) -> str:
    """The version that built it, as its lock says."""
    return str(lock.read(release.folder).get("hfsft", ""))


def rewrite(where: str, out: Path | None = None, force: bool = False) -> Path:
    """Write the page of a build anew, to its folder unless `out` names a file; its path.

    Of a release on the Hub it goes to `<name>-report.html` in the working directory. Raises `ReleaseError` where there
    is no build, or where a file stands that is none of the build's and `force` is not given.
    """
    release = open_release(where)
    ours = out is None and not where.startswith(HUB_SCHEME) and bool(lock.read(release.folder))
    path = out or (Path(f"{release.name}-{REPORT}") if where.startswith(HUB_SCHEME) else release.folder / REPORT)
    if not ours:
        require_free(path, force)
    with writing(path) as page:
        page.write(report(release))
    return path


def _policy(scripts: list[str]) -> str:
    """Only our own scripts run, and nothing is ever fetched, whatever a row may hold."""
    allowed = " ".join(source_hash(script) for script in scripts if script)
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:"


@cache
def _environment() -> Environment:
    made = environment()
    made.filters |= {"rows": rows_said, "dollars": dollars}
    return made
