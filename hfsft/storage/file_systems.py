"""Which place an address means, s3://bucket/folder or one that fsspec knows, as gs://bucket/folder, and what reads it.

Keys stand in no address: each machine has its own, as the tools of AWS and of others have them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from hfsft.errors import UserError

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

S3 = "s3"
REGION, ENDPOINT = "region", "endpoint_override"  # as Arrow calls them
ENVIRONMENT = {  # the names that the tools of AWS read, the first that is set counts
    REGION: ("AWS_REGION", "AWS_DEFAULT_REGION"),
    ENDPOINT: ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
}
IN_FILE = {REGION: "region", ENDPOINT: "endpoint_url"}  # the same in the file of a user's profiles
DEFAULT_REGION = "us-east-1"  # of servers that have none
ANONYMOUS = "anonymous"  # a setting of s3://: requests are signed by nobody, as for a bucket that all may read


def taken_apart(address: str) -> tuple[str, dict[str, str]]:
    """A place without what says how it is reached, and that. Keys stand in neither: each machine has its own.

    For s3:// that is, as for the tools of AWS, what the environment and the user's profile say. Raises `UserError`
    for an address that is none.
    """
    if "://" not in address:
        return str(Path(address).expanduser().absolute()), {}
    parts = urlsplit(address, allow_fragments=False)
    if "@" in parts.netloc:
        raise UserError(f"{parts.scheme}://: keys do not belong in an address: set them in the environment")
    place = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
    if parts.scheme == "file":
        return parts.path, {}
    if parts.scheme == S3 and not parts.netloc:
        raise UserError(f"{address}: names no bucket (s3://bucket/folder)")
    asked = dict(parse_qsl(parts.query))
    return place, {**_of_user(), **asked} if parts.scheme == S3 else asked


def file_system(place: str, settings: Mapping[str, str]) -> tuple[FileSystem, str]:
    """What reads and writes at the address of a place, and the place as it calls it.

    Raises `UserError` where no package here knows of it.
    """
    scheme, _, path = place.partition("://")
    try:
        if scheme == S3:
            return _of_s3(path.split("/")[0], settings), path
        from fsspec.core import url_to_fs
        from pyarrow.fs import FSSpecHandler, PyFileSystem

        files, root = url_to_fs(place, **settings)
        return PyFileSystem(FSSpecHandler(files)), root.rstrip("/")
    except (ImportError, ValueError, TypeError) as error:
        raise UserError(f"{place}: {error} (there are paths, {S3}://bucket/folder, and what fsspec knows)") from None


def of_fsspec(files: FileSystem) -> Any:
    """The file system of fsspec behind one of Arrow; None where it is Arrow's own."""
    return getattr(getattr(files, "handler", None), "fs", None)


def _of_s3(bucket: str, settings: Mapping[str, str]) -> FileSystem:
    from pyarrow.fs import FileSystem, S3FileSystem, resolve_s3_region

    how = dict(settings)
    if ENDPOINT in how:  # Arrow would ask AWS where the bucket is
        how.setdefault(REGION, DEFAULT_REGION)
    if how.pop(ANONYMOUS, "").lower() == "true":
        return S3FileSystem(anonymous=True, **{REGION: how.get(REGION) or resolve_s3_region(bucket), **how})
    files, _ = FileSystem.from_uri(f"{S3}://{bucket}?{urlencode(how)}")
    return files


def _of_user() -> dict[str, str]:
    found = {name: value for name, value in _of_profile().items() if value}
    for name, variables in ENVIRONMENT.items():
        if said := next(filter(None, map(os.environ.get, variables)), None):
            found[name] = said
    return found


def _of_profile() -> dict[str, str]:
    import configparser  # few rows lie where keys are needed

    parser, profile = configparser.ConfigParser(), os.environ.get("AWS_PROFILE") or "default"
    try:
        parser.read(Path(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config").expanduser(), encoding="utf-8")
    except (configparser.Error, OSError, ValueError):
        return {}
    section = profile if profile == "default" else f"profile {profile}"
    if not parser.has_section(section):
        return {}
    return {name: parser.get(section, key, raw=True, fallback="") for name, key in IN_FILE.items()}
