"""Converse: chosen rows grow into conversations."""
