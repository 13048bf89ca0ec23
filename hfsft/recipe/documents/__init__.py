"""The documents of a recipe: opened, cleaned by its rules, and what a plan needs to have them in any process."""
