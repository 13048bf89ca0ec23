"""What each key, section and filter of a recipe means: read from the classes that recipes are made of."""
