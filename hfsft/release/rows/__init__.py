"""The rows of a build, one by one: what became of each, what it was asked, what was measured."""
