"""A recipe's text with a value changed, and nothing else."""
