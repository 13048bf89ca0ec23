"""Filters that take away what should not be known."""
