"""Filters that go by a text's letters: damage by encodings, what nobody sees, markup, addresses, the language."""
