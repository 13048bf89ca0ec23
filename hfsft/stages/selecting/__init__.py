"""Select: so many of the rows that there are, the best that differ, and as many by chance to compare them with."""
