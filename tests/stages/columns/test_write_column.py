"""Write: one more column of each row before it is answered, as text or as JSON that follows a schema."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import AnswerError, RecipeError, UserError
from hfsft.pipeline import run, validate
from hfsft.recipe.recipe import load_recipe
from hfsft.stages.columns.write_column import Write
from tests.models.server import LLM, Body, said_to
from tests.stages.helpers import CONTEXT, converse, row

CASE = {
    "type": "object",
    "properties": {"order": {"type": "string", "pattern": "^A[0-9]+$"}, "state": {"enum": ["paid", "sent"]}},
    "required": ["order", "state"],
    "additionalProperties": False,
}
TURNS = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello."}]


def ask(section: Write, **texts: Any) -> Any:
    (step,) = section.steps(CONTEXT)
    return step.function({**row(**texts), "response": texts.get("response")})


def write(column: str = "case", template: str = "Invent: {{ instruction }}", **more: Any) -> Write:
    return Write.model_validate({"column": column, "template": template, **more})


def test_a_column_is_written_by_one_call_seeded_by_the_row_and_the_column() -> None:
    requests, columns = converse(ask(write()), ["  An order. "])
    assert columns == {"case": "An order."}
    assert requests[0].messages[0]["content"] == "Invent: Where is my parcel?"
    other, _ = converse(ask(write("other")), ["x"])
    assert requests[0].seed != other[0].seed is not None


def test_a_template_may_say_what_the_system_says_and_show_turns() -> None:
    template = "Invent cases.{{ user }}My lamp?{{ assistant }}A7{{ user }}{{ instruction }}"
    (request,), _ = converse(ask(write(template=template)), ["A8"])
    assert [(each["role"], each["content"]) for each in request.messages] == [
        ("system", "Invent cases."),
        ("user", "My lamp?"),
        ("assistant", "A7"),
        ("user", "Where is my parcel?"),
    ]


def test_nothing_written_fails_the_row() -> None:
    with pytest.raises(AnswerError, match="wrote nothing for `case`"):
        converse(ask(write()), [" \n"])


@pytest.mark.parametrize(
    ("column", "texts", "when", "asked"),
    [
        ("case", {"response": "Here."}, None, True),
        ("reference", {"response": "Here."}, None, True),
        ("instruction", {}, None, True),
        ("instruction", {"response": "Here."}, None, False),
        ("system", {"response": "Here."}, None, False),
        ("context", {"messages": TURNS[:1]}, None, False),
        ("system", {"response": "Here."}, "response", True),
        ("case", {}, "'refund' in instruction", False),
        ("case", {"instruction": "A refund?"}, "'refund' in instruction", True),
    ],
)
def test_which_rows_are_asked_about(column: str, texts: dict[str, Any], when: str | None, asked: bool) -> None:
    requests, columns = converse(ask(write(column, **({"when": when} if when else {})), **texts), ["New."])
    assert bool(requests) == asked
    assert columns[column] == ("New." if asked else row(**texts).get(column))


def test_what_stood_in_a_column_before_stays_beside_it() -> None:
    _, columns = converse(ask(write("instruction")), ['New message: "Where are my two parcels?"'])
    assert columns == {"instruction": "Where are my two parcels?", "first_instruction": "Where is my parcel?"}
    _, columns = converse(ask(write("reference", when="false"), reference="42"), [])
    assert columns == {"reference": "42", "first_reference": None}


def test_json_is_checked_by_the_whole_schema_and_asked_for_once_more() -> None:
    answers = ['{"order": "7", "state": "PAID"}', 'Sure: {"order": "A7", "state": "Paid"}']
    requests, columns = converse(ask(write(schema=CASE)), answers)
    assert json.loads(columns["case"]) == {"order": "A7", "state": "paid"}
    assert requests[0].schema == CASE
    assert "order: '7' does not match '^A[0-9]+$'" in requests[1].messages[-1]["content"]
    with pytest.raises(AnswerError, match="does not match"):
        converse(ask(write(schema=CASE)), ['{"order": "7", "state": "paid"}'] * 2)


def test_an_expression_that_a_row_breaks_fails_that_row() -> None:
    with pytest.raises(AnswerError, match=r"template: `when` of write\[case\]"):
        converse(ask(write(when="context > 3")), [])


SEEDS = ["My brakes squeak.", "What is a refund?", "The chain slips."]


def reply(body: Body) -> str:
    said = said_to(body)
    if said.startswith("Invent"):
        return json.dumps({"order": "A7", "state": "sent" if "chain" in said else "paid"})
    if said.startswith("Right answer"):
        return "It was sent." if "sent" in said else "It was paid."
    return f"We look at it: {said}"


def recipe(llm: LLM | None, **changes: Any) -> dict[str, Any]:
    return {
        "name": "bikes",
        "models": {"writer": {"model": "org/w", "base_url": llm.url if llm else "http://localhost:9/v1"}},
        "seeds": [{"prompts": SEEDS}],
        "write": [
            {"column": "case", "template": "case.jinja", "schema": "case.json"},
            {"column": "reference", "template": "Right answer, as it is {{ case.state }}: {{ instruction }}"},
            {"column": "late", "template": "Invent: {{ instruction }}", "when": "case.state == 'sent'"},
        ],
        "generate": {"template": "{{ instruction }} (order {{ case.order }}; {{ case }})"},
        "filters": [{"tokens": {"column": "case", "at_most": 100}}, {"expr": "(case | fromjson).order == 'A7'"}],
        "split": {"validation": 0},
        **changes,
    }


def written(folder: Path, data: dict[str, Any]) -> Path:
    (folder / "case.jinja").write_text("Invent a case for: {{ instruction }}\n")
    (folder / "case.json").write_text(json.dumps(CASE))
    path = folder / "recipe.yaml"
    path.write_text(json.dumps(data))
    return path


def test_later_sections_and_filters_read_what_was_written_and_a_second_build_asks_nothing(
    tmp_path: Path, home: Path
) -> None:
    with LLM(reply=reply) as llm:
        path = written(tmp_path, recipe(llm))
        built, folder = run(path, out=tmp_path / "build")
        assert Counter(said_to(body).split()[0] for body in llm.requests) == {
            "Invent": 3, "Invent:": 1, "Right": 3, "My": 1, "What": 1, "The": 1,
        }  # fmt: skip
        asked = next(said_to(body) for body in llm.requests if said_to(body).startswith("The"))
        assert asked == 'The chain slips. (order A7; {"order": "A7", "state": "sent"})'
        assert sorted(built.rows["reference"][:]) == ["It was paid.", "It was paid.", "It was sent."]
        before = len(llm.requests)
        run(path, out=tmp_path / "build")
        assert len(llm.requests) == before
        # The recipe in the release says what stood in the files.
        again = load_recipe(folder / "recipe.resolved.yaml")
        assert again.write[0].form == CASE
        assert again.write[0].template == "Invent a case for: {{ instruction }}\n"
        (tmp_path / "case.jinja").write_text("Invent another case for: {{ instruction }}\n")
        run(path, out=tmp_path / "build")
        assert len(llm.requests) > before, "a template's file is part of what a row depends on"
    card = (folder / "README.md").read_text()
    assert "| `case` | text | Written by a model, by `write`, as JSON. |" in card
    assert "Models wrote part of it (write[case], write[reference], write[late] and generate)" in card


def test_a_column_that_a_filter_reads_saves_the_answer(tmp_path: Path, home: Path) -> None:
    with LLM(reply=reply) as llm:
        data = recipe(llm, filters=[{"tokens": {"column": "reference", "at_most": 0}}])
        with pytest.raises(UserError, match="no row is left"):
            run(written(tmp_path, data), out=tmp_path / "build")
        assert not [body for body in llm.requests if "order" in said_to(body)]


def problems(folder: Path, *items: dict[str, Any], **changes: Any) -> list[str]:
    (folder / "notes.json").write_text("[1]")
    path = written(folder, recipe(None, write=list(items), generate={}, filters=[], **changes))
    with pytest.raises(RecipeError) as raised:
        validate(path)
    return [problem.message + (f" ({problem.help})" if problem.help else "") for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"column": "Big"}, "write[0].column cannot be the text `Big`"),
        ({"column": "response"}, "`response` is a column of hfsft's own (write a name of your own, or instruction"),
        ({"column": "score_x"}, "`score_x` begins with score_, as columns of hfsft's own do"),
        ({"column": "language"}, "`language` means something else to templates and formats"),
        ({"column": "reference", "schema": CASE}, "`reference` is a text that is trained on or shown"),
        ({"template": "cse.jinja"}, "there is no file cse.jinja (did you mean `case.jinja`?"),
        ({"template": "persna"}, "there is no template `persna` in write (did you mean `persona`?"),
        ({"template": "{{ instrction }}"}, "did you mean `instruction`?"),
        ({"template": "{{ later }}"}, "the template uses `later`, which write[1] writes behind it"),
        ({"schema": "cse.json"}, "there is no file cse.json (did you mean `case.json`?"),
        ({"schema": "notes.json"}, "notes.json must be a mapping, as in {type: object}, not list"),
        ({"schema": {"type": "objct"}}, "write[0].schema: is no JSON Schema: type: 'objct'"),
        ({"schema": {"$ref": "http://x/y"}}, "refers to `http://x/y`: write what stands there into it"),
        ({"when": "topic = 3"}, "write[0].when: `=` stands where the expression has ended"),
        ({"when": "topc == 3"}, "`when` reads `topc`, which no column is called (did you mean `topic`?"),
        ({"model": "writr"}, "write[0] asks a model `writr`, which is not under models (did you mean `writer`?"),
        ({"colum": "x"}, "unknown key `colum` in write[0] (did you mean `column`?"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, item: dict[str, Any], message: str) -> None:
    later = {"column": "later", "template": "Ask: {{ instruction }}"}
    told = problems(tmp_path, {"column": "case", "template": "Ask: {{ instruction }}", **item}, later)
    assert [each for each in told if message in each], told


def test_one_name_is_written_once(tmp_path: Path) -> None:
    same = {"column": "later", "template": "Ask: {{ instruction }}"}
    assert problems(tmp_path, same, same) == ["write[later]: another section writes `later` too (name it otherwise)"]
    measured = {"column": "tokens_response", "template": "Ask: {{ instruction }}"}
    data = recipe(None, write=[measured], generate={}, filters=[{"tokens": {"at_least": 1}}])
    with pytest.raises(RecipeError, match=r"write\[0\] writes `tokens_response`, as the filter tokens does"):
        validate(written(tmp_path, data))


def test_a_column_of_a_source_makes_room_for_one_that_is_written(tmp_path: Path, home: Path) -> None:
    rows = [{"prompt": text, "case": "old"} for text in SEEDS]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    with LLM(reply=reply) as llm:
        data = recipe(llm, seeds=[{"path": "rows.jsonl", "prompt": "prompt", "keep": ["case"]}])
        built, _ = run(written(tmp_path, data), out=tmp_path / "build")
    assert built.rows["source_case"][:] == ["old"] * 3
    assert "old" not in built.rows["case"][:]


def test_an_empty_column_is_told(tmp_path: Path, home: Path) -> None:
    with LLM(reply=reply) as llm:
        item = {"column": "case", "template": "Invent: {{ instruction }}", "when": "topic == 'none'"}
        built, _ = run(written(tmp_path, recipe(llm, write=[item], generate={}, filters=[])), out=tmp_path / "build")
    assert any("`case` is empty in every row" in note for note in built.notes)
