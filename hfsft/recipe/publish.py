"""Publish: where the dataset goes, and in which format trainers find it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from hfsft.marks import FILE, REPOSITORY, Publishes
from hfsft.stages.base import Section

FormatName = Literal["messages", "prompt_completion", "prompt_completion_text", "alpaca", "sharegpt", "hermes", "text"]
ReasoningStyle = Literal["as_read", "field", "inline", "drop"]
CallStyle = Literal["as_read", "object", "text", "xml"]

NO_FIELD = ("prompt_completion_text", "alpaca", "sharegpt", "hermes")
"""Formats whose turns are a text and no more."""
OWN_CALLS: dict[FormatName, tuple[CallStyle, ...]] = {
    "sharegpt": ("as_read",),
    "hermes": ("as_read", "xml"),
    "alpaca": ("as_read",),
    "prompt_completion_text": ("as_read",),
}
"""Formats that have one way of their own to write tool calls, or none."""

Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]


class Publish(Section):
    """Write the dataset as trainers want it, and push it to the Hub."""

    example: ClassVar[str] = """\
    publish:
      repo_id: you/support-desk
      private: true
      format: messages
    """

    repo_id: Annotated[str | None, REPOSITORY] = Field(
        None, description="Dataset on the Hub, as you/name; left out: nothing is pushed."
    )
    private: Annotated[bool, Publishes("a new dataset for everybody to see", unless=True)] = Field(
        True, description="Whether only you, or your organization, can see a new dataset."
    )
    format: FormatName = Field("messages", description="How trainers find the rows in the default configuration.")
    reasoning: ReasoningStyle = Field(
        "as_read",
        description="Where the answers' reasoning stands: in a field of the message, as the named tokenizer's template "
        "reads it (field), in the text between <think> tags (inline), nowhere (drop), or as each row's source has it.",
    )
    tool_calls: CallStyle = Field(
        "as_read",
        description="How calls of tools are written: with arguments as an object, as most chat templates read them, as "
        "JSON text, as OpenAI writes them, in the text between <tool_call> tags (xml), or as each row's source has "
        "them.",
    )
    tag: str | None = Field(None, min_length=1, description="Tag that the release gets on the Hub, such as v1.0.")
    sources: Annotated[bool, Publishes("what it reads of files", unless=False)] = Field(
        False,
        description="Whether the release holds what was read of local files: of the rows up to `limit` the texts and "
        "what `keep` names, never other columns. Left out, only who has the files can build it again.",
    )
    rejected: bool = Field(
        True,
        description="Whether the release holds what rows say that fell; without it only their ids, where they were "
        "read, the rules and numbers, and `sources` without those rows.",
    )
    samples: bool = Field(
        True, description="Whether report.html and the card show rows; without it only counts and charts."
    )
    vectors: bool = Field(
        False, description="Whether the provenance of the release holds the vectors that embedders made of texts."
    )
    not_secret: Annotated[list[Fingerprint], Publishes("{}, which looks like a secret", unless=[], alone=True)] = Field(
        [], description="Fingerprints of what looks like a secret and is none, as the error names them."
    )
    tokenizer: Annotated[str | None, FILE] = Field(
        None,
        min_length=1,
        description="Tokenizer of the model to be trained, a Hub id or a folder: its chat template writes the format "
        "text, and rows are checked and measured under it.",
    )
    max_length: int | None = Field(
        None,
        ge=1,
        description="Tokens after which training will cut a row: rows whose answers it cuts are told. Left out: 1,024, "
        "as TRL has it.",
    )

    @field_validator("repo_id")
    @classmethod
    def _valid_id(cls, repo_id: str | None) -> str | None:
        from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # public, not in __all__

        if repo_id is not None:
            try:
                validate_repo_id(repo_id)
            except ValueError as error:  # says what the Hub allows, and then of an argument that no recipe has
                raise ValueError(str(error).partition(" Use `repo_type`")[0]) from None
        return repo_id

    @model_validator(mode="after")
    def _text_needs_a_template(self) -> Publish:
        if self.format == "text" and not self.tokenizer:
            raise ValueError("format text is written by a chat template: name a tokenizer")
        return self

    @model_validator(mode="after")
    def _style_fits_format(self) -> Publish:
        if self.reasoning == "field" and self.format in NO_FIELD:
            raise ValueError(
                f"format {self.format} has no field for reasoning: choose reasoning inline or drop, or format messages "
                "or prompt_completion"
            )
        able = OWN_CALLS.get(self.format)
        if able and self.tool_calls not in able:
            raise ValueError(
                f"format {self.format} cannot hold tool_calls as {self.tool_calls}: choose format messages, "
                "prompt_completion or text, or leave tool_calls out"
            )
        return self
