"""Keys, tokens and passwords in texts."""
