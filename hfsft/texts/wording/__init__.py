"""What is left in a text that nobody wants said: unfilled places, marks of prompts, a second task, the question again."""
