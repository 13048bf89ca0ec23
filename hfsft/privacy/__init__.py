"""Personal data and secrets in texts: what finds them, and the placeholders that are put in their place."""
