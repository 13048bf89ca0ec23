"""Tables of Unicode characters: of which script they are, and which of them cannot be seen."""
