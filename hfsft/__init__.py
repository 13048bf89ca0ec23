"""Fine-tuning data from one recipe."""
