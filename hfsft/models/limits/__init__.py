"""How many requests a model gets at once, what they cost, and the bounds that they keep."""
