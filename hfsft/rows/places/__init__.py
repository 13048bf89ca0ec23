"""The files that rows are read from: what they hold now, those of an object store, and pieces of them."""
