"""The only package that asks a language model."""
