"""What a recipe reaches: every file outside its folder, every server, key and repository, but what the user set."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
import yaml

from hfsft import pipeline
from hfsft.errors import ModelError, RecipeError, UserError
from hfsft.pretrained.loaded_tokenizer import pretrained_tokenizer
from hfsft.recipe.checks.path_bounds import leads_outside
from hfsft.recipe.checks.trust import Reach, Trust, reaches
from hfsft.recipe.recipe import load_recipe
from hfsft.stages.base import AskingPart
from hfsft.stages.evolving.ways import WeightedTemplate
from hfsft.stages.tools.tools_section import Tools
from hfsft.stages.writing.base import Written
from tests.recipe.every_section import save_tokenizer
from tests.recipe.test_identity import SECTIONS

ROW = '{"prompt": "the vault code is 4711", "completion": "It is."}\n'
EXAMPLES = {"name": "toy", "examples": [{"path": "rows.jsonl"}], "filters": [], "split": {"validation": 0}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A stranger's folder, beside which private files lie."""
    private = tmp_path / "private"
    private.mkdir()
    (private / "rows.jsonl").write_text(ROW)
    made = tmp_path / "recipe"
    (made / "sources" / "deep").mkdir(parents=True)
    (made / "rows.jsonl").write_text(ROW)
    (made / "sources" / "deep" / "rows.jsonl").write_text(ROW)
    (made / "link.jsonl").symlink_to(private / "rows.jsonl")
    (made / "relative.jsonl").symlink_to("../private/rows.jsonl")
    (made / "linked").symlink_to(private, target_is_directory=True)
    (made / "within.jsonl").symlink_to("sources/deep/rows.jsonl")
    (made / "chain.jsonl").symlink_to("link.jsonl")
    (made / "gone.jsonl").symlink_to(tmp_path / "nothing.jsonl")
    (made / "mixed" / "deep").mkdir(parents=True)
    (made / "mixed" / "a.jsonl").write_text(ROW)
    (made / "mixed" / "deep" / "b.jsonl").symlink_to(private / "rows.jsonl")
    (made / "below").mkdir()
    (made / "below" / "more").symlink_to(private, target_is_directory=True)
    return made


OUTSIDE = [
    "../private/rows.jsonl",
    "{root}/private/rows.jsonl",
    "sources/../../private/rows.jsonl",
    "sources/deep/../../../private/rows.jsonl",
    "~/rows.jsonl",
    "~nobody-of-that-name/rows.jsonl",
    "~root/rows.jsonl",
    "/etc/passwd",
    "/proc/self/environ",
    "/dev/stdin",
    "//etc/passwd",
    "..",
    "../private",
    "../recipe-2/rows.jsonl",
    "link.jsonl",
    "relative.jsonl",
    "chain.jsonl",
    "gone.jsonl",
    "linked",
    "linked/rows.jsonl",
    "linked/../private/rows.jsonl",
    "mixed",
    "below",
    *("*.jsonl", "**/*.jsonl", "lin*/rows.jsonl", "linked/*", "below/**/rows.jsonl", "*/../../private/*.jsonl", "../*"),
]
BESIDE = ["rows.jsonl", "./rows.jsonl", "sources", "sources/../rows.jsonl", "{root}/recipe/rows.jsonl", "within.jsonl"]
BESIDE += ["linked/../recipe/rows.jsonl"]  # by a way outside, but it is there
BESIDE += ["owner/name", "none.jsonl", "https://evil.example/rows.jsonl", "file:///etc/passwd"]
BESIDE += ["row*.jsonl", "sources/**/*.jsonl", "none*.jsonl", "w*.jsonl", "[r]ows.jsonl"]


@pytest.mark.parametrize("path", OUTSIDE)
def test_what_leads_outside(folder: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))
    assert leads_outside(path.format(root=folder.parent), folder)


@pytest.mark.parametrize("path", BESIDE)
def test_what_lies_beside_or_is_no_file(folder: Path, path: str) -> None:
    assert not leads_outside(path.format(root=folder.parent), folder)


def test_what_is_written_as_elsewhere_is_not_even_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    for name in ("lstat", "stat", "readlink", "scandir"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda path, *a, real=real, **k: (looked.append(str(path)), real(path, *a, **k))[1]
        )
    assert leads_outside("../private/rows.jsonl", folder)
    assert [path for path in looked if "private" in path] == []


