"""Which rows of a source are taken: by an expression, the first so many, a sample, a share; every row is counted."""
