"""Rows out of files and datasets: from what people have to the texts that a row says, or the reason why it cannot."""
