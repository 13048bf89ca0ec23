"""Which rows are looked at, and in which order: a random sample in proportion, and rows that deserve eyes."""
