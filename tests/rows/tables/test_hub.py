"""Datasets on the Hub are read at the commit that their identity names, whatever is pushed or lies beside."""

from __future__ import annotations

import json
from textwrap import dedent

from tests.hub.fixture import HubServer

PUSH = """
import sys, datasets
datasets.Dataset.from_dict({"prompt": sys.argv[1:], "id": sys.argv[1:]}).push_to_hub("ana/src")
"""
READ = """
import json, os, sys
from pathlib import Path
from hfsft.stages.seeds import PromptTable
"""


def read(program: str) -> str:
    return READ + dedent(program)


def test_a_push_between_identity_and_reading_changes_nothing(hub: HubServer) -> None:
    token = hub.token("ana")
    hub.run(PUSH, "old", token=token)
    program = """
    opened = PromptTable(path="ana/src").opened(Path(), "seeds[0]")
    opened.identity
    import datasets
    datasets.Dataset.from_dict({"prompt": ["new"], "id": ["x"]}).push_to_hub("ana/src")
    rows = list(opened.rows(None))
    few = list(opened.rows(1))
    again = PromptTable(path="hf://datasets/ana/src", revision=opened.identity["table"]["commit"], keep=["id"])
    print(json.dumps([opened.identity["table"]["commit"], [row.texts for row in rows], [row.texts for row in few],
                      [row.kept for row in again.opened(Path(), "").rows(None)]]))
    """
    commit, rows, few, again = hub.run(read(program), token=token).json()
    assert commit == hub.repo("ana/src").history()[1].oid
    assert rows == few == [{"instruction": "old", "source": "ana/src[0]", "unread": ["id"]}]
    assert again == [{"id": "old"}]


def test_a_folder_of_the_same_name_in_the_working_directory_is_not_read(hub: HubServer) -> None:
    hub.run(PUSH, "hub", token=hub.token("ana"))
    program = """
    folder = Path("ana/src")
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_text('{"prompt": "folder"}')
    Path("recipes").mkdir()
    opened = PromptTable(path="ana/src").opened(Path("recipes"), "seeds[0]")
    print(json.dumps([row.texts["instruction"] for row in opened.rows(None)]))
    """
    assert hub.run(read(program)).json() == ["hub"]


def test_what_is_cached_is_read_offline_and_nothing_else(hub: HubServer) -> None:
    token = hub.token("ana")
    hub.run(PUSH, "one", token=token)
    program = """
    try:
        opened = PromptTable(path="ana/src", revision=(sys.argv[1:] or [None])[0]).opened(Path(), "seeds[0]")
        print(json.dumps([opened.identity["table"]["commit"], [row.texts["instruction"] for row in opened.rows(None)]]))
    except Exception as error:
        print(json.dumps(f"{type(error).__name__}: {error}"))
    """
    home = hub.new_home()
    before = hub.run(read(program), home=home).json()
    hub.run(PUSH, "two", token=token)
    offline = {"HF_HUB_OFFLINE": "1"}
    assert hub.run(read(program), home=home, env=offline).json() == before
    assert hub.run(read(program), before[0], home=home, env=offline).json() == before
    newest = hub.repo("ana/src").history()[0].oid
    said = hub.run(read(program), newest, home=home, env=offline).json()
    assert said.startswith("SourceError: ana/src: ")
    said = hub.run(read(program), home=hub.new_home(), env=offline).json()
    assert said == "SourceError: ana/src: is not in the cache, and the Hub is not asked (HF_HUB_OFFLINE is set)"


def test_what_the_hub_refuses_is_said_in_one_line(hub: HubServer) -> None:
    program = """
    for keys in ({"path": "ana/none"}, {"split": "x"}, {"config": "x"}, {"revision": "x"}):
        try:
            list(PromptTable(**{"path": "ana/src", **keys}).opened(Path(), "").rows(None))
        except Exception as error:
            print(type(error).__name__, getattr(error, "key", ""), str(error).replace("\\n", "|"), file=sys.stderr)
    """
    hub.run(PUSH, "hub", token=hub.token("ana"))
    lines = hub.run(read(program)).stderr.splitlines()
    told = [line for line in lines if line.startswith("SourceError")]
    assert len(told) == 4, lines
    assert told[0].startswith("SourceError path ana/none: cannot be read from the Hub: ")
    assert told[1] == "SourceError split ana/src: no split 'x' (it has train)"
    assert told[2].startswith("SourceError config ana/src: ")
    assert told[3].startswith("SourceError revision ana/src: cannot be read from the Hub: ")
    assert not any("|" in line for line in told)


def test_files_of_the_hub_say_the_same_in_the_first_look_and_when_they_are_read(hub: HubServer) -> None:
    token = hub.token("ana")
    hub.run(
        """
import huggingface_hub, io, json
api = huggingface_hub.HfApi()
rows = [{"prompt": "one"}, {"prompt": "two"}, {"prompt": ["odd"]}]
texts = {"csv": "n;prompt\\n1;one\\n2;two\\n3;\\n", "jsonl": "\\n".join(map(json.dumps, rows))}
for kind, text in texts.items():
    api.create_repo(f"ana/{kind}", repo_type="dataset")
    api.upload_file(path_or_fileobj=text.encode(), path_in_repo=f"a.{kind}", repo_id=f"ana/{kind}", repo_type="dataset")
""",
        token=token,
    )
    program = """
    from hfsft.errors import SourceError
    for keys in ({"path": "ana/jsonl"}, {"path": "ana/csv", "delimiter": ";"}, {"path": "ana/csv"},
                 {"path": "ana/jsonl", "delimiter": ";"}):
        found = []
        for limit in (2, 3, None):
            try:
                rows = PromptTable(**keys).opened(Path(), "seeds[0]").rows(limit)
                found.append([row.texts["instruction"] if row.defect is None else row.defect for row in rows])
            except SourceError as error:
                found.append([error.key, str(error)])
        print(json.dumps(found))
    """
    jsonl, csv, undelimited, no_csv = map(json.loads, hub.run(read(program), token=token).stdout.splitlines())
    assert jsonl == [["one", "two"], *[["one", "two", "instruction is not text"]] * 2]
    assert csv == [["one", "two"], *[["one", "two", "no instruction"]] * 2]
    advice = "say with delimiter: what separates the columns; it has n;prompt"
    assert undelimited == [["path", f"ana/csv: no column holds the prompt ({advice})"]] * 3
    assert no_csv == [["delimiter", "ana/jsonl: is no CSV and has no delimiter (leave it out)"]] * 3


def test_code_that_comes_with_a_dataset_is_not_run(hub: HubServer) -> None:
    push = """
    import huggingface_hub as h
    api = h.HfApi()
    api.create_repo("mallory/code", repo_type="dataset")
    for name in ("code.py", "train.py"):
        script = f"open({str(Path.cwd() / 'RUN')!r}, 'w')".encode()
        api.upload_file(path_or_fileobj=script, path_in_repo=name, repo_id="mallory/code", repo_type="dataset")
    """
    hub.run(read(push), token=hub.token("mallory"))
    program = """
    from hfsft.errors import SourceError
    refused = 0
    for limit in (1, None):
        try:
            list(PromptTable(path="mallory/code").opened(Path(), "seeds[0]").rows(limit))
        except SourceError:
            refused += 1
    print(json.dumps([refused, Path("RUN").exists()]))
    """
    trusting = {"HF_DATASETS_TRUST_REMOTE_CODE": "1", "TRUST_REMOTE_CODE": "1"}
    assert hub.run(read(program), env=trusting).json() == [2, False]
