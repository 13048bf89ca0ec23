"""Work on the nodes of a running Ray cluster."""
