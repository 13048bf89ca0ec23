"""`datasets` pushes to the Hub and loads from it: same rows, and no more commits than there were changes."""

from textwrap import dedent

from tests.hub.fixture import HubServer

PUSH = """
import json, sys, datasets, huggingface_hub as h
def rows(first, count):
    return [{"messages": [{"role": "user", "content": f"question {i}"}], "score": i / 3} for i in range(first, count)]
def push(count):
    splits = {"train": datasets.Dataset.from_list(rows(0, count)), "test": datasets.Dataset.from_list(rows(count, 250))}
    return datasets.DatasetDict(splits).push_to_hub("ana/rows")
"""

LOAD = """
import json, datasets
loaded = datasets.load_dataset("ana/rows")
streamed = datasets.load_dataset("ana/rows", split="test", streaming=True)
print(json.dumps({"loaded": {s: d.to_list() for s, d in loaded.items()}, "streamed": list(streamed)}))
"""


def test_pushed_rows_come_back_and_a_push_of_the_same_rows_makes_no_commit(hub: HubServer) -> None:
    token = hub.token("ana")
    oids = hub.run(PUSH + "print(json.dumps([push(200).oid, push(200).oid, push(220).oid]))", token=token).json()
    repo = hub.repo("ana/rows")
    titles = [commit.title for commit in repo.history()]
    assert titles == ["Upload dataset", "Upload dataset", "initial commit"]
    assert oids == [repo.history()[1].oid] * 2 + [repo.history()[0].oid]
    assert hub.count("POST", "/commit/main") == 2
    assert sorted(repo.files()) == [
        "README.md",
        "data/test-00000-of-00001.parquet",
        "data/train-00000-of-00001.parquet",
    ]

    got = hub.run(LOAD, home=hub.new_home()).json()
    want = [{"messages": [{"role": "user", "content": f"question {i}"}], "score": i / 3} for i in range(250)]
    assert got["loaded"] == {"train": want[:220], "test": want[220:]}
    assert got["streamed"] == want[220:]


def test_a_private_repository_with_two_configurations_loads_at_any_revision_but_not_for_strangers(
    hub: HubServer,
) -> None:
    program = """
    import json, datasets
    for name, rows in (("default", ["a", "b"]), ("more", ["c"]), ("default", ["d"])):
        datasets.Dataset.from_dict({"text": rows}).push_to_hub("ana/rows", name, private=True)
    import huggingface_hub as h
    first = h.HfApi().list_repo_commits("ana/rows", repo_type="dataset")[2].commit_id
    texts = [datasets.load_dataset("ana/rows", *which, split="train", revision=revision)["text"][:]
             for which, revision in ((["default"], first), (["default"], None), (["more"], None))]
    print(json.dumps(texts))
    """
    got = hub.run(dedent(program), token=hub.token("ana")).json()
    assert got == [["a", "b"], ["d"], ["c"]]

    stranger = """
    import datasets
    try:
        datasets.load_dataset("ana/rows", "more")
    except datasets.exceptions.DatasetNotFoundError as error:
        print(error)
    """
    assert "doesn't exist on the Hub or cannot be accessed" in hub.run(dedent(stranger), home=hub.new_home()).stdout
