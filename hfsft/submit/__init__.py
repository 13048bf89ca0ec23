"""Builds on other machines: what is run there for `hfsft submit`, as commands of `hf` and `sbatch`."""
