"""What people are asked of rows, and what their verdicts come to."""
