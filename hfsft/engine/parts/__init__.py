"""The rows that the engine holds: parts that never change, and columns in files of their own."""