def test_files_of_the_hub_cache_are_links_to_its_blobs(tmp_path: Path) -> None:
    repo = tmp_path / "datasets--ana--toy"
    snapshot = repo / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (repo / "blobs").mkdir()
    (repo / "blobs" / "1").write_text(ROW)
    (snapshot / "rows.jsonl").symlink_to("../../blobs/1")
    (tmp_path / "private.jsonl").write_text(ROW)
    (snapshot / "other.jsonl").symlink_to("../../../private.jsonl")
    assert not leads_outside("rows.jsonl", snapshot)
    assert leads_outside("other.jsonl", snapshot)
    for recipe in (snapshot / "recipe.yaml", str(snapshot / "recipe.yaml"), "hf://datasets/ana/toy"):
        assert not Trust().covers(recipe)
    assert Trust().covers(str(tmp_path / "recipe.yaml"))
    assert Trust().covers({"name": "toy"})
    (repo / "blobs").rename(tmp_path / "moved")
    (repo / "blobs").symlink_to(tmp_path / "moved")
    assert leads_outside("rows.jsonl", snapshot)


def write(folder: Path, **recipe: Any) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({**EXAMPLES, **recipe}, sort_keys=False))
    return path


PLACES: dict[str, dict[str, Any]] = {
    "examples[0].path": {"examples": [{"path": "{path}"}]},
    "seeds[0].path": {"seeds": [{"name": "tickets", "path": "{path}"}]},
    "publish.tokenizer": {"publish": {"tokenizer": "{path}"}},
    "filters[tokens].tokenizer": {"filters": [{"tokens": {"at_least": 1, "tokenizer": "{path}"}}]},
    "filters[toxicity].model": {"filters": [{"toxicity": {"model": "{path}"}}]},
    "contradictions.nli": {"contradictions": {"nli": "{path}"}},
    "review.verdicts": {"review": {"verdicts": "{path}"}},
    "review.guidelines": {"review": {"guidelines": "{path}"}},
    "models.writer.model": {"models": {"writer": {"model": "{path}.gguf", "temperature": 0}}},
    "refine.template": {"judge": {}, "refine": {"when": {"mean": {"at_most": 3}}, "template": "{path}.jinja"}},
    "label.template": {"label": {"quality": ["a", "b"], "template": "{path}.jinja"}},
    "evolve.templates[0]": {"evolve": {"templates": ["{path}.jinja"]}},
    "converse.user[0]": {"generate": {}, "converse": {"user": ["{path}.jinja"]}},
    "generate.system": {"generate": {"system": "{path}.jinja"}},
    "generate.template": {"generate": {"template": "{path}.jinja"}},
    "write[0].template": {"write": [{"column": "case", "template": "{path}.jinja"}]},
    "write[0].schema": {"write": [{"column": "case", "template": "Ask: {{ instruction }}", "schema": "{path}"}]},
    "models.writer": {"models": {"writer": "{path}.gguf"}},
    "filters[near_duplicate].against[0].path": {"filters": [{"near_duplicate": {"against": [{"path": "{path}"}]}}]},
    "filters[exact_duplicate].against[0]": {"filters": [{"exact_duplicate": {"against": ["{path}"]}}]},
}


@pytest.mark.parametrize("key", PLACES)
@pytest.mark.parametrize("path", ["{private}/file", "../private/file", "linked/file"])
def test_every_place_that_names_a_file_is_bound_to_the_folder(folder: Path, key: str, path: str) -> None:
    save_tokenizer(folder.parent / "private" / "file")
    (folder.parent / "private" / "file.gguf").write_bytes(b"GGUF")
    (folder.parent / "private" / "file.jinja").write_text("Ask: {{ instruction }}")
    named = path.format(private=folder.parent / "private")
    recipe = write(folder, **json.loads(json.dumps(PLACES[key]).replace("{path}", named)))
    for step in (pipeline.validate, pipeline.forecast, pipeline.why, pipeline.check, pipeline.preview, pipeline.build):
        with pytest.raises(RecipeError) as raised:
            step(recipe, trust=False)
        (problem,) = raised.value.problems
        assert problem.message.startswith(f"{key} names ")
        assert problem.place.line
        assert f"--set {key}=" in problem.help
    assert [reach.kind for reach in reaches(load_recipe(recipe, [f"{key}={named}"]))] == []


