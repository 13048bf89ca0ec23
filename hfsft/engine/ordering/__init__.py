"""Rows of parts in another order: sorted run by run, merged as they are read."""
