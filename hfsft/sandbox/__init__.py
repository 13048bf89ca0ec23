"""Jinja for templates that may come from strangers: sandboxed, with bounds on work and time."""
