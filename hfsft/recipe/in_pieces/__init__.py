"""The sources of a recipe, read by several processes."""
