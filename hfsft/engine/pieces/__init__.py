"""Sources of which several processes read a piece each."""
