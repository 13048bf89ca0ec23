"""People look at rows: which, in which order, on a page of their own machine, and what becomes of what they say."""
