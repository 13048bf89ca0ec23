"""Places beyond the disk of this machine, such as object stores, by their addresses."""
