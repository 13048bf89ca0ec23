"""The dataset card of a build."""
