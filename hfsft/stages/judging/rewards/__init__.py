"""Judges that give numbers, such as reward models."""
