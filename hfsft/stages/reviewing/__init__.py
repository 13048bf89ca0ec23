"""What people say of rows, as a step of the build: what they reject falls, what they edit stands in its place."""
