"""What a recipe says of a model, what a stage asks of it, and what comes back."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BeforeValidator, Field, PrivateAttr, field_validator, model_validator

from hfsft.marks import BODY, HEADERS, KEY, MODEL, PROVIDER, SERVER
from hfsft.models.batches.options import AnyBatch, unfit
from hfsft.models.http.address import wrong_with
from hfsft.models.http.extra import refused
from hfsft.models.naming import told_apart_by
from hfsft.section import Section

VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
HEADER = r"[A-Za-z0-9!#$%&'*+.^_`|~\-]+"
AUTHORIZATION = "Authorization"
BATCH = 32  # as many as any server takes that bounds them
STATIC = "wordllama"  # the embedder in a package beside hfsft, which is used where a recipe names none
_WEIGHTS = re.compile(r".*\.gguf|[\w.-]+/[\w.-]+:.+", re.IGNORECASE)

Task = Literal["chat", "embed", "rerank", "score", "classify"]
Pooling = Literal["mean", "cls", "last"]


class FromEnv(Section):
    """A value that an environment variable holds when the server is asked; it is written nowhere."""

    example: ClassVar[str] = """\
    models:
      writer:
        model: our-writer
        base_url: http://localhost:8000/v1
        headers: {X-Team: {env: TEAM_TOKEN}}
    """

    env: str = Field(pattern=VARIABLE, description="The environment variable that holds the header's value.")


class Price(Section):
    """What a model's tokens cost."""

    example: ClassVar[str] = """\
    models:
      writer:
        model: Qwen/Qwen3-32B
        provider: auto
        price: {input: 0.15, output: 0.6}
    """

    input: float = Field(ge=0, description="USD per million input tokens.")
    output: float = Field(ge=0, description="USD per million output tokens.")
    cached: float | None = Field(
        None, ge=0, description="USD per million input tokens that the server's cache held; left out: as other input."
    )

    @model_validator(mode="after")
    def _cached_is_no_dearer(self) -> Price:
        if self.cached is not None and self.cached > self.input:
            raise ValueError("cached: costs more than `input`, as no server takes for what its cache held")
        return self


