"""Refine: answers that were scored low are written anew, and the better ones stay."""
