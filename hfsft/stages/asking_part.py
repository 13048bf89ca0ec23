"""What each part of a recipe says that asks a model: how many failures are borne, and how its requests are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from hfsft.section import Section

SAMPLED = frozenset({"temperature", "top_p", "max_tokens"})
"""The sampling that a section may have a key for."""

BEARS = frozenset({"on_error", "failed_at_most", "unscored_at_most", "unlabelled_at_most"})
"""Keys of sections that say how much of their rows may be lost: they change no row."""


class AskingPart(Section):
    """What each part of a recipe says that asks a model."""

    on_error: Literal["reject", "fail"] = Field(
        "reject", description="A row without a usable answer: `reject` sets it aside as failed, `fail` stops the build."
    )
    failed_at_most: float = Field(
        0.05, ge=0, le=1, description="Share of failed rows (after 20) above which the build stops all the same."
    )

    def arguments(
        self, values: Mapping[str, Any] | None = None, kept: Sequence[str] = (), **more: Any
    ) -> dict[str, Any]:
        """The section as arguments of the function that makes what asks; `values` and `kept` where templates use them.

        Defaults are left out, as a number would else come back as one of another kind, which makes other requests; so
        is what only says how many failures are borne.
        """
        section = self.model_dump(mode="json", exclude=set(BEARS), exclude_unset=True)
        return {"section": section, **({} if values is None else {"values": dict(values), "kept": list(kept)}), **more}

    @property
    def chosen(self) -> frozenset[str]:
        """The fields of the sampling that no author wrote: they are left out where a server refuses them."""
        return SAMPLED - self.model_fields_set

    @property
    def max_failed_share(self) -> float:
        """The share of failed rows that the stage bears."""
        return 0.0 if self.on_error == "fail" else self.failed_at_most
