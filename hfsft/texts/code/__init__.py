"""Code that stands in texts: fenced blocks, and whether one parses as what it is said to be."""
