"""A second Python beside this one, which runs a module of hfsft and imports nothing from the working directory.

`python -m` and `python -c` look for every module in the working directory first, and PYTHONPATH may name it: a
`logging.py` that lies in a downloaded folder would be run by whoever builds there.
"""

from __future__ import annotations

import json
import os
import site
import sys
from pathlib import Path

PACKAGE = Path(__file__).absolute().parent

# -I leaves out the working directory, the script's folder, PYTHONPATH and the user's folder. hfsft is loaded by its own
# path: it may be a checkout whose folder holds more than that.
START = """
import importlib.util, json, os, runpy, sys
(package, folders), module = json.loads(sys.argv[1]), sys.argv[2]
del sys.argv[1:3]
sys.path += [folder for folder in folders if folder not in sys.path]
init = os.path.join(package, "__init__.py")
spec = importlib.util.spec_from_file_location("hfsft", init, submodule_search_locations=[package])
sys.modules["hfsft"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["hfsft"])
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


def command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of hfsft as `python -m` would, with the same installed packages as here."""
    return [sys.executable, "-I", "-c", START, json.dumps([str(PACKAGE), _folders()]), module, *arguments]


def _folders() -> list[str]:
    """Where this process finds modules beside its own installation; they come last, so that none hides another.

    Left out is what lies in the working directory or beside the script: anybody's files, not an installation.
    """
    ours = {*site.getsitepackages(), site.getusersitepackages()}
    here = Path.cwd().resolve()
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    beside = Path(script).resolve().parent if script else here

    def installed(entry: str) -> bool:
        folder = Path(entry).resolve()
        return folder not in (here, beside) and (here.parent == here or not folder.is_relative_to(here))

    return [entry for entry in sys.path if os.path.isabs(entry) and (entry in ours or installed(entry))]  # noqa: PTH117
