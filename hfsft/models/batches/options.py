"""What a recipe says of batches: `batch: true`, or how they are made."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from hfsft.section import Section

MOST_REQUESTS, MOST_MEGABYTES = 50_000, 200
"""Of one file, as most providers allow it."""


class BatchOptions(Section):
    """How the requests of a model go through its provider's batch API: in files, answered later, usually for less."""

    example: ClassVar[str] = """\
    models:
      writer:
        model: gpt-5-mini
        base_url: https://api.openai.com/v1
        api_key_env: OPENAI_API_KEY
        price: {input: 0.25, output: 2}
        batch: {discount: 0.5}
    """

    discount: float = Field(
        0,
        ge=0,
        le=1,
        description="The share that a request costs less in a batch than `price` says, such as 0.5; left out, `price` "
        "is taken for what it costs in a batch.",
    )
    completion_window: str = Field(
        "24h",
        pattern=r"^\d{1,4}[smhd]$",
        description="How long the provider may take, such as 24h or 7d, as far as it lets one choose.",
    )
    requests_per_file: int = Field(
        MOST_REQUESTS, ge=1, le=1_000_000, description="Most requests in one batch; more go into several."
    )
    megabytes_per_file: float = Field(
        MOST_MEGABYTES, gt=0, le=10_000, description="Most megabytes in the file of one batch."
    )
    poll_seconds: float = Field(
        20,
        gt=0,
        le=3600,
        description="Seconds between two looks at a batch: at first; the pause grows to six times that.",
    )


def unfit(servers: Collection[str], provider: str | None, stream: bool | None) -> str:
    """Why a model cannot be asked in batches, in words below its key; empty where it can."""
    if stream:
        return "stream: the answers of a batch come as one file, in no pieces; leave it out, or `batch`"
    if len(servers) > 1:
        return "batch: its files go to one server; name one `base_url`"
    where = "the Hub's router has no batches" if provider else "a model in this process has no batches"
    return "" if servers else f"batch: {where}; name the provider's own server as `base_url`, or leave it out"


def _from_flag(value: Any) -> Any:
    if isinstance(value, bool):
        return {} if value else None
    if value is None or isinstance(value, Mapping | BatchOptions):
        return value
    raise ValueError("must be true, false or a mapping (write `batch: true`, or how, as in `batch: {discount: 0.5}`)")


AnyBatch = Annotated[
    BatchOptions | None, BeforeValidator(_from_flag, json_schema_input_type=bool | BatchOptions | None)
]
"""Batches as a recipe writes them: true or false, or the full mapping."""