class Model(Section):
    """One model: which it is, what it does, how it samples, where it runs."""

    example: ClassVar[str] = """\
    models:
      writer: smollm2-135m-instruct          # runs in this process
      judge:
        model: our-judge
        base_url: http://localhost:8000/v1
        api_key_env: JUDGE_KEY
        temperature: 0
      embedder:
        model: BAAI/bge-m3
        base_url: http://localhost:8001/v1
        task: embed
    """

    model: Annotated[str, MODEL] = Field(
        min_length=1,
        description="The embedded model's name, a path to a .gguf file, `repo:file-pattern` of a GGUF on the Hub, "
        "or with `provider` or `base_url` the model's id there; of an embedder also `wordllama`, or the Hub id or "
        "folder of a sentence-transformers model.",
    )
    task: Task = Field(
        "chat",
        description="What it does: `chat` writes texts, `embed` makes a vector of a text, `rerank`, `score` and "
        "`classify` give a number, each at the address of that name below `base_url`.",
    )
    dimensions: int | None = Field(
        None,
        ge=1,
        description="Numbers in a vector, of embedders that can shorten theirs; left out: as many as it has.",
    )
    prefix: str | None = Field(
        None, min_length=1, description="What an embedder is told before each text, such as `query: `."
    )
    pooling: Pooling | None = Field(
        None, description="How a .gguf embedder makes one vector of its tokens'; left out: as its file says."
    )
    batch_size: int | None = Field(
        None,
        ge=1,
        le=512,
        description="Most texts that an embedder or a scorer is sent in one request, each of which the budget counts "
        "as a call; left out: 32.",
    )
    provider: Annotated[str | None, PROVIDER] = Field(
        None, description="A Hugging Face inference provider, or `auto` to let the Hub choose one."
    )
    base_url: Annotated[str | list[str] | None, SERVER] = Field(
        None, description="An OpenAI-compatible server, such as http://localhost:8000/v1; a list shares the load."
    )
    api_key_env: Annotated[str | None, KEY] = Field(
        None,
        pattern=VARIABLE,
        description="The environment variable that holds the key; never the key itself.",
    )
    api_key_header: str | None = Field(
        None,
        pattern=f"^{HEADER}$",
        description="The header that carries the key, as it is, such as api-key; left out: Authorization, as Bearer.",
    )
    identity: str | None = Field(
        None,
        min_length=1,
        description="What tells this model from others of the same name, such as `llama-3-8b-q4`; left out: for a name "
        "without a slash at a server of your own, the address of that server (the first of several).",
    )
    revision: str | None = Field(None, description="The revision of the weights; part of what an answer depends on.")
    temperature: float | None = Field(None, ge=0, le=2, description="Sampling temperature; the stage's own wins.")
    top_p: float | None = Field(None, gt=0, le=1, description="Nucleus sampling share.")
    max_tokens: int | None = Field(None, ge=1, description="Most tokens in one answer; the stage's own wins.")
    seed: Literal["row"] | None = Field(
        "row",
        description="`row`: sampling has a seed that hangs on the row, where a stage gives one; null: none is sent.",
    )
    stream: bool | None = Field(
        None,
        description="Whether answers are sent in pieces: true or false; left out: where the server, or a gateway "
        "before it, is found to need that.",
    )
    extra_body: Annotated[dict[str, Any], BODY] = Field(
        {}, description="More fields of the request body, sent as they are."
    )
    headers: Annotated[dict[str, str | FromEnv], HEADERS] = Field(
        {},
        description="More HTTP headers, sent as they are; a secret one as {env: NAME}, from an environment variable.",
    )
    price: Price | None = Field(None, description="What tokens cost; unknown prices are said to be unknown.")
    concurrency: int = Field(64, ge=1, le=4096, description="Most requests open at once; fewer while a server slows.")
    requests_per_minute: int | None = Field(None, ge=1, description="A fixed bound, where the provider states one.")
    tokens_per_minute: int | None = Field(None, ge=1, description="A fixed bound, where the provider states one.")
    prompt_cut: Literal["fail", "keep"] = Field(
        "fail",
        description="What becomes of a row whose prompt the server read in part, by its own count: it fails, or its "
        "answer is kept.",
    )
    timeout: float = Field(120, gt=0, description="Seconds that one request may take in all.")
    batch: AnyBatch = Field(
        None,
        description="true, or how: ask through the server's batch API, which answers within hours and mostly for less; "
        "a build waits for it, and one that was stopped picks it up.",
    )

    _base: Path = PrivateAttr(default_factory=Path)

    @field_validator("base_url")
    @classmethod
    def _addresses(cls, base_url: str | list[str] | None) -> str | list[str] | None:
        several = isinstance(base_url, list)
        for index, address in enumerate(base_url if isinstance(base_url, list) else [base_url]):
            if address is not None and (wrong := wrong_with(address)):
                raise ValueError(f"address {index + 1} {wrong}" if several else wrong)
        if base_url == []:
            raise ValueError("names no server")
        return base_url

    @model_validator(mode="after")
    def _headers_fit(self) -> Model:
        for name, value in self.headers.items():
            if not re.fullmatch(HEADER, name):
                raise ValueError("headers: a name has a character that no header's name may have")
            if isinstance(value, str) and not value.isprintable():
                raise ValueError(f"headers.{name}: has a line break or a control character in it")
        if self.api_key_header and not self.api_key_env:
            raise ValueError("api_key_header: says where a key goes, and no `api_key_env` says which")
        if self.api_key_header and self.provider:
            raise ValueError("api_key_header: a provider takes its key as the Hub's router does; leave it out")
        ours = (self.api_key_header or AUTHORIZATION) if self.api_key_env or self.provider else ""
        if twice := [name for name in self.headers if name.lower() == ours.lower()]:
            raise ValueError(f"headers.{twice[0]}: the key goes into this header already; keep one")
        return self

    @model_validator(mode="after")
    def _task_fits(self) -> Model:
        chosen = self.model_fields_set
        if self.task == "chat":
            wrong = chosen & {"dimensions", "prefix", "pooling", "batch_size"}
            why = "belongs to a model with `task: embed` or another that writes no text"
        else:
            wrong = chosen & {"temperature", "top_p", "max_tokens", "stream", "batch"}
            wrong |= chosen & {"dimensions", "prefix", "pooling"} if self.task != "embed" else set()
            why = f"means nothing to a model with `task: {self.task}`"
        for name in type(self).model_fields:
            if name in wrong and getattr(self, name) is not None:
                raise ValueError(f"{name}: {why}; leave it out")
        if self.task == "chat":
            return self
        if self.provider:
            raise ValueError("provider: asked through a provider are models that chat; give `base_url`")
        if self.task != "embed" and not self.base_url:
            raise ValueError(f"task: a model that is to {self.task} is asked at a server; give `base_url`")
        if self.prefix and self.model == STATIC and self.local:
            raise ValueError("prefix: the packaged embedder was taught none; leave it out")
        if self.pooling and (self.base_url or self.local):
            raise ValueError("pooling: its server or its files say how; leave it out, but for a .gguf file")
        return self

    @model_validator(mode="after")
    def _one_place(self) -> Model:
        if self.provider and self.base_url:
            raise ValueError("`provider` and `base_url` both say where the model runs; keep one")
        if ours := refused(self.extra_body):
            names, advice = [name for name, _ in ours], "; ".join(dict.fromkeys(each for _, each in ours if each))
            sets = f"`extra_body` cannot set {', '.join(names)}: hfsft sets {'it' if len(ours) == 1 else 'them'} itself"
            raise ValueError(f"extra_body.{names[0]}: {sets}" + (f" ({advice})" if advice else ""))
        return self

    @model_validator(mode="after")
    def _batch_fits(self) -> Model:
        if self.batch is not None and (wrong := unfit(self.base_urls, self.provider, self.stream)):
            raise ValueError(wrong)
        return self

    def unbatched(self) -> Model:
        """The model as it is asked where nobody can wait for a batch."""
        return self.model_copy(update={"batch": None})

    @property
    def paid(self) -> Price | None:
        """What its tokens cost as it is asked: less than `price` where batches are cheaper."""
        if self.price is None or self.batch is None or not self.batch.discount:
            return self.price
        share = 1 - self.batch.discount
        costs = self.price.model_dump().items()
        return Price(**{name: value if value is None else value * share for name, value in costs})

    def at(self, base: Path) -> Model:
        """The model with the paths of its files below `base`, the recipe's folder."""
        found = self.model_copy()
        found._base = base
        return found

    @property
    def base(self) -> Path:
        """Where a relative path of its files begins."""
        return self._base

    @property
    def embedded(self) -> bool:
        """Whether the model runs inside this process."""
        return self.provider is None and self.base_url is None

    @property
    def local(self) -> bool:
        """Whether a library runs the model in this process, so that no server is asked: an embedder that is no GGUF."""
        # A folder or a repo of the Hub, and not a GGUF in one.
        library = "/" in self.model and not _WEIGHTS.fullmatch(self.model)
        return self.embedded and self.task == "embed" and (self.model == STATIC or library)

    @property
    def at_once(self) -> int:
        """Most answers that may be waited for at once: of one request each, or of as many texts as one may hold."""
        return self.concurrency * self.in_one_request

    @property
    def in_one_request(self) -> int:
        """Most texts in one request; 1 of a model that chats."""
        return 1 if self.task == "chat" else self.batch_size or BATCH

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The servers named in the recipe, none where a provider or this process runs the model."""
        if self.base_url is None:
            return ()
        return (self.base_url,) if isinstance(self.base_url, str) else tuple(self.base_url)

    @property
    def apart(self) -> str:
        """What tells the model from others of its name: its `identity`, else a server of its own, else nothing."""
        return self.identity or (told_apart_by(self.model, urls[0]) if (urls := self.base_urls) else "")

    @property
    def label(self) -> str:
        """The model as it is told from all others, in few words."""
        return f"{self.model} ({apart})" if (apart := self.apart) else self.model

    def depends_on(self) -> dict[str, Any]:
        """What an answer depends on, and nothing of how fast the model runs."""
        sampling = {"model", "revision", "temperature", "top_p", "max_tokens", "extra_body"}
        if self.task != "chat":
            sampling |= {"task", "dimensions", "prefix", "pooling"}
        found = self.model_dump(mode="json", include=sampling, exclude_none=True)
        kept = {"prompt_cut": self.prompt_cut} if self.prompt_cut == "keep" else {}
        return {**found, **kept, **({"identity": self.apart} if self.apart else {})}


def _from_name(value: Any) -> Any:
    return {"model": value} if isinstance(value, str) else value


AnyModel = Annotated[Model, BeforeValidator(_from_name, json_schema_input_type=str | Model)]
"""A model as a recipe writes it: its bare name, or the full mapping."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model; `None` leaves a sampling parameter to the recipe's model, then to the server.

    A model that writes no text is asked with `texts`: an embedder and a classifier with one, others with a pair.
    """

    model: str  # the name under `models:` in the recipe
    messages: tuple[dict[str, Any], ...] = ()
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    schema: dict[str, Any] | None = None  # JSON Schema that the answer must follow
    accept_cut: bool = False  # whether an answer cut at max_tokens may be used
    texts: tuple[str, ...] = ()
    chosen: frozenset[str] = frozenset()  # of the sampling, what no author wrote: left out where a server refuses it
    tools: tuple[dict[str, Any], ...] = ()  # schemas of what the model may call
    tool_choice: str | dict[str, Any] | None = None
    logprobs: int | None = None  # how many of the likeliest tokens of each place the server is to give, with theirs
    prompt: str = ""  # in place of messages a text that the model goes on with, which no chat template is put around
    mends: str = ""  # of one that asks for the same once more: in which way the answer before could not be used
    at_once: bool = False  # whether it goes into no batch, though all others of its model do


class TokenProbability(NamedTuple):
    """One place of an answer: the token that stands there, its log probability, and the likeliest ones there."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered; token counts are the server's own, None where it gave none."""

    text: str  # of a vector or a score as `hfsft.models.vectors.numbers` writes it
    reasoning: str = ""  # thinking of a reasoning model, never part of the text
    finish_reason: str = "stop"
    input_tokens: int | None = None
    output_tokens: int | None = None
    model: str = ""  # as the server names it
    extra: dict[str, Any] = field(default_factory=dict)
    reasoning_tokens: int | None = None  # of the output
    cached_tokens: int | None = None  # of the input
    tool_calls: tuple[dict[str, Any], ...] = ()  # as `hfsft.rows.messages` types them
    logprobs: tuple[TokenProbability, ...] = ()  # place by place, where the request asked for them


Turns = Generator[Request, Answer, Any]
"""Work that asks: yields requests, is sent answers, returns the new columns of a row, or a list of rows."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server that can be asked: where, with which key, and what it calls the model."""

    base_url: str
    api_key: str | None = field(default=None, repr=False)
    model_name: str = ""
    concurrency: int = 64
    revision: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    secret_headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # what they hold is said nowhere
    key_header: str = ""  # carries the key as it is; Authorization, as Bearer, where none is named

    @property
    def secrets(self) -> tuple[str, ...]:
        """All that only this server may know."""
        return (self.api_key or "", *(value for _, value in self.secret_headers))
