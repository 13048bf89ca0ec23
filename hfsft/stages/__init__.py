"""One file per section of a recipe that writes columns."""
