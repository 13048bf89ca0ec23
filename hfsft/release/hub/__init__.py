"""A release on the Hub: what goes there, how, and whether it is what was built."""
