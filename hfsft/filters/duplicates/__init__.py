"""Filters that compare rows with each other."""