def test_a_recipe_that_is_wrong_too_looks_for_no_file_elsewhere(folder: Path) -> None:
    recipe = write(folder, examples=[{"path": "../private/row.jsonl"}], nonsense=1)
    with pytest.raises(RecipeError) as raised:
        pipeline.validate(recipe, trust=False)
    assert "did you mean rows.jsonl" not in str(raised.value)
    with pytest.raises(RecipeError, match=r"did you mean `rows\.jsonl`"):
        pipeline.validate(recipe)


WANTS: dict[str, tuple[dict[str, Any], str]] = {
    "models.writer.base_url": (
        {"models": {"writer": {"model": "org/m", "base_url": "https://evil.example:8443/v1?v=b"}}},
        "models.writer sends its rows to https://evil.example:8443",
    ),
    "models.writer.provider": (
        {"models": {"writer": {"model": "org/m", "provider": "auto", "price": {"input": 0, "output": 0.5}}}},
        "models.writer asks org/m through auto, with your Hugging Face login, at $0 and $0.5 a million tokens, it says",
    ),
    "publish.repo_id": (
        {"publish": {"repo_id": "mallory/toy"}},
        "publishes to mallory/toy, with your Hugging Face login",
    ),
}
AT = {"model": "org/m", "base_url": "http://evil.example/v1"}
BESIDES: dict[str, tuple[dict[str, Any], str]] = {
    "models.writer.api_key_env": (
        {"models": {"writer": {**AT, "api_key_env": "HF_TOKEN"}}},
        "models.writer sends the key in HF_TOKEN to http://evil.example",
    ),
    "models.writer.headers.X-Title": (
        {"models": {"writer": {**AT, "headers": {"X-Title": "toy"}}}},
        "models.writer sends the header X-Title to http://evil.example",
    ),
    "models.writer.headers.X-Team": (
        {"models": {"writer": {**AT, "headers": {"X-Team": {"env": "TEAM_KEY"}}}}},
        "models.writer sends what TEAM_KEY holds, in the header X-Team, to http://evil.example",
    ),
    "models.writer.extra_body.user": (
        {"models": {"writer": {**AT, "extra_body": {"user": "u"}}}},
        "models.writer sends user in each request to http://evil.example",
    ),
    "models.writer.base_url[1]": (
        {"models": {"writer": {**AT, "base_url": ["http://evil.example/v1", "http://localhost:9/v1"]}}},
        "models.writer sends its rows to http://localhost:9",
    ),
    "publish.private": (
        {"publish": {"repo_id": "mallory/toy", "private": False}},
        "publishes a new dataset for everybody to see",
    ),
    "publish.not_secret": (
        {"publish": {"not_secret": ["0123456789ab"]}},
        "publishes 0123456789ab, which looks like a secret",
    ),
    "publish.sources": ({"publish": {"repo_id": "mallory/toy", "sources": True}}, "publishes what it reads of files"),
}


VALUES = {"publish.private": "true", "publish.sources": "true", "publish.not_secret": "[]"}
VALUES["models.writer.api_key_env"] = "MINE"


@pytest.mark.parametrize("key", [*WANTS, *BESIDES])
def test_each_thing_is_told_at_its_line_until_the_user_says_it(folder: Path, key: str) -> None:
    changes, what = {**WANTS, **BESIDES}[key]
    recipe = write(folder, **changes)
    with pytest.raises(RecipeError) as raised:
        pipeline.build(recipe, trust=False)
    found = {problem.message.partition(": ")[0]: problem for problem in raised.value.problems}
    assert what in found
    line = recipe.read_text().splitlines()[found[what].place.line - 1]
    words = (key.rpartition(".")[2].partition("[")[0], "localhost", "TEAM_KEY", "0123456789ab")
    assert any(word in line for word in words)
    assert f"--set {key}=" in found[what].help
    assert "--trust" in found[what].help
    values = {"publish.private": "true", "publish.sources": "true", "publish.not_secret": "[]"}
    values["models.writer.api_key_env"] = "MINE"
    value = values.get(key, "http://mine.example/v1" if "base_url" in key else "x/y")
    left = {reach.what for reach in reaches(load_recipe(recipe, [f"{key}={value}"]))}
    assert not any(said.startswith(what[:25]) and key in WANTS for said in left)
    assert what not in left


