"""Attributes: their values and shares, which combination each row gets, and which the rows cover."""
