"""Pairs: of the judged answers to one prompt a better and a worse one, for preference training."""
