"""Characters themselves, before any text is looked at."""
