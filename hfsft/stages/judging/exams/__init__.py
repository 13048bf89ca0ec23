"""The judge examined: on its anchors before any row, and on them again while it judges."""
