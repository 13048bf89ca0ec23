"""The sides of the split that a release on the Hub has: what keeps them where no file beside the recipe does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hfsft.errors import UserError
from hfsft.recipe.recipe import Recipe
from hfsft.release.folder import sides_file
from hfsft.release.folder.file_names import SIDES
from hfsft.stages.split.sides import NONE, Sides

if TYPE_CHECKING:
    from hfsft.release.hub.retries import Tell

TRIES = 3  # nothing is paid for yet, so that a Hub which stays out of reach is told of in seconds


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
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url, try_to_load_from_cache

    from hfsft.release.hub.retries import is_answer, patiently, refusal

    def download() -> str:
        # A download tries a Hub that is out of reach for 23 s, each time; this says at once that it is.
        get_hf_file_metadata(hf_hub_url(repo_id, SIDES, repo_type="dataset"))
        return hf_hub_download(repo_id, SIDES, repo_type="dataset")

    doing = f"reading {SIDES} of {repo_id}"
    try:
        path = patiently(download, doing, tell, tries=TRIES if patient else 1)
    except Exception as error:
        if is_answer(error):
            return NONE
        known = None if patient else try_to_load_from_cache(repo_id, SIDES, repo_type="dataset")
        if not isinstance(known, str):
            raise refusal(error, doing) from None
        path = known
    return sides_file.read_sides(Path(path)) or NONE
