"""Jinja that cannot run away."""
