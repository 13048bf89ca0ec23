"""Judge: a model scores rows against a rubric, as a measured instrument."""
