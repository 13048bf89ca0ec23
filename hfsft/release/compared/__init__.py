"""Two releases side by side, read some rows at a time."""
