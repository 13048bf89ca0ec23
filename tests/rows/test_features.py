"""Column types as words: Arrow stores them as `datasets` would, though it is not asked."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from datasets import Features

from hfsft.release.card.metadata import typed
from hfsft.rows.columns import COLUMNS
from hfsft.rows.features import arrow_schema, features

KINDS: list[Any] = [
    *("string", "large_string", "bool", "int8", "int16", "int32", "int64", "uint8", "uint64", "binary"),
    *("float16", "float32", "float64", "json", "vector", "vector[7]"),
    *(["string"], ["json"], [["int32"]], ["vector[3]"], [["json"]]),
    {"role": "string", "score": "float64", "more": "json"},
    {"inner": {"deep": ["json"], "vectors": ["vector"]}},
    [{"role": "string", "calls": [{"name": "string", "arguments": "json"}]}],
    *COLUMNS.values(),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind)[:60])
def test_arrow_stores_them_as_datasets_would_and_the_card_names_them_so(kind: Any) -> None:
    wanted = features({"a": kind, "b": "string"})
    schema = arrow_schema({"a": kind, "b": "string"})
    assert schema.equals(wanted.arrow_schema.remove_metadata(), check_metadata=True)
    assert typed(schema) == Features.from_arrow_schema(schema)._to_yaml_list()


def test_a_word_that_is_no_type_is_an_error() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        arrow_schema({"a": "nonsense"})


def test_texts_become_json_however_deep_they_stand() -> None:
    """As releases are written: texts first, then cast by Arrow alone."""
    plain = pa.table({"a": [[{"x": '{"b": 1}', "y": ["[]", None]}], None, []]})
    schema = arrow_schema({"a": [{"x": "json", "y": ["json"]}]})
    cast = plain.slice(1).cast(schema)
    assert cast.schema == schema
    assert plain.cast(schema)["a"].to_pylist() == plain["a"].to_pylist()
    assert cast["a"].to_pylist() == [None, []]
