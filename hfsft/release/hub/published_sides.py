"""The sides of the split that a release on the Hub has: what keeps them where no file beside the recipe does."""

from __future__ import annotations

from pathlib import Path

from hfsft.errors import UserError
from hfsft.recipe.recipe import Recipe
from hfsft.release.folder import sides_file
from hfsft.release.folder.file_names import SIDES
from hfsft.release.hub.retries import Tell, patiently, refusal
from hfsft.stages.split.sides import NONE, Sides


def with_published(recipe: Recipe, local: Sides, tell: Tell, *, wanted: bool) -> Sides:
    """The sides known here and those of the release in the recipe's repository, which rows of a clone keep so too.

    Where the build is to be published (`wanted`) they are always asked for: somebody else may have released more rows.
    Else only where nothing is known here, and a Hub that does not answer is told of. Raises `UserError` where it does
    not let the release be read that is to be written, or has another file under that name.
    """
    if not recipe.publish.repo_id or not recipe.split.holds_out or (local.stands and not wanted):
        return local
    try:
        there = _published(recipe.publish.repo_id, tell, patient=wanted)
    except UserError as error:
        if wanted:
            raise
        tell(f"the sides of the split in {recipe.publish.repo_id} are not known, so rows may be on others: {error}")
        return local
    return local.joined(there, recipe.split.drawn_by)


def _published(repo_id: str, tell: Tell, *, patient: bool) -> Sides:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError

    def download() -> str:
        return hf_hub_download(repo_id, SIDES, repo_type="dataset")

    doing = f"reading {SIDES} of {repo_id}"
    try:
        path = patiently(download, doing, tell) if patient else download()
    except (EntryNotFoundError, RepositoryNotFoundError):
        return NONE
    except Exception as error:
        raise refusal(error, doing) from None
    return sides_file.read_sides(Path(path)) or NONE