def test_what_others_say_cannot_steer_the_terminal_or_pass_for_another_host() -> None:
    models = {"judge": {"model": "a\x1b[2K\nb\u202e", "provider": "x\x07"}}
    said = [reach.what for reach in reaches(load_recipe({**EXAMPLES, "models": models}))]
    assert said == ["models.judge asks a b through x, with your Hugging Face login"]
    for address in ("https://api.openai.com@evil.example/v1", "h\x1b[2Kttp", "http://h\x1b[2K/v1"):
        with pytest.raises(RecipeError, match=r"models\.writer\.base_url"):
            load_recipe({**EXAMPLES, "models": {"writer": {"model": "org/m", "base_url": address}}})


def test_what_is_read_with_the_users_login_is_told(folder: Path) -> None:
    paths = ["rows.jsonl", "victim/private", "hf://datasets/victim/more"]
    examples, models = [{"path": path} for path in paths], {"writer": AT}
    recipe = write(folder, examples=examples, models=models, publish={"repo_id": "mallory/toy"})
    rows = "its rows, also of victim/private, victim/more on the Hub,"
    assert [reach.what for reach in reaches(load_recipe(recipe))] == [
        f"models.writer sends {rows} to http://evil.example",
        f"publishes {rows} to mallory/toy, with your Hugging Face login",
    ]


def test_nothing_is_so_long_that_it_hides_what_follows(folder: Path) -> None:
    host = "http://api.openai.com." + "a" * 60 + "." + "b" * 60 + ".evil.example"
    model = {
        "base_url": f"{host}/v1",
        "api_key_env": "MY_KEY",
        "model": "org/" + "m" * 5000,
        "headers": {"X-" + "x" * 5000: "v"},
        "extra_body": {"e" * 5000: 1},
    }
    routed = {"model": "org/" + "m" * 5000, "provider": "p" * 5000}
    paths = [f"{letter * 90}/{letter * 90}" for letter in "abcde"]
    examples, models = [{"path": path} for path in paths], {"w" * 5000: model, "writer": routed}
    said = [reach.what for reach in reaches(load_recipe({**EXAMPLES, "examples": examples, "models": models}))]
    assert [what.endswith((f"to {host}", "with your Hugging Face login")) for what in said] == [True] * 5


def test_the_user_is_asked_once_for_all_of_it(folder: Path, home: Path) -> None:
    recipe = write(folder, publish={"repo_id": "mallory/toy"}, models=WANTS["models.writer.provider"][0]["models"])
    shown: list[Sequence[Reach]] = []

    def no(found: Sequence[Reach]) -> bool:
        shown.append(found)
        return False

    with pytest.raises(UserError, match="nothing was read, sent or published"):
        pipeline.run(recipe, trust=Trust(False, no), out=folder / "build")
    with pytest.raises(UserError, match="nothing was read, sent or published"):
        pipeline.preview(recipe, trust=Trust(False, no))
    assert [[reach.kind for reach in found] for found in shown] == [["sends", "publishes"], ["sends"]]
    assert [reach.kind for reach in pipeline.validate(recipe, trust=Trust(False, no)).wants] == ["sends", "publishes"]
    assert len(shown) == 2, "what sends nothing does not ask"


def test_what_was_built_without_publishing_names_no_repository(folder: Path, home: Path) -> None:
    recipe = write(folder, publish={"repo_id": "mallory/toy", "private": False, "not_secret": ["0123456789ab"]})
    _, built = pipeline.run(recipe, trust=False, out=folder / "build", publishing=pipeline.Publishing(wanted=False))
    resolved = (built / "recipe.resolved.yaml").read_text()
    assert [word for word in ("mallory", "private: false", "0123456789ab") if word in resolved] == []


def test_a_file_of_the_users_own_is_trusted(folder: Path, home: Path) -> None:
    pipeline.build(write(folder, examples=[{"path": "../private/rows.jsonl"}]), out=folder / "build")


@pytest.mark.parametrize(
    "name",
    [
        *("../toy", "..", ".", "/tmp/toy", "a/b", "a\\b", "C:toy", "~toy", "", " toy", "toy ", "toy.", "toy\n", "a\0b"),
        *("a\x1b[31m", "\u202etoy", "t\u00f6y", "a" * 97, ".git", "-rf", "CON", "aux", "nul.txt", "com1", "LPT9.a.b"),
    ],
)
def test_a_name_is_one_folder_below_out_on_every_system(name: str) -> None:
    with pytest.raises(RecipeError, match="name"):
        load_recipe({**EXAMPLES, "name": name})


