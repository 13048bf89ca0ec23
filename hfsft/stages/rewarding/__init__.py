"""Rewarding: a model that gives numbers, such as a reward model, judges rows."""
