"""Sets that rows are compared with and that are none of theirs: earlier releases, held-out files, evaluation sets."""
