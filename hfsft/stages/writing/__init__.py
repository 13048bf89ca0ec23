"""Seeds that models write, each kind in a file of its own: the one table of them all."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hfsft.stages.writing.from_attributes import FromAttributes
    from hfsft.stages.writing.from_documents import FromDocuments
    from hfsft.stages.writing.magpie import Magpie
    from hfsft.stages.writing.personas import FromPersonas
    from hfsft.stages.writing.self_instruct import SelfInstruct
    from hfsft.stages.writing.topics import FromTopics

    AnyWritten = FromAttributes | FromDocuments | FromPersonas | SelfInstruct | Magpie | FromTopics
    """Any kind of source that a model writes."""


def __getattr__(name: str) -> Any:
    """`AnyWritten`, of which the kinds are imported when it is first used."""
    if name == "AnyWritten":
        return _any_written()
    raise AttributeError(f"module 'hfsft.stages.writing' has no attribute {name!r}")


@cache
def _any_written() -> Any:
    from hfsft.stages.writing.from_attributes import FromAttributes
    from hfsft.stages.writing.from_documents import FromDocuments
    from hfsft.stages.writing.magpie import Magpie
    from hfsft.stages.writing.personas import FromPersonas
    from hfsft.stages.writing.self_instruct import SelfInstruct
    from hfsft.stages.writing.topics import FromTopics

    return FromAttributes | FromDocuments | FromPersonas | SelfInstruct | Magpie | FromTopics
