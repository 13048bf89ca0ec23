"""What a text says and how, by its letters alone: no row, no model, no library."""
