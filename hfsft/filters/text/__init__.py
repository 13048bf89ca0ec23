"""Filters that look at one text."""
