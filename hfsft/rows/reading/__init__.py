"""From a table of rows to what each row says, or the reason why it cannot be used."""
