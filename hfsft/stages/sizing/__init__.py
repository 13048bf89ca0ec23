"""Waves: passes of writing and filtering until a dataset has the rows that its recipe asks for."""
