"""The folder of a build: how it is written, what it holds, what it remembers."""
