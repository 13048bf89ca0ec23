"""A recipe is published: no literal secret passes in it, wherever it stands, and no error repeats one."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft.cli import main
from hfsft.errors import RecipeError
from hfsft.models.model import FromEnv, Model
from hfsft.recipe.recipe import Recipe, load_recipe

KEY = "5f0c7e1dCanary9a4c6e8f7a1b2c3d4e5f60"  # no prefix tells that it is one
PASSWORD = "correct horse canary"
SEEDS: dict[str, Any] = {"seeds": [{"prompts": ["Where is my parcel?"]}]}
SERVER = "http://127.0.0.1:9/v1"


def recipe(**model: Any) -> dict[str, Any]:
    return {"name": "toy", "models": {"writer": {"model": "m", "base_url": SERVER, **model}}, **SEEDS}


def headers(name: str, value: Any = KEY) -> dict[str, Any]:
    return recipe(headers={"X-Title": "refund support", name: value})


def body(**fields: Any) -> dict[str, Any]:
    return recipe(extra_body={"top_k": 5, **fields})


HEADERS = (
    *("Authorization", "authorization", "PROXY-AUTHORIZATION", "Cookie", "Set-Cookie", "api-key", "Api_Key", "APIKEY"),
    *("x-api-key", "X.Api.Key", "xApiKey", "Ocp-Apim-Subscription-Key", "x-functions-key", "x-goog-api-key"),
    *("X-Auth", "X-AuthToken", "PRIVATE-TOKEN", "X-Amz-Security-Token", "cf-access-client-secret", "X-Hub-Signature"),
    *("X-User-Pass", "x-pw", "X-Passwd", "X-Passphrase", "X-Credentials", "X-Session-Id", "x-ms-sas", "X-JWT"),
)
FIELDS = (
    *("api_key", "apiKey", "API-KEY", "apikey", "key", "access_key", "secretKey", "token", "access_token", "id_token"),
    *("hf_token", "session_token", "secret", "client_secret", "password", "passwd", "pwd", "pass", "passphrase"),
    *("signature", "cookie", "authorization", "auth", "bearer", "credentials", "userCredential", "api_tokens"),
)
ADDRESSES = (
    f"http://me:{KEY}@127.0.0.1:9/v1",
    f"http://{KEY}@127.0.0.1:9/v1",
    f"me:{KEY}@127.0.0.1:9/v1",
    f"http://127.0.0.1:9/v1?key={KEY}",
    f"http://127.0.0.1:9/v1?api-version=2024-10-21&Signature={KEY}",
    f"http://127.0.0.1:9/v1?{KEY}",
    f"http://127.0.0.1:9/v1?api-version={KEY}",
    f"http://127.0.0.1:9/v1?who={KEY}",
    f"http://127.0.0.1:9/v1#token={KEY}",
    f"127.0.0.1:9/v1?code={KEY}",
    f"http://127.0.0.1:9/v1;key={KEY}",
)
LITERAL: dict[str, dict[str, Any]] = {
    **{f"header {name}": headers(name) for name in HEADERS},
    "header of words": headers("X-Password", PASSWORD),
    "header of digits": headers("api-key", 4711_4711),
    "header that looks like one": headers("X-Route", KEY),
    "header with a login": headers("X-Route", "Basic bWU6Y2FuYXJ5LTEyMw=="),
    "header below a header": headers("x-api-key", {"value": KEY}),
    "header in place of a variable": headers("x-api-key", {"env": [KEY]}),
    "header as a name": recipe(headers={f"Authorization: Bearer {KEY}": "x"}),
    "header in place of its name": recipe(api_key_env="K", api_key_header=f"api-key: {KEY}"),
    "header in a list": headers("x-api-key", [KEY]),
    "headers as a text": recipe(headers=f"Authorization: Bearer {KEY}"),
    "headers as a list": recipe(headers=[f"Authorization: Bearer {KEY}"]),
    "headers as pairs": recipe(headers=[{"name": "Authorization", "value": KEY}]),
    **{f"field {name}": body(**{name: KEY}) for name in FIELDS},
    "field of words": body(password=PASSWORD),
    "field of digits": body(password=4711_4711),
    "field in a list": body(api_keys=[KEY, KEY]),
    "field below a field": body(credentials={"user": "me", "blob": KEY}),
    "field from a variable": body(api_key={"env": KEY}),
    "field in fields": body(provider={"options": [{"apiKey": KEY}]}),
    "headers in the body": body(extra_headers={"x-api-key": KEY}),
    "address in the body": body(webhook=f"https://me:{KEY}@example.org/hook"),
    "address within a text": body(note=f"see https://me:{KEY}@example.org/hook first"),
    "login in the body": body(login_with=f"Bearer {KEY}"),
    **{f"numbered field {name}": body(**{name: KEY}) for name in ("key1", "api_key_2", "apiKeyV2", "accessKeyId")},
    **{
        f"field {name}": body(**{name: KEY})
        for name in ("key_value", "token_value", "primary_key", "oauth", "userpass")
    },
    "login at a host in the body": body(proxy=f"me:{KEY}@proxy.example.org:3128"),
    "string of a connection in the body": body(search=f"AccountName=a;AccountKey={KEY};EndpointSuffix=b"),
    "login of a tool": body(tools=[{"type": "mcp", "server_url": "https://example.org", "authorization": KEY}]),
    "header of a tool": body(tools=[{"type": "mcp", "headers": {"X-Api-Key": KEY}}]),
    "address of a page": headers("HTTP-Referer", f"https://example.org/?page=2&token={KEY}"),
    **{f"address {address.replace(KEY, '...')}": recipe(base_url=address) for address in ADDRESSES},
    "address in a list": recipe(base_url=[SERVER, ADDRESSES[0]]),
    "key in the model": recipe(api_key=KEY),
    "token in the model": recipe(token=KEY),
    "key in place of its variable": recipe(api_key_env=KEY),
    "key in place of a header's variable": headers("x-api-key", {"env": KEY}),
    "login in place of a variable": recipe(api_key_env=PASSWORD),
    "key at the top": {**recipe(), "api_key": KEY},
    "token to publish": {**recipe(), "publish": {"repo_id": "me/toy", "token": KEY}},
    "key of a source": {**recipe(), "seeds": [{"path": "rows.jsonl", "password": KEY}]},
    "address of a source": {**recipe(), "seeds": [{"path": f"https://me:{KEY}@example.org/rows.jsonl"}]},
    "signed address of a source": {**recipe(), "seeds": [{"path": f"https://example.org/rows?X-Amz-Signature={KEY}"}]},
}
PREFIXED = (
    *("hf_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh", "sk-proj-A1b2C3d4E5f6G7h8I9j0", "gsk_A1b2C3d4E5f6G7h8I9j0"),
    *("nvapi-A1b2C3d4E5f6G7h8I9j0", "AKIA1234567890ABCDEF", "ghp_A1b2C3d4E5f6G7h8I9j0A1b2", "csk-a1b2c3d4e5f6g7h8i9j0"),
    *(
        "github_pat_11ABCDEFG0a1b2c3d4e5f6_A1b2C3d4",
        "xai-A1b2C3d4E5f6G7h8I9j0",
        "AIzaSyA1b2C3d4E5f6G7h8I9j0A1b2C3d4E5f",
    ),
    *("fw_A1b2C3d4E5f6G7h8I9j0", "r8_A1b2C3d4E5f6G7h8I9j0A1b2C3d4E5f6G7h8I", "sk-ant-api03-A1b2C3d4E5f6G7h8I9j0"),
)


def all_said(said: RecipeError) -> str:
    """An error in every form that it takes: its text, its name for programs, its traceback."""
    trace = "".join(traceback.format_exception(type(said), said, said.__traceback__))
    return f"{said} {said!r} {said.problems!r} {trace}"


@pytest.mark.parametrize("data", LITERAL.values(), ids=LITERAL)
def test_a_literal_secret_is_an_error_at_its_line(
    data: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / "recipe.yaml"
    for flow in (False, True):  # each entry on a line of its own, then all on few lines
        written.write_text(yaml.safe_dump(data, sort_keys=False, default_flow_style=flow, width=10_000))
        lines = written.read_text().splitlines()
        told = "".join(map(str, secretive(lines)))
        with pytest.raises(RecipeError) as caught:
            load_recipe(written)
        found = [problem for problem in caught.value.problems if problem.hides]
        assert [problem for problem in found if problem.place.line in secretive(lines)], f"none at lines {told}"
        assert all(problem.help for problem in found)
        silent(all_said(caught.value))
        for arguments in (["validate"], ["validate", "--json"], ["build"], ["plan"], ["preview"], ["why"]):
            if flow and arguments != ["validate"]:
                continue
            assert main([arguments[0], str(written), *arguments[1:]]) == 1
            out, err = capsys.readouterr()
            silent(out + err)
            assert "recipe.yaml" in out + err
        with pytest.raises(RecipeError) as debugged:
            main(["--debug", "build", str(written)])
        silent(all_said(debugged.value))


def secretive(lines: list[str]) -> list[int]:
    """The lines, from 1, that hold one."""
    marks = (KEY, PASSWORD, "47114711", "bWU6Y2FuYXJ5LTEyMw==")
    return [number for number, line in enumerate(lines, 1) if any(mark in line for mark in marks)]


def silent(text: str) -> None:
    for secret in (KEY, PASSWORD, "47114711", "bWU6Y2FuYXJ5LTEyMw==", "canary-123"):
        for part in (secret, secret[:12] if secret == KEY else secret):
            assert part not in text, text


@pytest.mark.parametrize("data", LITERAL.values(), ids=LITERAL)
def test_a_mapping_from_python_may_hold_no_secret_either(data: dict[str, Any]) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe(data)
    assert any(problem.hides for problem in caught.value.problems)
    silent(all_said(caught.value))


def test_a_recipe_made_in_python_may_hold_no_secret_either() -> None:
    model = Model(model="m", base_url=SERVER, headers={"Authorization": f"Bearer {KEY}"})
    with pytest.raises(RecipeError, match=r"models\.writer\.headers\.Authorization is a secret by its name") as caught:
        load_recipe(Recipe(name="toy", models={"writer": model}, **SEEDS))
    silent(all_said(caught.value))
    with pytest.raises(ValueError, match="timeout") as wrong:
        Model(model="m", base_url=SERVER, timeout=KEY)  # type: ignore[arg-type]
    silent(f"{wrong.value} {wrong.value!r}")


@pytest.mark.parametrize(
    ("override", "path"),
    [
        (f"models.writer.headers.api-key={KEY}", "models.writer.headers.api-key"),
        (f"models.writer.headers={{Authorization: Bearer {KEY}}}", "models.writer.headers"),
        (f"models.writer.headers.x-api-key=*{KEY}", "models.writer.headers.x-api-key"),
        (f"models.writer.headers.x-api-key=!{KEY}", "models.writer.headers.x-api-key"),
        (f"models.writer.base_url=http://me:{KEY}@h/v1", "models.writer.base_url"),
        (f"models.writer.extra_body.api_key={KEY}", "models.writer.extra_body"),
        (f"models.writer.extra_body.password='{PASSWORD}'", "models.writer.extra_body"),
        (f"models.writer.api_key={KEY}", "models.writer.api_key"),
        (f"models.writer.api_key_env={KEY}", "models.writer.api_key_env"),
        (f"models.writer.headers.Authorization: Bearer {KEY}", "--set"),
        (f"api_key: {KEY}", "--set"),
        (f"publish.token={KEY}", "publish.token"),
    ],
)
def test_a_value_from_the_command_line_may_be_no_secret(
    override: str, path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / "recipe.yaml"
    written.write_text(yaml.safe_dump(recipe()))
    assert main(["validate", str(written), "--set", override]) == 1
    out, err = capsys.readouterr()
    assert path in err
    silent(out + err)


@pytest.mark.parametrize(
    "text",
    [
        f"name: toy\nmodels: {{w: {{model: m, headers: {{api-key: {KEY}\n",
        f"name: toy\nmodels:\n  w:\n    headers:\n      api-key: *{KEY}\n",
        f"name: toy\nmodels:\n  w:\n    headers:\n      api-key: !{KEY}\n",
        f"name: toy\nmodels:\n  w:\n    headers:\n      x-password: {PASSWORD}: no\n",
        f'name: toy\nmodels:\n  w:\n    headers:\n      x-password: "{PASSWORD}, and\n',
        f"name: toy\nmodels:\n  w:\n\tbase_url: http://me:{KEY}@h/v1\n",
        f"name: toy\nmodels:\n  w: {{base_url: 'http://h/v1?key={KEY}'\n",
        f"name: toy\nmodels:\n  w: {{headers: {{X-Any: 'Bearer {KEY}\n",
    ],
)
def test_a_file_that_cannot_be_read_shows_no_secret(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / "recipe.yaml"
    written.write_text(text)
    assert main(["validate", str(written)]) == 1
    out, err = capsys.readouterr()
    assert "recipe.yaml:" in err
    silent(out + err)
    assert main(["validate", str(written), "--json"]) == 1
    silent("".join(capsys.readouterr()))


def test_a_secret_of_several_lines_is_hidden_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "recipe.yaml"
    model = (
        f"    model: m\n    base_url: {SERVER}\n    headers:\n      x-api-key: >-\n        first\n        {PASSWORD}\n"
    )
    written.write_text(f"name: toy\nmodels:\n  writer:\n{model}seeds: [{{prompts: [a]}}]\n")
    assert main(["validate", str(written)]) == 1
    err = capsys.readouterr().err
    assert "recipe.yaml:7:18" in err
    silent(err)


@pytest.mark.parametrize("key", PREFIXED)
def test_a_known_kind_of_key_is_an_error_anywhere(key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = [
        {**recipe(), "description": f"Made with {key}."},
        {**recipe(), "seeds": [{"prompts": [f"Is {key} right?"]}]},
        {**recipe(), "generate": {"template": f"{key} {{{{ instruction }}}}"}},
        {**recipe(), "examples": [{"rows": [{"instruction": "a", "response": key}]}]},
        body(logit_bias={key: 1}),
    ]
    for data in places:
        written = tmp_path / "recipe.yaml"
        written.write_text(yaml.safe_dump(data, sort_keys=False, width=10_000))
        assert main(["validate", "--offline", str(written)]) == 1
        err = capsys.readouterr().err
        assert "like a secret key" in err
        assert key not in err
        assert key[-8:] not in err
    written.write_text(yaml.safe_dump(recipe()) + f"# was {key}\n")
    assert main(["validate", str(written)]) == 1
    assert key[-8:] not in capsys.readouterr().err


@pytest.mark.parametrize(
    "comment", [f"api-key: {KEY}", f"Authorization: Bearer {KEY}", f'"x-token": "{KEY}"', f"see http://me:{KEY}@h/v1"]
)
def test_a_comment_is_published_too(comment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "recipe.yaml"
    written.write_text(yaml.safe_dump(recipe()) + f"# {comment}\n")
    assert main(["validate", str(written)]) == 1
    silent(capsys.readouterr().err)


FREE: dict[str, dict[str, Any]] = {
    "variables": recipe(api_key_env="GATEWAY_KEY", headers={"X-Auth-Token": {"env": "OTHER_TOKEN"}}),
    "a key in a header of its own": recipe(api_key_env="GATEWAY_KEY", api_key_header="api-key"),
    "harmless headers": recipe(
        headers={
            "X-Title": "refund support",
            "HTTP-Referer": "https://example.org/my-data",
            "OpenAI-Organization": "org-A1b2C3d4E5f6G7h8I9j0A1b2",
            "X-Author": "Jane",
            "X-Request-Tags": "team-a, region-eu-central-1",
            "anthropic-version": "2023-06-01",
            "Referer": "https://example.org/docs?page=2&utm_source=hfsft",
        }
    ),
    "a version in the address": recipe(base_url="http://127.0.0.1:9/deployments/m?api-version=2024-10-21-preview"),
    "sampling": body(
        min_tokens=5, stop_token_ids=[1, 2], skip_special_tokens=True, eos_token="</s>", thinking={"budget_tokens": 9},
        prompt_cache_key="toys", return_token_ids=True, max_thinking_tokens=2000, logit_bias={"50256": -100},
        guided_json={"type": "object", "properties": {"password": {"type": "string"}, "token": {"enum": ["a"]}}},
        tools=[{"type": "function", "function": {"name": "f", "parameters": {"properties": {"token": {"type": "x"}}}}}],
        user="me@example.org", contact="mailto:me@example.org", key_value_cache=True,
        keywords=["key"], tokenizer="org/m", author="Jane", allowed_token_ids=[1], environment={"env": "test 1"},
    ),
    "criteria and rows about them": {
        **recipe(),
        "seeds": [
            {"prompts": ["My password: hunter2", "Is http://me:pw@host/?key=1 it?", "# token: 123456abcdefghij"]}
        ],
        "examples": [{"rows": [{"instruction": "What is a token: a word?", "response": "Bearer of key=value pairs."}]}],
        "judge": {"rubric": {"password": "Does it never ask for a password?", "token": "Is it short?"}},
        "filters": [{"tokens": {"at_least": 2}}, {"score": {"password": {"at_least": 2}}}],
        "generate": {"template": "Authorization: explain Basic troubleshooting. {{ instruction }}", "max_tokens": 20},
    },
}  # fmt: skip


@pytest.mark.parametrize("data", FREE.values(), ids=FREE)
def test_what_is_no_secret_passes(data: dict[str, Any], tmp_path: Path) -> None:
    written = tmp_path / "recipe.yaml"
    written.write_text("# the key: see the wiki; tokens: 5; api-key: from the environment\n" + yaml.safe_dump(data))
    assert load_recipe(written).resolved() == load_recipe(data).resolved()


def test_a_variable_is_published_as_its_name() -> None:
    loaded = load_recipe(FREE["variables"])
    resolved = loaded.resolved()
    assert loaded.models["writer"].headers == {"X-Auth-Token": FromEnv(env="OTHER_TOKEN")}
    assert resolved["models"]["writer"]["headers"] == {"X-Auth-Token": {"env": "OTHER_TOKEN"}}
    assert load_recipe(resolved).resolved() == resolved
    assert "GATEWAY_KEY" in json.dumps(resolved)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"api_key_header": "api-key"}, "models.writer.api_key_header: says where a key goes, and no `api_key_env`"),
        ({"api_key_env": "K", "api_key_header": "a b"}, "models.writer.api_key_header"),
        ({"api_key_env": "K", "headers": {"authorization": {"env": "A"}}}, "the key goes into this header already"),
        ({"headers": {"X Y": "a"}}, "models.writer.headers"),
        ({"headers": {"X-Title": "a\nb"}}, "models.writer.headers"),
        ({"base_url": "localhost:8000/v1"}, "models.writer.base_url: has no http:// or https:// before it"),
        ({"base_url": "ftp://localhost/v1"}, "models.writer.base_url: is not an http:// or https:// address"),
        ({"base_url": "http:///v1"}, "models.writer.base_url: names no host"),
        ({"base_url": "http://h:port/v1"}, "models.writer.base_url: is no address"),
        ({"base_url": "http://[::1/v1"}, "models.writer.base_url: is no address"),
        ({"base_url": "http://a b/v1"}, "models.writer.base_url: has a blank"),
        ({"base_url": [SERVER, "h/v1"]}, "models.writer.base_url: address 2 has no http://"),
        ({"base_url": []}, "models.writer.base_url: names no server"),
    ],
)
def test_a_model_that_cannot_be_asked_so_is_an_error_at_its_line(
    model: dict[str, Any], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / "recipe.yaml"
    written.write_text(yaml.safe_dump(recipe(**model), sort_keys=False))
    assert main(["validate", str(written)]) == 1
    err = capsys.readouterr().err
    assert said in err
    assert "recipe.yaml:" in err
