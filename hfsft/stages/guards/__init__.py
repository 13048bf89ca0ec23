"""Guards: whether a set of rows is diverse, near to what people really ask, and still people's own in part."""
