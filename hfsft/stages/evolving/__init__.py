"""Evolve: seeds grow into more instructions."""
