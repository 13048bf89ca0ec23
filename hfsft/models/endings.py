"""Which answers may be kept: those that ended as an answer ends. Any other is a fault with a name of its own.

A `finish_reason` that nobody knows is refused, not kept: the list of ways to break off is open.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hfsft.errors import unusable
from hfsft.letters.characters import FILLERS, JOINERS, UNSEEN, VARIATIONS, signs
from hfsft.models.http.faults import Fault, of_response
from hfsft.plain import plain as in_a_line
from hfsft.texts.cut_endings import CUT, FULL, plain_name

if TYPE_CHECKING:
    from hfsft.models.model import Answer, Request

TRIES = 3
"""How often a request is sent in one build whose answer comes empty or blocked each time."""
DOUBT = "doubt"
"""What stands in `extra` of an answer that cannot be told from what was thought before it: why."""
CONTEXT = "length: context"
"""The ending of an answer that was cut where the server had no more room for prompt and answer together."""
# What is left of an answer that says nothing: a fence around no code, and what chat templates end a turn with.
_HUSK = re.compile(
    r"(?P<fence>```|~~~)\w{0,20}\s*(?P=fence)|<\|[\w ]{1,40}\|>|<\uff5c[^<>\s]{1,60}\uff5c>|</?s>"
    r"|<(?:end_of_turn|eos|pad)>"
)
_UNSEEN = re.compile(rf"[\s\x00-\x1f\x7f-\x9f\u2800{signs(UNSEEN, JOINERS, FILLERS, VARIATIONS)}]+")
# A few tokens of an ending are counted by some servers and not by others.
_UNCOUNTED = 4
# By their letters alone, so that `FinishReason.END_TURN` and `end-turn` are one name.
_GOOD = {
    "", "stop", "stopped", "end", "endturn", "endofturn", "eos", "eostoken", "eosfound", "stopsequence", "stopstring",
    "stopstr", "hiteos", "eot", "eotid", "imend", "endoftext", "natural",
    "stoptoken", "stopstringfound", "stopword", "complete", "completed", "completion", "finish", "finished", "done",
    "success", "normal", "toolcall", "toolcalls", "tooluse", "functioncall", "functioncalls", "none", "null",
}  # fmt: skip
_BLOCKED = {
    "contentfilter", "contentfiltered", "contentpolicy", "safety", "imagesafety", "recitation", "imagerecitation",
    "refusal", "refused", "prohibitedcontent", "imageprohibitedcontent", "blocklist", "blocked", "spii", "sensitive",
    "language", "guardrailintervened", "guardrail", "guardrails", "moderation", "flagged", "errortoxic", "toxic",
    "jailbreak", "censored", "copyright", "violation", "contentpolicyviolation", "risk",
}  # fmt: skip
_BROKEN = {
    "error", "servererror", "internalerror", "networkerror", "enginererror", "engineerror", "failed", "failure",
    "abort", "aborted", "cancel", "canceled", "cancelled", "usercancel", "usercancelled", "usercanceled", "userstopped",
    "interrupted", "disconnect", "disconnected", "insufficientsystemresource", "outofmemory", "overloaded",
    "engineoverloaded", "resourceexhausted", "preempted", "evicted", "timeout", "timedout", "timelimit", "maxtime",
    "deadlineexceeded", "load", "loading", "unload", "modelunloaded", "other", "unknown", "unspecified",
    "finishreasonunspecified",
}  # fmt: skip
# Of what the model itself wrote wrong: it writes anew when it is asked again.
_GARBLED = {"malformedfunctioncall", "malformedresponse", "unexpectedtoolcall", "invalidtoolcall", "repetition"}
# Words within names that nobody lists, which still say what happened: none of these endings is a good one.
_BLOCKING = {
    "filter", "filtered", "safety", "policy", "block", "blocked", "guardrail", "moderated", "prohibited", "unsafe",
}  # fmt: skip
_BREAKING = {
    "error", "failed", "failure", "crash", "crashed", "abort", "aborted", "timeout", "oom", "shutdown", "killed",
    "unavailable", "overload", "overloaded", "lost", "disconnect", "disconnected", "interrupted", "exhausted",
    "insufficient", "preempted", "cancelled", "canceled",
}  # fmt: skip


def _told(finish_reason: str) -> str:
    """What an ending of no known name says by one of its words: `content_filter`, `error`, or nothing."""
    words = set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", finish_reason).lower()))
    return "content_filter" if words & _BLOCKING else "error" if words & _BREAKING else ""


def named(finish_reason: str) -> str:
    """The ending in the word that all code goes by: `stop`, `length`, `content_filter`; another in its own letters.

    A reason behind a colon stays where it says why: "content_filter: RECITATION" is `content_filter`, "error: out of
    memory" stays as it is.
    """
    plain = _plain(finish_reason)
    if plain in _GOOD:
        return "tool_calls" if "tool" in plain or "function" in plain else "stop"
    if plain in CUT:
        return "length"
    if plain in FULL:
        return CONTEXT
    return "content_filter" if plain in _BLOCKED else " ".join(finish_reason.split())[:100].lower()


def fault_in(request: Request, answer: Answer, most: int | None) -> Fault | None:
    """Why an answer may not be kept; None where it may. `most` is the `max_tokens` that it was asked with.

    What a new try can heal is asked again: what the server broke off as often as after a status 500, what came empty or
    blocked, which happens to harmless texts at random, `TRIES` times.
    """
    if "error" in answer.extra:
        return _of_error(answer)
    plain = _plain(answer.finish_reason)
    told = "" if plain in _GOOD | CUT | FULL or answer.finish_reason == CONTEXT else _told(answer.finish_reason)
    if plain in _BLOCKED or (told == "content_filter" and plain not in _BROKEN):
        said = f" ({answer.finish_reason})" if ":" in answer.finish_reason else ""
        message = f"the model or its provider declined to answer{said}"
        return Fault("heal", "content_filter", message, paid=True, tries=TRIES)
    if plain in _BROKEN or (told == "error" and plain not in _GARBLED):
        return Fault("heal", "server", f"the server broke the answer off: {answer.finish_reason}", paid=True)
    if plain in _GARBLED:
        message = f"the server could not read what the model wrote: {answer.finish_reason}"
        return Fault("heal", "unreadable", message, paid=True, tries=TRIES)
    if plain in CUT or answer.finish_reason == CONTEXT:
        return None if request.accept_cut and answer.text.strip() else _no_room(answer, most)
    if plain not in _GOOD:
        message = f"the answer ended with `{answer.finish_reason}`, which is not known to be the end of a whole one"
        return Fault("row", "unknown_ending", message, paid=True)
    # Where JSON was asked for, it is looked for in all that was written.
    if request.schema is None and (why := answer.extra.get(DOUBT)):
        message = f"the answer cannot be told from a thought before it: {why}"
        return Fault("heal", "thinking", message, paid=True, tries=TRIES)
    if answer.tool_calls and not request.tools and request.schema is None:
        names = ", ".join(dict.fromkeys(in_a_line(call["name"], 60) for call in answer.tool_calls))
        message = f"the answer calls {names}, which the request offers no tool for: such a row would lose the call"
        return Fault("heal", "tool_calls", message, paid=True, tries=TRIES)
    return None if says(answer.text) or answer.tool_calls else _empty(request, answer)


def says(text: str) -> bool:
    """Whether a text has anything that a reader sees: no blank, invisible or control characters, no marks of a turn."""
    if text[:1].isascii() and text[:1].isalnum():  # as nearly every answer begins
        return True
    return bool(_UNSEEN.sub("", _HUSK.sub("", text)))


def is_cut(ending: str) -> bool:
    """Whether an ending, as `named` gives it, says that more would have come."""
    return ending in ("length", CONTEXT)


def usable(request: Request, answer: Answer) -> Answer:
    """The answer itself; AnswerError if the row that asked cannot use it, with what would have to change.

    Such an answer was paid for and is kept: no build sends the same request again.
    """
    if is_cut(answer.finish_reason) and not (request.accept_cut and answer.text.strip()):
        where = "" if answer.text.strip() or not answer.reasoning else ", all of them thought"
        said = f"cut after {answer.output_tokens or 'its most'} tokens{where}"
        raise unusable("length", said, "raise `max_tokens`")
    return answer


def _plain(finish_reason: str) -> str:
    if finish_reason in _GOOD:  # as nearly every answer ends
        return finish_reason
    return plain_name(finish_reason)


def _of_error(answer: Answer) -> Fault:
    """The fault that came within an answer: what the server says of it, as after a status of its own."""
    error = answer.extra["error"]
    fault = of_response(error["status"], {}, error["body"], hide=str)
    fault.paid = True
    if fault.kind == "down":  # one answer of a router tells of one machine behind it
        fault.kind = "heal"
    return fault


def _no_room(answer: Answer, most: int | None) -> Fault | None:
    """The fault of an answer that was cut before its limit; None where it was cut at its limit, as it would be again.

    Such a one is not kept: a server with a longer context answers the same request whole.
    """
    written = answer.output_tokens
    full = answer.finish_reason == CONTEXT
    short = most is not None and written is not None and written + _UNCOUNTED < most
    # Tokens of thoughts are counted nowhere by some: then nobody knows where the answer was cut.
    if not full and (not short or (answer.reasoning and answer.reasoning_tokens is None)):
        return None
    said = f"cut after {written} tokens" if written is not None else "cut"
    allowed = f" of the {most:,} that `max_tokens` allows" if most is not None else ""
    advice = "the server's context is full: raise its context length, or shorten the prompt"
    return Fault("row", "length", f"{said}{allowed}: {advice}", paid=True)


def _empty(request: Request, answer: Answer) -> Fault | None:
    if answer.reasoning and request.schema is not None:
        return None  # what was asked for is looked for there
    message = "the answer holds no text"
    if answer.reasoning:
        message += (
            ": the server put all of it into its reasoning; turn the server's reasoning parser off, or thinking on"
        )
    return Fault("heal", "empty", message, paid=True, tries=TRIES)
