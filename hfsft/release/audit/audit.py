"""An audit: all that was found about existing data, as its page, its recipe and the command tell it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.release.audit.audit_findings import RuleFinding, TextLengths
from hfsft.release.audit.audit_recipe import recipe_of
from hfsft.release.audit.split_leaks import SplitLeak
from hfsft.release.folder.outputs import require_free, writing

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.rows.columns import Column


@dataclass(frozen=True)
class Audit:
    """What an audit found. `table` holds the rows with all measures, in the order that they were read."""

    dataset: str
    name: str
    local: bool  # whether it lies on this machine
    sources: tuple[dict[str, Any], ...]  # as the examples of a recipe, one for each split
    language: tuple[str, ...]
    rows: int  # that could be read
    unread: tuple[str, ...]  # why others could not, each reason with its rows
    splits: dict[str, int]
    findings: tuple[RuleFinding, ...]  # the rules that take most first
    lengths: tuple[TextLengths, ...]
    leaks: tuple[SplitLeak, ...]
    by_default: int  # rows that at least one of the default filters would take
    by_any: int  # rows that at least one of all would take
    seconds: float
    table: Dataset = field(repr=False)
    registry: dict[str, Column] = field(repr=False)  # what each of its columns holds

    def as_dict(self) -> dict[str, Any]:
        """The audit as JSON, without its rows."""
        told = {name: getattr(self, name) for name in ("dataset", "name", "rows", "splits", "by_default", "by_any")}
        return {
            **told,
            "unread": list(self.unread),
            "findings": [finding.as_dict() for finding in self.findings],
            "lengths": [asdict(each) for each in self.lengths],
            "leaks": [leak.as_dict() for leak in self.leaks],
            "seconds": self.seconds,
        }

    def recipe(self, folder: Path | None = None) -> str:
        """The recipe that takes these rows out, as YAML; paths are from the folder, or the working directory."""
        return recipe_of(self, folder or Path())

    def write_recipe(self, path: Path, force: bool = False) -> Path:
        """Write the recipe; raises `ReleaseError` where a file stands that is not to be lost."""
        require_free(path, force)
        with writing(path) as file:
            file.write(self.recipe(path.parent))
        return path

    def write_page(self, path: Path, force: bool = False) -> Path:
        """Write the page; raises `ReleaseError` where a file stands that is not to be lost."""
        from hfsft.release.audit.audit_page import page_of

        require_free(path, force)
        with writing(path) as file:
            file.write(page_of(self))
        return path
