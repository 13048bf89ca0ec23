"""Text of models and servers, and names that a user types, on every way out: shown, and doing nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.models.server import LLM, Body, digest, error
from tests.test_exits import ATTACKS, MARK, STEERS, printed, ways_out

if TYPE_CHECKING:
    from aiohttp import web

TEXTS = tuple(ATTACKS.values())
ALL = " ".join(TEXTS)
MODEL = "org/m\x1b[31m\u202e|`<b>"


class Attacker(LLM):
    """A server whose answers, reasons and errors hold every attack."""

    async def _fail(self, fault: str, request: web.Request, body: Body) -> web.StreamResponse:
        return error(400, f"{TEXTS[number(body) % len(TEXTS)]} {ALL}", {"X-Said": "x"}, code="a\x1b[31mb")

    def _completion(self, body: Body, *args: object, **more: object) -> Body:
        found = super()._completion(body)
        return {**found, "model": MODEL}


def number(body: Body) -> int:
    return int(digest(body["messages"])[:6], 16)


def reply(body: Body) -> str:
    attack = TEXTS[number(body) % len(TEXTS)]
    if str(body["model"]).startswith("judge"):
        return json.dumps({"use": {"reason": f"{attack} because of {attack} {ALL}", "score": 1 + number(body) % 5}})
    return f"Send lamp {number(body)} back. {attack} It takes {number(body) % 97} days."


@pytest.fixture(scope="module")
def exits(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What each command says of a build whose every answer is an attack, and one in five an error that is one."""
    folder = tmp_path_factory.mktemp("asked")
    said: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as patch, Attacker(reply=reply, faults=("bad_request",), share=0.2) as llm:
        patch.chdir(folder)
        patch.setenv("HF_HOME", str(folder / "hf"))
        patch.setattr("huggingface_hub.constants.HF_HOME", str(folder / "hf"))
        recipe = {
            "name": "asked",
            "license": "mit",
            "models": {
                "writer": {"model": MODEL, "base_url": llm.url},
                "judge": {"model": "judge", "base_url": llm.url},
            },
            "seeds": [{"prompts": [f"How do I return lamp {each * 7919}?" for each in range(24)]}],
            "generate": {"failed_at_most": 1},
            "judge": {"rubric": {"use": "Does it help?"}, "failed_at_most": 1},
            "filters": [{"score": {"mean": {"at_least": 3}}}],
            "split": {"validation": 0},
        }
        Path("recipe.yaml").write_text(yaml.safe_dump(recipe), "utf-8")
        said["build"] = printed(["build", "recipe.yaml"], patch)
        ledger = [json.loads(line) for line in Path("build/asked/ledger.jsonl").read_text("utf-8").splitlines()]
        rows = {entry["fate"]: entry["id"] for entry in ledger}
        assert set(rows) == {"train", "rejected", "failed"}
        bad = {**recipe, "models": {"writer": {"model": MODEL, "base_url": llm.url}}, "judge": None}
        bad |= {"seeds": [{"prompts": [f"What of {each}?" for each in range(9)]}], "generate": {"failed_at_most": 0}}
        llm.share = 1.0
        Path("refused.yaml").write_text(yaml.safe_dump({**bad, "filters": [], "name": "refused"}), "utf-8")
        commands = {
            "plan": ["plan", "recipe.yaml"],
            "check": ["check", "refused.yaml"],
            "all refused": ["build", "refused.yaml"],
            "render": ["render", "recipe.yaml", "--stage", "judge"],
            "render as JSON": ["render", "recipe.yaml", "--stage", "generate", "--json"],
            "why": ["why", "recipe.yaml"],
            **{f"why a row is {fate}": ["why", "build/asked", row] for fate, row in rows.items()},
            "why as JSON": ["why", "build/asked", rows["rejected"], "--json"],
            "why no row": ["why", "build/asked", "\x1b[2K\u202e"],
            "rows": ["rows", "build/asked", "--limit", "90"],
            "rows that fell": ["rows", "build/asked", "--fate", "rejected", "--limit", "90"],
            "rows that failed": ["rows", "build/asked", "--fate", "failed", "--limit", "90"],
            "store list": ["store", "list"],
            "store list as JSON": ["store", "list", "--json"],
            "store prune": ["store", "prune", "--model", MODEL, "--dry-run"],
            "publish": ["publish", "build/asked", "--repo-id", "you/\x1b[31mx\u202e"],
            "publish listing": ["publish", "build/asked", "--dry-run"],
            "tag": ["publish", "build/asked", "--repo-id", "you/x", "--tag", "\x1b[31mx\u202e", "--dry-run"],
            "diff": ["diff", "build/asked", "build/asked"],
            "report": ["report", "build/asked", "--out", "r\x1b[31m.html"],
        }
        said |= ways_out(commands, Path("build/asked"), patch)
    return said


WAYS = (
    *("build", "plan", "check", "all refused", "why", "why a row is train", "why a row is rejected", "publish", "tag"),
    *("why a row is failed", "why as JSON", "why no row", "rows", "rows that fell", "store list", "store list as JSON"),
    *("rows that failed", "store prune", "publish listing", "diff", "report", "card"),
)


@pytest.mark.parametrize("way", WAYS)
def test_nothing_that_comes_out_steers_a_terminal(exits: Mapping[str, str], way: str) -> None:
    assert exits[way]
    assert sorted({repr(found) for found in STEERS.findall(exits[way])}) == []


def test_what_was_said_is_told_all_the_same(exits: Mapping[str, str]) -> None:
    for way in ("why a row is rejected", "rows that fell"):
        assert "because of" in exits[way], way
    assert "org/m" in exits["store list"]
    assert "owned" in exits["all refused"]


def test_the_card_and_the_page_hold_no_markup_of_models(exits: Mapping[str, str]) -> None:
    assert MARK not in exits["card"].replace(f"\n{MARK}\n", "")
    for line in exits["card"].splitlines():
        assert not line.startswith("# owned")
    for wrong in ("<script>alert", "<img src=x", "<b>bold"):
        assert wrong not in exits["page"]
