"""Why people reject a row: the words that every recipe has; its `review: {reasons: [...]}` adds to them."""

from __future__ import annotations

OTHER = "other"
REASONS = {
    "wrong_answer": "What it says is not true, or does not answer the question.",
    "off_topic": "It is not about what the set is about.",
    "unclear_question": "Nobody can tell what is asked.",
    "incomplete": "The answer breaks off, or leaves out what was asked.",
    "unsafe": "It would do harm, or tells what must not be told.",
    "format": "It is not in the form that was asked for.",
    "style": "Its tone or wording is not what the set wants.",
    "duplicate": "Another row says the same.",
    OTHER: "Anything else; a note says what.",
}
"""Reason -> what it means."""
