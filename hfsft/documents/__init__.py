"""Documents that questions and answers rest on: cut into chunks, kept as a corpus, found by what a row asks."""
