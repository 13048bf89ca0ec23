"""Only what ended as an answer ends is kept; what broke off is asked again, what nobody knows fails its row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hfsft.models.endings import says
from hfsft.models.http import answer as answers
from hfsft.models.model import Answer, Price
from hfsft.models.store.store import Entry, Store, write
from tests.models.fixture import one, rows, user
from tests.models.server import LLM, Body, echo, said_to

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = (
    "stop",
    "end_turn",
    "eos",
    "EOS_TOKEN",
    "stop_sequence",
    "COMPLETE",
    "FinishReason.STOP",
    "eosFound",
    "<|eot_id|>",
    None,
    "",
)
BLOCKED = (
    "content_filter", "SAFETY", "content_filter: RECITATION", "PROHIBITED_CONTENT", "blocklist", "spii", "refusal",
    "sensitive", "guardrail_intervened", "ERROR_TOXIC", "FINISH_REASON_SAFETY", "pii_filter", "SAFETY_BLOCK",
)  # fmt: skip
BROKEN = (
    "error", "abort", "cancelled", "insufficient_system_resource", "load", "other", "unknown", "network_error",
    "time_limit", "USER_CANCEL", "modelUnloaded", "error: out of memory",
    "engine_crash", "upstream_timeout", "GPU_ERROR", "server_shutdown",
)  # fmt: skip
UNKNOWN = ("compaction", "pause_turn", "halted_by_moon")


class Odd(LLM):
    """Answers each request as `how` says of its text and how often it came: with changes to a usual answer."""

    how: Callable[[str, int], dict[str, Any]]

    def _completion(self, body: Body, text: str | None = None, finish: str = "stop", **more: Any) -> Body:
        found = super()._completion(body, text, finish, **more)
        found["usage"] = {"prompt_tokens": 50, "completion_tokens": 40, "total_tokens": 90}
        changes = type(self).how(said_to(body), self.asked[answer_key(body)])
        found["choices"][0].update({name: changes[name] for name in ("finish_reason", "error") if name in changes})
        found["choices"][0]["message"].update(changes.get("message", {}))
        return {**found, **changes.get("body", {})}


def answer_key(body: Body) -> str:
    from tests.models.server import digest

    return digest(body)


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch):
    def start(how: Callable[[str, int], dict[str, Any]]) -> Odd:
        monkeypatch.setattr(Odd, "how", staticmethod(how), raising=False)
        server = Odd()
        started.append(server)
        return server.__enter__()

    started: list[Odd] = []
    yield start
    for server in started:
        server.__exit__()


def first_time(changes: dict[str, Any]) -> Callable[[str, int], dict[str, Any]]:
    return lambda text, coming: changes if coming == 1 else {}


UNSEEN = (
    "\u200b", "\ufeff\n", "\u2800", "\x00", "\u3164\u200d", "```\n```", "```json\n\n```", "<|im_end|>", "</s>",
)  # fmt: skip


HEALED = {
    **{f"ends with {name}": {"finish_reason": name, "message": {"content": "Half an"}} for name in (*BROKEN, *BLOCKED)},
    "empty": {"message": {"content": ""}},
    "blank": {"message": {"content": " \n"}},
    "null": {"message": {"content": None}},
    **{f"no more than {said!r}": {"message": {"content": said}} for said in UNSEEN},
    "thoughts alone": {"message": {"content": "", "reasoning_content": "Hm."}},
    "an error beside it": {"error": {"code": 502, "message": "gone"}},
    "an error above it": {"body": {"error": {"message": "Provider returned error", "code": 429}}},
    "no message": {"finish_reason": "content_filter", "body": {"choices": [{"finish_reason": "content_filter"}]}},
    "a status of its own": {"body": {"base_resp": {"status_code": 1013, "status_msg": "busy"}}},
    "a tool call nobody can read": {"finish_reason": "MALFORMED_FUNCTION_CALL", "message": {"content": ""}},
}


@pytest.mark.parametrize("kind", HEALED)
def test_what_a_new_try_heals_is_asked_again_and_paid_for(kind: str, odd, make_pool, store: Store) -> None:
    llm = odd(first_time(HEALED[kind]))
    pool = make_pool(model={"base_url": llm.url, "price": Price(input=1, output=1)})
    assert pool.drive("generate", rows(1), total=1) == {}
    assert pool.replay(rows(1)[0][1]) == echo({"messages": [{"role": "user", "content": "question 0"}]})
    assert len(llm.requests) == 2
    assert (pool.usage.total().answers, pool.usage.input_tokens, pool.usage.output_tokens) == (1, 100, 80)
    assert pool.usage.usd == pytest.approx(180e-6)
    assert store.read("SELECT count(*) FROM answers") == [(1,)]
    pool.close()
    spent = store.read("SELECT sum(input_tokens + output_tokens) FROM spending")
    assert spent == [(180,)]


@pytest.mark.parametrize("text", ["?", "4", "\U0001f44d", "\u597d", "-", "```\nx\n```", "<br>", "</s", "\u0301a", "$"])
def test_what_a_reader_sees_is_an_answer(text: str, odd, make_pool) -> None:
    assert says(text)
    llm = odd(lambda said, coming: {"message": {"content": text}})
    assert make_pool(model={"base_url": llm.url}).drive("generate", rows(1), total=1) == {}
    assert len(llm.requests) == 1


@pytest.mark.parametrize("ending", GOOD)
def test_a_known_good_ending_keeps_an_answer(ending: str | None, odd, make_pool) -> None:
    llm = odd(lambda text, coming: {"finish_reason": ending})
    assert make_pool(model={"base_url": llm.url}).drive("generate", rows(1), total=1) == {}
    assert len(llm.requests) == 1


@pytest.mark.parametrize("ending", UNKNOWN)
def test_an_ending_that_nobody_knows_fails_its_row_and_is_named(ending: str, odd, make_pool, store: Store) -> None:
    llm = odd(lambda text, coming: {"finish_reason": ending})
    pool = make_pool(model={"base_url": llm.url})
    error = pool.drive("generate", rows(1), total=1)["row-0"]
    assert error.cause == "unknown_ending"
    assert f"`{ending}`" in str(error)
    assert len(llm.requests) == 1
    assert store.read("SELECT count(*) FROM answers") == [(0,)]
    make_pool(model={"base_url": llm.url}).drive("generate", rows(1), total=1)
    assert len(llm.requests) == 2


@pytest.mark.parametrize("ending", ["error", "content_filter", "stop", "halted_by_moon"])
def test_what_an_older_version_kept_is_asked_again(ending: str, llm: LLM, make_pool, store: Store) -> None:
    pool = make_pool()
    request = user("question 0")
    text = "" if ending == "stop" else "Half an"
    from contextlib import closing

    with closing(store.connect()) as connection:
        old = Entry(pool.key(request), pool._requester.asked(request), Answer(text, finish_reason=ending), "m-1")
        write(connection, [old])
    assert pool.drive("generate", rows(1), total=1) == {}
    assert len(llm.requests) == 1
    assert pool.replay(rows(1)[0][1]).endswith("question 0")
    assert store.get(pool.key(request)).finish_reason == "stop"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("finish", "written", "kept"),
    [
        ("length", 200, True),
        ("max_completion_tokens", 200, True),
        ("length", 57, False),
        ("model_length", 199, False),
        ("length", None, True),
    ],
)
def test_an_answer_that_a_full_context_cut_is_not_kept(finish: str, written, kept: bool, odd, make_pool, store) -> None:
    usage = {"prompt_tokens": 50, "completion_tokens": written}
    llm = odd(lambda text, coming: {"finish_reason": finish, "body": {"usage": usage}})
    pool = make_pool(model={"base_url": llm.url})
    error = pool.drive("generate", [("r", one("a", max_tokens=200))], total=1)["r"]
    assert error.cause == "length"
    assert ("raise `max_tokens`" in str(error)) == kept
    assert ("context is full" in str(error)) == (not kept)
    assert len(store.read("SELECT 1 FROM answers")) == kept
    # Whoever takes a cut answer takes this one too.
    assert pool.drive("other", [("r", one("b", max_tokens=200, accept_cut=True))], total=1) == {}


def test_where_json_was_asked_for_thoughts_alone_may_hold_it() -> None:
    from hfsft.models.endings import fault_in

    answer = Answer("", reasoning='{"score": 4}')
    assert fault_in(user("a"), answer, None).cause == "empty"  # type: ignore[union-attr]
    assert fault_in(user("a", schema={"type": "object"}), answer, None) is None


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        # Thoughts in the total alone, beside the completion, within it.
        ({"prompt_tokens": 30, "completion_tokens": 20, "total_tokens": 2050}, (30, 2020, None, None)),
        (
            {"prompt_tokens": 3, "completion_tokens": 2, "completion_tokens_details": {"reasoning_tokens": 9}},
            (3, 11, 9, None),
        ),
        (
            {"prompt_tokens": 3, "completion_tokens": 20, "completion_tokens_details": {"reasoning_tokens": 9}},
            (3, 20, 9, None),
        ),
        ({"prompt_tokens": 3, "completion_tokens": 2, "reasoning_tokens": 9, "total_tokens": 14}, (3, 11, 9, None)),
        # What a cache held, within the prompt.
        (
            {
                "prompt_tokens": 1000, "completion_tokens": 20, "total_tokens": 1020,
                "prompt_tokens_details": {"cached_tokens": 800},
            },
            (1000, 20, None, 800),
        ),
        (
            {
                "prompt_tokens": 1000, "completion_tokens": 20, "total_tokens": 3020,
                "prompt_tokens_details": {"cached_tokens": 800},
                "completion_tokens_details": {"reasoning_tokens": 2000},
            },
            (1000, 2020, 2000, 800),
        ),
        ({"prompt_tokens": 90, "completion_tokens": 2, "prompt_cache_hit_tokens": 64}, (90, 2, None, 64)),
        ({"prompt_tokens": 90, "completion_tokens": 2, "cached_tokens": 64, "total_tokens": 92}, (90, 2, None, 64)),
        # And beside it.
        (
            {
                "input_tokens": 5000, "output_tokens": 2, "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 7,
            },
            (5107, 2, None, 100),
        ),
        ({"prompt_tokens": 5, "completion_tokens": 2, "cache_read_input_tokens": 9000}, (9005, 2, None, 9000)),
        (
            {"prompt_tokens": 5000, "completion_tokens": 2, "total_tokens": 6002, "cache_read_input_tokens": 1000},
            (6000, 2, None, 1000),
        ),
    ],
)  # fmt: skip
def test_everything_that_a_server_says_was_used_counts(usage: dict[str, Any], counts: tuple[Any, ...]) -> None:
    raw = json.dumps({"choices": [{"message": {"content": "Hi."}}], "usage": usage})
    found = answers.read(raw)
    assert (found.input_tokens, found.output_tokens, found.reasoning_tokens, found.cached_tokens) == counts
