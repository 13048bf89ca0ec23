"""Filters that go by how an answer is worded."""
