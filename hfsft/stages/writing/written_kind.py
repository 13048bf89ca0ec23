"""What makes a class of written sources a kind that recipes name with `from`."""

from __future__ import annotations

from typing import Any, Literal, TypeVar, cast

from pydantic import Field, create_model

from hfsft.stages.writing.base import Written

S = TypeVar("S", bound="type[Written]")


def written_kind(kind: S) -> S:
    """A kind of written source with its key `from`, a word that no class can have as the name of a field."""
    about = f"`{kind.way}`: {(kind.__doc__ or '').strip().splitlines()[0]}"
    fields: Any = {"from": (Literal[kind.way], Field(description=about))}
    made = cast("Any", create_model)(
        kind.__name__, __base__=kind, __doc__=kind.__doc__, __module__=kind.__module__, **fields
    )
    made.example = kind.__dict__.get("example", "")
    return cast("S", made)
