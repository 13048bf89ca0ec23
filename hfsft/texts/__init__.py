"""Checks of a single text by its characters and words: no rows, no models and no libraries are involved."""
