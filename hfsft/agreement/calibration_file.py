"""The calibration beside a recipe, `support.calibration.json` of `support.yaml`: written, and read for a judge.

It holds for the judge that it was made of. What that is are hashes of what its scores depend on, part by part: where
one is another now, the judge is uncalibrated, and the parts say why.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from hfsft.agreement.calibration import Calibration
from hfsft.errors import ReleaseError

ENDING = ".calibration.json"


def calibration_beside(stem: str) -> str:
    """The name of the file beside a recipe's file."""
    return f"{stem}{ENDING}"


def keep(found: Calibration, path: Path) -> None:
    """Write the file, whole or not at all. Raises `ReleaseError` where the folder takes none."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(json.dumps(found.as_dict(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise ReleaseError(f"{path}: cannot be written: {error.strerror or error}") from None


def calibration_of(path: Path, judge: Mapping[str, str]) -> Calibration | None:
    """The calibration in a file, as it holds for a judge of which some parts are known; None where there is no file.

    Of another judge, or in a file that says none, it is a calibration that is `uncalibrated`, and says why.
    """
    try:
        found = Calibration.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        return _none(f"{path.name} cannot be read (run `hfsft calibrate` again)", judge)
    if changed := [part for part in judge if judge[part] != found.judge.get(part)]:
        parts = " and ".join(changed)
        have = "has" if len(changed) == 1 and not changed[0].endswith("s") else "have"
        return _none(f"its {parts} {have} changed since it was calibrated (run `hfsft calibrate` again)", judge)
    return found


def _none(why: str, judge: Mapping[str, str]) -> Calibration:
    return Calibration.model_validate(
        {"at": "", "judge": judge, "state": "uncalibrated", "why": why, "basis": {"rows": 0, "random": False}}
    )
