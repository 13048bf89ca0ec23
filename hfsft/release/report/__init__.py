"""The report of a build: its folder as one page tells it."""
