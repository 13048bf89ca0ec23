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


SHARDS = """
import huggingface_hub, io, pyarrow as pa, pyarrow.parquet as pq
api = huggingface_hub.HfApi()
api.create_repo("ana/many", repo_type="dataset")
for shard in range(6):
    sink = io.BytesIO()
    rows = [{"prompt": f"What is {shard} and {n}?", "n": shard * 200 + n} for n in range(200)]
    pq.write_table(pa.Table.from_pylist(rows), sink)
    api.upload_file(path_or_fileobj=sink.getvalue(), path_in_repo=f"data/train-{shard:05}-of-00006.parquet",
                    repo_id="ana/many", repo_type="dataset")
"""


def test_of_many_shards_no_more_is_downloaded_than_a_limit_takes(hub: HubServer) -> None:
    token = hub.token("ana")
    hub.run(SHARDS, token=token)
    program = """
    opened = PromptTable(path="ana/many", **json.loads(sys.argv[1])).opened(Path(), "seeds[0]")
    rows = [row.texts["instruction"] for row in opened.rows(None)]
    found = Path(os.environ["HF_HOME"]).rglob("*")
    kept = sum(path.stat().st_size for path in found if path.suffix in (".parquet", ".arrow"))
    print(json.dumps([rows, opened.counts.as_dict(), kept]))
    """

    def read(keys: str) -> tuple[list[str], dict[str, int], int, set[str]]:
        before = len(hub.requests)
        rows, counts, kept = hub.run(dedent(READ) + dedent(program), keys, token=token, home=hub.new_home()).json()
        shards = {r.path[-24:] for r in hub.requests[before:] if r.method == "GET" and "of-00006" in r.path}
        return rows, counts, kept, shards

    rows, counts, kept, shards = read('{"limit": 5, "where": "n % 100 == 7"}')
    assert rows == [f"What is {shard} and {n}?" for shard, n in ((0, 7), (0, 107), (1, 7), (1, 107), (2, 7))]
    assert (counts["read"], counts["where"], counts["ended"]) == (408, 403, True)
    assert len(shards) == 3
    assert kept == 0
    sampled, counts, kept, _ = read('{"sample": 5}')
    assert (len(sampled), counts["read"], counts["sample"], kept) == (5, 1200, 1195, 0)
    whole, _, kept, _ = read("{}")
    assert len(whole) == 1200
    assert kept > 0
    assert set(sampled) < set(whole)


def test_a_branch_that_moves_while_a_build_runs_is_read_where_it_was_and_locked_there(hub: HubServer) -> None:
    token = hub.token("ana")
    push = """
import sys, datasets
datasets.Dataset.from_dict({"instruction": [f"What is {sys.argv[1]} {n}?" for n in range(8)],
    "response": [f"It is the {n}th of {sys.argv[1]}." for n in range(8)]}).push_to_hub("ana/src")
"""
    hub.run(push, "old", token=token)
    (hub.folder / "r.yaml").write_text(
        "name: r\nexamples: [{path: ana/src, revision: main}]\nfilters: []\nsplit: {validation: 0}\n"
    )
    program = """
    import yaml
    from hfsft import pipeline
    from hfsft.rows.tables import hub_dataset
    reading = hub_dataset.hub_rows
    def moved(*arguments):
        import datasets
        datasets.Dataset.from_dict({"instruction": ["new?"], "response": ["new"]}).push_to_hub("ana/src")
        return reading(*arguments)
    hub_dataset.hub_rows = moved
    built, folder = pipeline.run("r.yaml")
    hub_dataset.hub_rows = reading
    lock = json.loads((folder / "hfsft.lock.json").read_text())
    resolved = yaml.safe_load((folder / "recipe.resolved.yaml").read_text())
    again, _ = pipeline.run(folder / "recipe.resolved.yaml", out="again")
    newest, _ = pipeline.run("r.yaml", out="newest")
    print(json.dumps([lock["sources"]["examples"][0]["table"]["commit"], resolved["examples"][0]["revision"],
                      sorted(built.rows["instruction"][:]), sorted(again.rows["instruction"][:]),
                      newest.rows["instruction"][:]]))
    """
    locked, pinned, rows, again, newest = hub.run(read(program), token=token).json()
    assert locked == pinned == hub.repo("ana/src").history()[1].oid
    assert rows == again == [f"What is old {n}?" for n in range(8)]
    assert newest == ["new?"]
