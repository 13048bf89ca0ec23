"""No file of the working directory is run: not by the command, not by the processes that it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hfsft import isolated
from hfsft.models.embedded import server as embedded

NAMES = (
    *("vl_convert", "xllamacpp", "datasets", "aiohttp", "jinja2", "sitecustomize", "usercustomize"),
    *("logging", "token", "json", "typing", "re", "random", "dataclasses", "queue", "site"),
)  # nor `runpy` and what it needs: Python 3.10 imports them for `-m` before any line of ours
RECIPE = """
name: toy
description: "{% include 'evil' %}"
examples: [{rows: [{instruction: Where is my parcel?, response: On its way to you.}]}]
filters: []
split: {validation: 0}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose files tell that they were imported, or used as a template."""
    made = tmp_path / "downloaded"
    for name in NAMES:
        write(made / f"{name}.py", tmp_path, name)
    write(made / "hfsft" / "__init__.py", tmp_path, "hfsft")
    write(made / "templates" / "__init__.py", tmp_path, "templates")
    for name in ("card/card.md.jinja", "evolve/deepen.jinja", "report/page.html.jinja"):
        (made / "templates" / name).parent.mkdir(parents=True, exist_ok=True)
        (made / "templates" / name).write_text("PWNED")
    (made / "recipe.yaml").write_text(RECIPE)
    return made


def write(path: Path, root: Path, name: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"open({str(root / f'PWNED-{name}')!r}, 'w').close()\n")


def run_by(folder: Path) -> list[str]:
    """What the files in the folder say."""
    return sorted(path.name for path in folder.parent.glob("PWNED-*"))


@pytest.mark.parametrize("how", ["script", "module"])
def test_a_build_in_a_downloaded_folder_runs_nothing_there(folder: Path, how: str) -> None:
    script = Path(sys.executable).with_name("hfsft")
    if how == "script" and not script.exists():
        pytest.skip("hfsft is not installed")
    if how == "module":  # a package of that name in the working directory is what `-m` means
        (folder / "hfsft" / "__init__.py").unlink()
        (folder / "hfsft").rmdir()
    command = [str(script)] if how == "script" else [sys.executable, "-m", "hfsft"]
    env = {**os.environ, "HF_HOME": str(folder.parent / "hf")}
    done = subprocess.run([*command, "build", "recipe.yaml", "-q"], cwd=folder, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert run_by(folder) == []
    built = folder / "build" / "toy"
    assert (built / "assets" / "funnel.png").is_file(), "drawn by the process that could have been misled"
    assert "PWNED" not in (built / "README.md").read_text() + (built / "report.html").read_text()


def test_nor_does_a_process_that_hfsft_starts_from_any_program(folder: Path) -> None:
    """A script that lies in the folder, started there, with the folder in PYTHONPATH."""
    for name in ("json", "logging", "token", "typing", "re", "random", "dataclasses", "queue", "site"):
        (folder / f"{name}.py").unlink()  # the script itself would fall for them
    for name in ("sitecustomize", "usercustomize", "datasets", "aiohttp", "jinja2"):
        (folder / f"{name}.py").unlink()
    (folder / "hfsft" / "__init__.py").unlink()
    (folder / "hfsft").rmdir()
    (folder / "build.py").write_text("from hfsft import isolated\n" + STARTS)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), "."])}
    done = subprocess.run([sys.executable, "build.py"], cwd=folder, env=env, capture_output=True, text=True, check=True)
    assert str(folder) not in done.stdout, "not on the path that `site` prints"
    assert done.stdout.splitlines()[-1] == '""', "a job was done"
    assert run_by(folder) == []


STARTS = """
import subprocess
subprocess.run(isolated.command("site"), check=True)
subprocess.run(isolated.command("hfsft.release.report.vega"), check=True, input=b"{}")
"""


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 has no safe path")
def test_nor_does_a_process_that_a_library_starts(folder: Path) -> None:
    write(folder / "multiprocessing.py", folder.parent, "multiprocessing")
    write(folder / "signal.py", folder.parent, "signal")
    script = folder.parent / "command.py"
    script.write_text(LOCKS)
    subprocess.run([sys.executable, script, "version"], cwd=folder, check=True, capture_output=True)
    assert run_by(folder) == []


LOCKS = """
import multiprocessing
from hfsft.__main__ import run
try:
    run()
finally:
    multiprocessing.get_context("spawn").RLock()  # as of a progress bar, where processes are not forked
"""


def test_weights_that_cannot_be_loaded_are_told_by_an_isolated_process(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xllamacpp")
    (folder / "broken.gguf").write_bytes(b"GGUF" + bytes(100))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    assert "it gives no reason" not in embedded._reason(folder / "broken.gguf")
    assert run_by(folder) == []


@pytest.mark.embedded
def test_the_embedded_model_builds_in_a_downloaded_folder(folder: Path) -> None:
    recipe = "name: toy\nseeds: [{prompts: [Where is my parcel?]}]\ngenerate: {max_tokens: 8}\nfilters: []\n"
    (folder / "recipe.yaml").write_text(recipe + "split: {validation: 0}\n")
    script = Path(sys.executable).with_name("hfsft")
    env = {**os.environ, "HF_HOME": str(folder.parent / "hf")}
    subprocess.run([script, "build", "recipe.yaml", "-q"], cwd=folder, env=env, capture_output=True, text=True)
    assert (folder / "build" / "toy" / "ledger.jsonl").is_file()
    assert run_by(folder) == []


@pytest.mark.parametrize("entry", ["", ".", "relative", "{here}", "{here}/lib", "{here}/../downloaded/lib", "{script}"])
def test_what_lies_here_is_no_installation(folder: Path, monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    monkeypatch.chdir(folder)
    script = folder.parent / "elsewhere" / "build.py"
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(script), raising=False)
    monkeypatch.setattr(sys, "path", [entry.format(here=folder, script=script.parent), "/opt/lib"])
    assert isolated._folders() == ["/opt/lib"]
