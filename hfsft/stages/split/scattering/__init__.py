"""The steps of a split over rows that no process holds together."""
