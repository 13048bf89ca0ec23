"""Balance: how many rows may have one value, and how many should."""
