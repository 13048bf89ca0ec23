"""Filters that check what a text says: by patterns, a schema, the right answer, an expression of the author."""
