"""What a trainer will make of the rows."""
