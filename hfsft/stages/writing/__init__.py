"""Seeds that models write, each kind in a file of its own: the one table of them all."""

from __future__ import annotations

from hfsft.stages.writing.from_attributes import FromAttributes
from hfsft.stages.writing.from_documents import FromDocuments

AnyWritten = FromAttributes | FromDocuments
"""Any kind of source that a model writes."""
