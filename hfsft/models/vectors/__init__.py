"""Models that write no text: embedders make vectors, scorers numbers; one door to all of them."""
