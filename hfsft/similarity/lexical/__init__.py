"""Texts compared letter by letter: runs of characters, sketches of them, and what a template leaves."""