@pytest.mark.parametrize("name", ["toy", "a" * 96, "console", "a..b", "com10", "nul-1", "v1.0"])
def test_other_names_are_taken(name: str) -> None:
    assert load_recipe({**EXAMPLES, "name": name}).name == name


def test_code_that_comes_with_a_tokenizer_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("TRUST_REMOTE_CODE", "HF_DATASETS_TRUST_REMOTE_CODE", "TRANSFORMERS_TRUST_REMOTE_CODE"):
        monkeypatch.setenv(variable, "1")
    save_tokenizer(tmp_path / "tok")
    config = tmp_path / "tok" / "tokenizer_config.json"
    mapped = {"AutoTokenizer": ["tokenization.Evil", "tokenization.Evil"]}
    for kind in ("Evil", "PreTrainedTokenizerFast"):
        config.write_text(json.dumps({**json.loads(config.read_text()), "tokenizer_class": kind, "auto_map": mapped}))
        (tmp_path / "tok" / "config.json").write_text(json.dumps({"model_type": "evil", "auto_map": mapped}))
        (tmp_path / "tok" / "tokenization.py").write_text(f"open({str(tmp_path / 'RUN')!r}, 'w')\n")
        with contextlib.suppress(ModelError):
            pretrained_tokenizer(str(tmp_path / "tok"))
        assert not (tmp_path / "RUN").exists()


WRITTEN = [kind.__name__ for kind in SECTIONS if issubclass(kind, Written)]
# Fields that can name a file, a server, a key or a repository, and those whose text stays what it is.
REACHING = {
    "Model.model", "Model.provider", "Model.base_url", "Model.api_key_env", "Model.extra_body", "Model.headers",
    "FromEnv.env", "Attribute.path", "FromPersonas.path", "FromTopics.path",
    "Magpie.tokenizer", "PromptTable.path", "ExampleTable.path",
    "DocumentTable.path", "Against.path",
   "Publish.repo_id", "Publish.not_secret",
    "Publish.tokenizer", "Tokens.tokenizer", "Expr.tokenizer", "JsonSchema.file", "Phrases.file", "Toxicity.model",
    "Contradictions.nli", "Review.verdicts", "Review.guidelines", "Tools.path", "Tools.results",
    "Write.template", "Write.form", "Label.template", "Refine.template",
    "Generate.system", "Generate.template", "Evolve.templates", "Converse.user", "Tools.template", "Magpie.system",
    "FromTopics.question", "Judge.rubric", "Judge.anchors", *(f"{kind}.templates" for kind in WRITTEN),
}  # fmt: skip
TEXTS = {
    *("name", "description", "language", "license", "models", "identity", "revision", "tag", "config", "split"),
    *("instruction", "response", "context", "system", "topic", "messages", "prompt", "prompts", "roles", "keep"),
    *("text", "title", "where", "when", "family", "prefix", "choices", "about", "allowed"),
    *("levels", "checklist", "answers", "languages", "label"),
    *("reasoning", "tools", "reference", "dialect"),
    *("column", "phrases", "regions", "allow", "template", "templates", "scores", "why", "api_key_header"),
    *("completion_window", "temperature"),
    *("any", "all", "none", "add", "inline", "per_row", "equals", "that"),
    *("arguments", "paragraph_starts", "keywords", "forbidden", "counts", "letters", "in_language", "one_of", "word"),
    *("ends_with", "postscript", "repeats", "divider", "recogniser"),
    *("user", "personas", "schemas", "row_id", "reasons"),
    *("values", "given", "by", "documents", "tree", "question", "stop", "stratify"),
}


@pytest.mark.parametrize(
    ("section", "name"), [(section, name) for section in SECTIONS for name in section.model_fields], ids=str
)
def test_every_text_of_a_recipe_is_known_to_reach_nothing_or_is_asked_for(section: Any, name: str) -> None:
    if not holds_text(section.model_fields[name].annotation) or f"{section.__name__}.{name}" in REACHING:
        return
    asks = issubclass(section, (AskingPart, WeightedTemplate, Tools)) and name == "model"  # a name under `models`
    assert asks or name in TEXTS, (
        "can it name a file, a server, a key or a repository? hfsft/recipe/checks/trust.py asks"
    )


def holds_text(kind: Any) -> bool:
    return get_origin(kind) is not Literal and (kind in (str, Any) or any(map(holds_text, get_args(kind))))
