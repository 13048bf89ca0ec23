"""What an audit of existing data found: which rows would fall by which rule, and where splits leak."""
