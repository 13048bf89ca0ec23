"""A shape of rows as a contributor adds it: one file, and one line in the table."""

from __future__ import annotations

import json
from pathlib import Path

from tests.strangers.checkout import Checkout

SHAPE = '''
"""A conversation in one text, with the marks of ChatML around each turn."""

from __future__ import annotations

import re

from hfsft.rows.calls import ShapeError
from hfsft.rows.shapes.shape import Item, Shape

TURN = re.compile(r"<\\|im_start\\|>(\\w+)\\n(.*?)<\\|im_end\\|>", re.DOTALL)


def _read(item: Item) -> Item:
    turns = TURN.findall(str(item.get("text")))
    if not turns:
        raise ShapeError("no turn between <|im_start|> and <|im_end|>")
    rest = {name: value for name, value in item.items() if name != "text"}
    return {**rest, "messages": [{"role": role, "content": content} for role, content in turns]}


CHATML = Shape(
    "chatml",
    "`text`: turns between <|im_start|> and <|im_end|>",
    read=_read,
    tells=lambda item: str(item.get("text")).startswith("<|im_start|>"),
)
'''
TABLE = "hfsft/rows/shapes/__init__.py"


def test_a_shape_is_one_file_and_one_line(tmp_path: Path) -> None:
    checkout = Checkout.copied(tmp_path)
    checkout.write("hfsft/rows/shapes/chatml.py", SHAPE)
    checkout.register(TABLE, "from hfsft.rows.shapes.harmony", "from hfsft.rows.shapes.chatml import CHATML")
    checkout.register(TABLE, "        OPENAI, SHAREGPT", "        CHATML,")
    talk = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhere is parcel {}?<|im_end|>\n"
    texts = [(talk + "<|im_start|>assistant\nIt comes on day {}.<|im_end|>").format(each, each) for each in range(9)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in [*texts, "Hello"]))
    recipe = {"name": "toy", "filters": [], "split": {"validation": 0}}

    checkout.recipe(**recipe, examples=[{"path": "rows.jsonl", "format": "chat"}])
    assert "`chatml`" in checkout.run("validate", "recipe.yaml", code=1)
    for source in ({"path": "rows.jsonl"}, {"path": "rows.jsonl", "format": "chatml"}):
        checkout.recipe(**recipe, examples=[source])
        checkout.run("build", "recipe.yaml", "--force")
        fates = [json.loads(line) for line in (tmp_path / "build/toy/ledger.jsonl").read_text().splitlines()]
        assert [each["fate"] for each in fates].count("train") == 9
        (removal,) = [each for each in fates if each["fate"] == "rejected"]
        assert removal["source"] == "rows.jsonl:10"
        wanted = "no turn between <|im_start|> and <|im_end|>" if "format" in source else "no conversation"
        assert removal["value"] == wanted
    assert "chatml" in checkout.run("schema")
