"""Sections that write columns beside the answer: texts (`write`) and named choices (`label`)."""
