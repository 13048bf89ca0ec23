"""Where files of a build lie beside each other: a folder that several machines see, or a place in an object store."""
