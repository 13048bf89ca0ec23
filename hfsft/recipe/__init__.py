"""What the author writes: the recipe, its errors, and how it becomes a plan."""
