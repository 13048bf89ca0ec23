"""Large files go up and come down byte by byte: over xet, over git-lfs, in parts, in ranges."""

import hashlib
import random
import struct
from pathlib import Path
from textwrap import dedent

import pytest

from tests.hub.fixture import HubServer

NO_XET = {"HF_HUB_DISABLE_XET": "1"}

TRANSFER = """
import hashlib, json, pathlib, sys
from huggingface_hub import CommitOperationAdd as Add, HfApi
api, folder = HfApi(), pathlib.Path(sys.argv[1])
D = {"repo_id": "ana/d", "repo_type": "dataset"}
def up():
    api.create_repo(**D, exist_ok=True)
    adds = [Add(path.name, str(path)) for path in sorted(folder.iterdir())]
    api.create_commit(**D, operations=adds, commit_message="up")
def down():
    paths = {path.name: pathlib.Path(api.hf_hub_download(**D, filename=path.name)) for path in folder.iterdir()}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(paths.items())}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files that hf_xet stores in each of its three ways: as is, as lz4, as lz4 over every fourth byte."""
    chance, folder = random.Random(7), tmp_path / "files"
    folder.mkdir()
    (folder / "random.bin").write_bytes(chance.randbytes(3_000_001))
    (folder / "text.bin").write_bytes(b"".join(b"row %d\n" % chance.randrange(1000) for _ in range(100_000)))
    numbers = [chance.gauss(0, 1) for _ in range(100_000)]
    (folder / "numbers.bin").write_bytes(struct.pack(f"<{len(numbers)}f", *numbers) + b"end")
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_files_go_both_ways_over_xet(hub: HubServer, folder: Path) -> None:
    token = hub.token("ana")
    hub.run(TRANSFER + "up()", folder, token=token)
    assert {name: hashlib.sha256(data).hexdigest() for name, data in hub.repo("ana/d").files().items()} == digests(
        folder
    )
    assert hub.count("PUT", "") == 0
    packings = {xorb.packed[start + 4] for xorb in hub.state.xorbs.values() for start in xorb.starts[:-1]}
    assert packings == {0, 1, 2}

    again = hub.run(TRANSFER + "print(json.dumps(down()))", folder, home=hub.new_home()).json()
    assert again == digests(folder)
    assert not any(request.path.startswith("/cdn/") for request in hub.requests)


def test_a_changed_file_reuses_chunks_and_any_part_of_it_can_be_fetched(hub: HubServer, folder: Path) -> None:
    program = """
    up()
    path = folder / "random.bin"
    path.write_bytes(b"new head" + path.read_bytes() + b"new tail")
    up()
    import hf_xet
    entry, data = api.get_paths_info(**D, paths="random.bin")[0], path.read_bytes()
    group = hf_xet.XetSession().new_download_stream_group(
        token_refresh_url=f"{api.endpoint}/api/datasets/ana/d/xet-read-token/main"
    )
    ends = [(0, 1), (7, 9), (100_000, 100_001), (65_000, 1_700_000), (1_500_000, len(data)), (len(data) - 1, len(data))]
    file = hf_xet.XetFileInfo(entry.xet_hash, entry.size)
    right = [b"".join(group.download_stream(file, start, end)) == data[start:end] for start, end in ends]
    print(json.dumps([down(), right]))
    """
    got, right = hub.run(TRANSFER + dedent(program), folder, token=hub.token("ana")).json()
    assert got == digests(folder)
    assert right == [True] * 6
    assert len(hub.state.records[hub.state.xet_hashes[got["random.bin"]]].terms) > 1
    stored = sum(len(chunk) for xorb in hub.state.xorbs.values() for chunk in xorb.chunks)
    known = sum(path.stat().st_size for path in folder.iterdir())
    assert known < stored < known + 1_000_000


@pytest.mark.parametrize("part_size", [None, 1_000_000], ids=["whole", "parts"])
def test_files_go_both_ways_over_lfs(hub: HubServer, folder: Path, part_size: int | None) -> None:
    hub.state.part_size = part_size
    program = TRANSFER + "up(); up(); print(json.dumps(down()))"
    assert hub.run(program, folder, token=hub.token("ana"), env=NO_XET).json() == digests(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == hub.repo("ana/d").files()
    assert not hub.state.xorbs
    assert len([r for r in hub.requests if r.method == "PUT"]) == (3 if part_size is None else 4 + 2)


def test_parts_of_a_file_can_be_read_and_a_range_outside_is_refused(hub: HubServer, folder: Path) -> None:
    program = """
    up()
    from huggingface_hub import HfFileSystem, get_session, hf_hub_url
    with HfFileSystem().open("datasets/ana/d/random.bin", block_size=2**16) as file:
        file.seek(2_000_000)
        middle = file.read(10).hex()
    url = hf_hub_url(**D, filename="random.bin")
    answers = [get_session().get(url, headers={"Range": f"bytes={r}"}) for r in ("5-9", "-3", "3000000-", "3000001-")]
    print(json.dumps([middle, [[a.status_code, a.content.hex() if a.status_code == 206 else ""] for a in answers]]))
    """
    middle, answers = hub.run(TRANSFER + dedent(program), folder, token=hub.token("ana")).json()
    data = (folder / "random.bin").read_bytes()
    assert middle == data[2_000_000:2_000_010].hex()
    assert answers == [[206, data[5:10].hex()], [206, data[-3:].hex()], [206, data[-1:].hex()], [416, ""]]


def test_the_store_never_sees_the_users_token(hub: HubServer, folder: Path) -> None:
    hub.run(TRANSFER + "up(); down()", folder, token=hub.token("ana"))
    hub.run(TRANSFER + "up(); down()", folder, token=hub.token("ana"), env=NO_XET, home=hub.new_home())
    store = [r for r in hub.requests if r.path.startswith(("/cdn/", "/xorbs/", "/lfs/", "/v1/", "/v2/"))]
    assert {r.path.split("/")[1] for r in store} == {"cdn", "xorbs", "v1", "v2"}
    assert not any("hf_ana" in request.token for request in store)
