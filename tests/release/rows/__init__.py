"""The rows of a release."""
