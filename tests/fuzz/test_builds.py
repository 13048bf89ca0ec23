"""Whatever rows, filters and answers meet in a build: it ends in words or with a sum that is right."""

from __future__ import annotations

import csv
import json
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hfsft.cli import main
from hfsft.engine.ledger import REMOVED_FATES
from hfsft.release.report import vega
from hfsft.rows.columns import SIDES
from tests.fuzz.bounds import tries
from tests.models.server import HEALING, LASTING, LLM, Body, digest, instance

QUICK = tuple(fault for fault in (*HEALING, *LASTING) if fault not in ("slow", "429_date"))
PIECES = (
    *("How do I return a lamp?", "Send it back within 30 days.", "I cannot help with that.", "ja ja ja ja ja ja ja ja"),
    *("\n", "\r\n", " ", "\t", ",", ";", '"', "'", "\\", "\0", "\x1b[31m", "\u202e", "\ufeff", "\ud83d", "é🙏", "你好"),
    *("<|im_end|>", "[INST]", "{{ x }}", "{% for", "=1+1", "|", "# ", "```", "</script>", "<think>", "</think>"),
    *("anna@example.org", "+41 44 668 18 00", "4111 1111 1111 1111", "null", "NaN", "1e999", "-0", "true", "9" * 40),
    *("hf" + "_" + "a" * 34, "User: ", "Assistant: ", '{"score": 4, "reason": "x"}', '{"a":', "x" * 300),
)
words = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=5).map("".join)
turns = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant", "user", "assistant", "tool", ""]), "content": words}
    ),
    max_size=4,
)
odd = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), words),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(words, inner, max_size=2)),
    max_leaves=4,
)
NAMES = ("instruction", "response", "prompt", "system", "context", "messages", "topic", "id", "text", "output")
row = st.one_of(
    st.fixed_dictionaries({"instruction": words, "response": words}, optional={"system": words, "topic": odd}),
    st.fixed_dictionaries({"messages": turns}, optional={"topic": odd}),
    st.dictionaries(st.one_of(st.sampled_from(NAMES), words), st.one_of(words, odd), max_size=4),
)
usual = st.builds(
    lambda thing, more: {
        "instruction": f"How do I return a {thing}? {more}",
        "response": f"Send the {thing} back. {more}",
    },
    st.sampled_from(["lamp", "chair", "parcel"]),
    st.one_of(st.just(""), words),
)
KINDS = ("jsonl", "json", "csv", "tsv", "parquet")
FILTERS: tuple[Any, ...] = (
    *("exact_duplicate", "near_duplicate", "repetition", "refusal", "control_tokens", "pii", "secrets"),
    {"tokens": {"column": "response", "at_least": 2, "at_most": 40}},
    {"tokens": {"column": "instruction", "at_most": 20}},
    {"tokens": {"column": "conversation", "at_least": 3}},
    {"repetition": {"at_most": 0.2}},
    {"near_duplicate": {"at_most": 0.7, "floor": 0.5}},
    {"score": {"mean": {"at_least": 3}}},
)
recipes = st.fixed_dictionaries(
    {},
    optional={
        "evolve": st.sampled_from([{"rounds": 1}, {"templates": ["Ask again: {{ instruction }}"]}, {"rounds": 2}]),
        "generate": st.sampled_from([{}, {"system": "Be brief."}]),
        "judge": st.sampled_from([{"rubric": {"use": "Does it help?"}}, {"rubric": {"use": "?", "truth": "?"}}]),
        "filters": st.lists(st.sampled_from(FILTERS), max_size=4),
        "split": st.sampled_from([{"validation": 0}, {"validation": 0.5}]),
        "publish": st.sampled_from([{"format": "prompt_completion"}, {"format": "sharegpt"}, {"format": "alpaca"}]),
    },
)
CHARTS = Path(mkdtemp(prefix="hfsft-fuzz-"))
answers = st.lists(
    st.one_of(words, st.sampled_from([None, None, None, "I'm sorry, but I can't.", "A prompt that is better?"])),
    min_size=1,
)


