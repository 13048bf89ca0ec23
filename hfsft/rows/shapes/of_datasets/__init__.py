"""Shapes that one public dataset has, and those that were made like it."""
