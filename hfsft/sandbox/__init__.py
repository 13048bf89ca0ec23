"""Jinja for templates that may come from strangers: sandboxed, with bounds on work and time."""

REASONING_KEYS = ("reasoning_content", "thinking", "reasoning")
"""What chat templates call the reasoning of a message."""