def put(rows: list[dict[str, Any]], kind: str, path: Path, encoding: str) -> None:
    """The rows in a file of that kind, as far as it takes them."""
    if kind == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        texts = [{sound(key): sound(json.dumps(value)) for key, value in each.items()} for each in rows]
        names = dict.fromkeys(key for each in texts for key in each)
        pq.write_table(pa.table({name: [each.get(name) for each in texts] for name in names}), path)
        return
    text = StringIO()
    if kind == "jsonl":
        text.writelines(json.dumps(each) + "\n" for each in rows)
    elif kind == "json":
        json.dump(rows, text)
    elif kind == "txt":
        text.writelines(f"{value}\n" for each in rows for value in each.values())
    else:
        names = dict.fromkeys(key for each in rows for key in each)
        table = csv.DictWriter(text, list(names), delimiter="," if kind == "csv" else "\t", escapechar="\\")
        table.writeheader()
        table.writerows(rows)
    whole = text.getvalue()
    path.write_bytes(
        whole.encode("utf-8", "surrogatepass") if encoding == "surrogates" else whole.encode(encoding, "replace")
    )


def sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def scripted(said: list[str | None]) -> Any:
    """Answers by the hash of what is asked: one of the texts, or whatever follows the schema that was sent."""

    def reply(body: Body) -> str:
        text = said[int(digest(body["messages"])[:8], 16) % len(said)]
        shape = body.get("response_format")
        if text is not None:
            return text
        return json.dumps(instance(shape["json_schema"]["schema"])) if shape else "Send it back within 30 days, please."

    return reply


@tries(12)
@given(
    st.lists(st.one_of(row, usual), min_size=1, max_size=6),
    st.lists(st.one_of(row, usual), max_size=3),
    st.tuples(st.sampled_from(KINDS), st.sampled_from((*KINDS, "txt"))),
    st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-16", "surrogates"]),
    recipes,
    answers,
    st.lists(st.sampled_from(QUICK), max_size=2),
)
def test_any_build_ends_in_words_or_in_a_sum(
    rows: list[dict[str, Any]],
    seeds: list[dict[str, Any]],
    kinds: tuple[str, str],
    encoding: str,
    sections: dict[str, Any],
    said: list[str | None],
    faults: list[str],
) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        alone(patch, folder)
        put(rows, kinds[0], folder / f"rows.{kinds[0]}", encoding)
        put(seeds, kinds[1], folder / f"seeds.{kinds[1]}", "utf-8")
        with LLM(reply=scripted(said), faults=tuple(faults), share=0.3) as llm:
            asks = bool(seeds) or "judge" in sections
            models = {each: {"model": f"{each}-1", "base_url": llm.url} for each in ("writer", "judge")}
            recipe = {
                "name": "any",
                "license": "mit",
                "examples": [{"path": f"rows.{kinds[0]}"}],
                **({"seeds": [{"path": f"seeds.{kinds[1]}"}], "generate": {}} if seeds else {}),
                **sections,
                **({"models": models} if asks or "evolve" in sections or "generate" in sections else {}),
            }
            (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe), "utf-8")
            out = StringIO()
            with redirect_stdout(out), redirect_stderr(out):
                code = main(["build", str(folder / "recipe.yaml"), "--out", str(folder / "build"), "--no-publish"])
        assert code in (0, 1), (code, recipe, out.getvalue())
        if code == 0 or (folder / "build" / "any").is_dir():
            check_sum(folder / "build" / "any")


def check_sum(built: Path) -> None:
    """Each row has one fate, and the files hold what the ledger says."""
    import pyarrow.parquet as pq

    entries = [json.loads(line) for line in (built / "ledger.jsonl").read_text("utf-8").splitlines()]
    assert len({entry["id"] for entry in entries}) == len(entries)
    summary = json.loads((built / "funnel.json").read_text("utf-8"))
    assert summary["rows_in"] == len(entries)
    fates = Counter(entry["fate"] for entry in entries)
    assert set(fates) <= {*SIDES, *REMOVED_FATES}
    for split in SIDES:
        files = sorted((built / "data").glob(f"{split}-*.parquet"))
        assert sum(pq.read_metadata(file).num_rows for file in files) == fates[split]
    removal = sorted((built / "rejected").glob("*.parquet"))
    assert sum(pq.read_metadata(file).num_rows for file in removal) == sum(fates[each] for each in REMOVED_FATES)


def alone(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """A Hugging Face folder of its own."""
    import datasets.config
    import huggingface_hub.constants

    patch.setenv("HF_HOME", str(folder / "hf"))
    patch.setattr(huggingface_hub.constants, "HF_HOME", str(folder / "hf"))
    patch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "hf" / "datasets")
    patch.setattr(vega, "cache_folder", lambda name: CHARTS)  # what draws is made once
