"""Tools that a model may call: their schemas, calls and what is wrong with them, results, the whole exchange."""
