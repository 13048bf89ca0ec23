"""What answers say that were asked for in a shape, whatever dress they come in."""
