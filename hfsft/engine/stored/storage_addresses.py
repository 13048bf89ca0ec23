"""What lies at a place: a folder that is a path here, or one in an object store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hfsft.engine.stored.object_storage import ObjectStorage
from hfsft.engine.stored.path_storage import PathStorage
from hfsft.engine.stored.storage import Storage
from hfsft.storage.file_systems import file_system


def storage_at(place: str, settings: Mapping[str, str]) -> Storage:
    """What lies at a place. Raises `UserError` where no package here knows of it."""
    if "://" not in place:
        return PathStorage(Path(place))
    files, root = file_system(place, settings)
    return ObjectStorage(files, root, place)
