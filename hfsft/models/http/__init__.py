"""One exchange with a server, and what its answers mean."""
