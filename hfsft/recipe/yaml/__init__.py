"""A YAML file that remembers its lines, and its errors in words; knows no recipe."""
